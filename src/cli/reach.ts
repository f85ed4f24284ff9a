/**
 * Checks the URLs that a server names. The metadata of a public server must not lead to addresses of this computer or of its
 * network (SSRF, RFC 9728 §7.7); a server within that network may name any URL.
 */
import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isSpecialUse } from '../node/fetch-public.ts';
import { CliError } from './terminal.ts';

/** Refuses an address. @throws {CliError} */
export type Reach = (url: URL) => Promise<void>;

/** Every address of a host. */
export type Lookup = (hostname: string) => Promise<readonly { readonly address: string }[]>;

/** Makes the check for the URLs of one server. */
export function makeReach(server: URL, lookup: Lookup = (hostname) => dnsLookup(hostname, { all: true })): Reach {
  let isFree: boolean | undefined;
  const isPrivate = async (url: URL): Promise<boolean> => {
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(hostname) === 0 ? await lookup(hostname).catch(() => []) : [{ address: hostname }];
    return addresses.some(({ address }) => isSpecialUse(address)); // the request itself reports a host that is not found
  };
  return async (url) => {
    if (url.origin === server.origin) return;
    isFree ??= await isPrivate(server);
    if (isFree || !(await isPrivate(url))) return;
    throw new CliError(
      `${server.host} sends this client to ${url.host}, which is an address of a private network. Nothing was sent there; tell the operator of ${server.host}.`,
    );
  };
}
