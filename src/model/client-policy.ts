/**
 * Client policy: which clients may be connected. Host lists are part of the configuration; what an administrator decided about one client is
 * a record (`core/records/client-status.ts`). Pure.
 */
import { isLoopbackHost } from '../lib/url.ts';
import { type Client, DEVICE_CODE, isDeniedId, isHostIn } from './client.ts';
import type { Seconds } from './store.ts';

/** The policy, with every default. */
export interface ClientPolicy {
  /** What happens to a client that is neither approved nor of an allowed host. */
  readonly newClients: 'allow' | 'approve' | 'refuse';
  /** Hosts whose clients need no approval, with their subdomains. */
  readonly allowHosts: readonly string[];
  /** Hosts whose clients are refused, whatever else is said of them. */
  readonly denyHosts: readonly string[];
  /** Hosts whose clients the consent page shows as verified. */
  readonly verifiedHosts: readonly string[];
  /** Whom users ask for approval: a name, an address. */
  readonly contact: string | null;
}

/** What was decided about a client; a waiting one was met and not decided about. */
export type ClientStatus = 'waiting' | 'approved' | 'blocked';

/** The record of a client's status. */
export type ClientStatusRecord = {
  readonly v: 1;
  readonly clientId: string;
  readonly status: ClientStatus;
  /** When it was first met or last decided about. */
  readonly at: Seconds;
  /** As the client calls itself. */
  readonly name?: string;
  readonly hosts?: readonly string[];
  /** What else gets codes or tokens of a client: programs, where it has hosts too, and a device. */
  readonly also?: readonly string[];
  /** The signed-in user who wanted to connect it. */
  readonly userId?: string;
};

/** Why a client may not be granted anything. */
export type ClientProblem = 'client_host_denied' | 'client_blocked' | 'client_not_allowed' | 'client_waiting';

const WEB: ReadonlySet<string> = new Set(['http:', 'https:']);

/** The hosts that a client is bound to: that of its document, and those that codes are sent to. Programs on the user's computer have none. */
export function hostsOf({ id, documentHost, redirectUris }: Pick<Client, 'id' | 'documentHost' | 'redirectUris'>): readonly string[] {
  const outside = [...(documentHost === undefined ? [] : [id]), ...redirectUris].filter(isOutside);
  return [...new Set(outside.map((url) => new URL(url).hostname))];
}

/** Whether a URL leads to a site, and not to a program on the user's computer. */
function isOutside(url: string): boolean {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  return WEB.has(protocol) && !isLoopbackHost(hostname);
}

/** What an administrator sees of a client, and decides about. */
export type ClientLook = Pick<ClientStatusRecord, 'name' | 'hosts' | 'also'>;

/** The look of a client: all of its names, and everything that gets its codes and tokens. */
export function lookOf(
  client: Parameters<typeof hostsOf>[0] & Pick<Client, 'name' | 'names'> & Partial<Pick<Client, 'grantTypes'>>,
): ClientLook {
  const { name, names = {}, redirectUris, grantTypes = [] } = client;
  const hosts = hostsOf(client);
  const programs = hosts.length > 0 ? redirectUris.filter((uri) => !isOutside(uri)).map(programOf) : [];
  const also = [...new Set([...programs, ...(grantTypes.includes(DEVICE_CODE) ? ['device_code'] : [])])];
  const all = [...new Set([name, ...Object.values(names)])].filter((one) => one !== undefined);
  return { ...(all.length === 0 ? {} : { name: all.join(' / ') }), hosts, ...(also.length === 0 ? {} : { also }) };
}

function programOf(uri: string): string {
  const { protocol, hostname } = URL.canParse(uri) ? new URL(uri) : { protocol: uri, hostname: '' };
  return WEB.has(protocol) ? hostname : protocol;
}

/** Whether an administrator would see the same client. */
export function isSameLook(one: ClientLook, other: ClientLook): boolean {
  const [seen, now] = [one, other].map(({ name, hosts, also }) => JSON.stringify([name, hosts, also]));
  return seen === now;
}

/**
 * The status of a client now. An approval is for the client as it was: one that registered itself is new again when it takes another name, or has
 * codes or tokens sent elsewhere. One with a document is known by the address of that, whatever it says.
 */
export function statusOf(record: ClientStatusRecord | null, client: Client | null): ClientStatus | null {
  if (record?.status !== 'approved' || !client || client.documentHost !== undefined || record.hosts === undefined)
    return record?.status ?? null;
  return isSameLook(record, lookOf(client)) ? 'approved' : null;
}

/**
 * Whether all hosts of a client are in a list; false if it has none. A program that registers itself may name any site beside itself: without the
 * operator or a document to vouch for it, it is of a host only if whatever it is given goes there.
 */
export function isOfHosts(
  client: Parameters<typeof hostsOf>[0] & Pick<Client, 'entered' | 'grantTypes'>,
  hosts: readonly string[],
): boolean {
  const { entered, documentHost, redirectUris, grantTypes } = client;
  const own = hostsOf(client);
  const isOnlyThere = redirectUris.every(isOutside) && !grantTypes.includes(DEVICE_CODE);
  return (entered === true || documentHost !== undefined || isOnlyThere) && own.length > 0 && own.every((host) => isHostIn(host, hosts));
}

/** Why a client may not be granted anything under a policy; null if it may. @param status what was decided about it. */
export function clientProblem(policy: ClientPolicy, client: Client, status: ClientStatus | null): ClientProblem | null {
  if (isDeniedId(policy, client.id) || hostsOf(client).some((host) => isHostIn(host, policy.denyHosts))) return 'client_host_denied';
  if (status === 'blocked') return 'client_blocked';
  if (client.entered === true || status === 'approved' || policy.newClients === 'allow' || isOfHosts(client, policy.allowHosts))
    return null;
  return policy.newClients === 'refuse' ? 'client_not_allowed' : 'client_waiting';
}
