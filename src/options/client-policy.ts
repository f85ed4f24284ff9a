/**
 * Option `clientPolicy`: which clients may be connected.
 */
import type { ClientPolicy } from '../model/client-policy.ts';
import { checkKind, fail, oneOf } from './kinds.ts';

/** Which clients may be connected; those that you entered always may, unless they are blocked or denied. */
export interface ClientPolicyOptions {
  /**
   * What happens to a client that is neither approved nor of an allowed host: it may be connected (`allow`), it waits for an administrator
   * (`approve`), or it is refused (`refuse`). Default `allow`; `refuse` if `allowHosts` is given.
   */
  readonly newClients?: 'allow' | 'approve' | 'refuse' | undefined;
  /** Hosts, with their subdomains, whose clients need no approval: those with their document there, or all whose redirect URIs lead there. */
  readonly allowHosts?: readonly string[] | undefined;
  /** Hosts, with their subdomains, whose clients are refused. Wins over everything else. */
  readonly denyHosts?: readonly string[] | undefined;
  /** Hosts, with their subdomains, whose clients the consent page shows as verified. */
  readonly verifiedHosts?: readonly string[] | undefined;
  /** Whom users ask for approval, shown to them: `it@acme.example`. */
  readonly contact?: string | undefined;
}

const LISTS = ['allowHosts', 'denyHosts', 'verifiedHosts'] as const;
const NAMES: readonly string[] = ['newClients', ...LISTS, 'contact'];

/** The policy with every default; null if there is none. @throws {TypeError} naming the fix. */
export function clientPolicyOf(given: ClientPolicyOptions | undefined): ClientPolicy | null {
  if (given === undefined) return null;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    fail('clientPolicy', "must be an object, such as { newClients: 'approve' }");
  const unknown = Object.keys(given).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) fail('clientPolicy', `has the unknown member ${JSON.stringify(unknown)}; known are ${NAMES.join(', ')}`);
  checkKind('clientPolicy.newClients', oneOf('allow', 'approve', 'refuse'), given.newClients);
  for (const list of LISTS) checkHosts(list, given[list]);
  const { allowHosts = [], denyHosts = [], verifiedHosts = [], contact = null } = given;
  if (contact !== null && (typeof contact !== 'string' || contact.trim() === '' || contact.length > 200))
    fail('clientPolicy.contact', 'must be a string of 1 to 200 characters, such as "it@acme.example"');
  if (given.newClients === 'allow' && allowHosts.length > 0)
    fail('clientPolicy.allowHosts', "changes nothing with newClients: 'allow'; write 'approve' or 'refuse', or leave one of them out");
  return { newClients: given.newClients ?? (given.allowHosts ? 'refuse' : 'allow'), allowHosts, denyHosts, verifiedHosts, contact };
}

function checkHosts(list: (typeof LISTS)[number], hosts: unknown): void {
  if (hosts === undefined) return;
  const wrong = Array.isArray(hosts) ? hosts.find((host) => !isHost(host)) : hosts;
  if (!Array.isArray(hosts) || wrong !== undefined)
    fail(`clientPolicy.${list}`, `must be a list of host names such as "claude.ai"; it holds ${JSON.stringify(wrong)}`);
}

/** Whether a text is a host name as a URL has it. */
export function isHost(host: unknown): boolean {
  return (
    typeof host === 'string' && URL.canParse(`https://${host}/`) && new URL(`https://${host}/`).hostname === host && !host.endsWith('.')
  );
}
