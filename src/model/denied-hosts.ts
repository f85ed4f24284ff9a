/** Hosts that a client policy denies: what is asked on each request. */

/** Whether a host is one of a list, or below one of it. */
export function isHostIn(host: string, hosts: readonly string[]): boolean {
  const name = host.replace(/\.$/, ''); // the same host in DNS
  return hosts.some((one) => name === one || name.endsWith(`.${one}`));
}

/** Whether the id of a client is the URL of a document on a denied host: known before anything is fetched. */
export function isDeniedId({ denyHosts }: { readonly denyHosts: readonly string[] }, id: string): boolean {
  return denyHosts.length > 0 && id.includes(':') && URL.canParse(id) && isHostIn(new URL(id).hostname, denyHosts);
}
