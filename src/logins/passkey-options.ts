/**
 * Options of passkeys, and the WebAuthn requests made from them. Usernameless: the authenticator knows the accounts it has
 * keys for, so the page shows no user name. User verification is always required, so that a passkey is two factors in one.
 */
import { checkNames } from '../lib/names.ts';
import type { RelyingParty } from './passkey-verifier.ts';
import { ALGORITHMS } from './passkey-verifier.ts';
import type { Ceremony } from './passkey-script.ts';
import { CHALLENGE_TTL, type Passkey, userHandle } from '../model/passkey.ts';

/** Options of `passkeys()`. */
export interface PasskeyOptions {
  /** The domain that passkeys are bound to: the issuer's host (default), or one above it. Passkeys made for another cannot be used. */
  readonly rpId?: string | undefined;
  /** The site's name, as devices show it. Default: the domain. */
  readonly rpName?: string | undefined;
  /** Whether new users may create an account with a passkey alone. Default `closed`. */
  readonly signUp?: 'open' | 'closed' | undefined;
}

/** Refuses options that can never work. @throws {TypeError} naming the option and the fix. */
export function checkPasskeyOptions(options: PasskeyOptions): void {
  checkNames('passkeys', options, 'rpId rpName signUp');
  const { rpId, rpName, signUp } = options;
  if (signUp !== undefined && signUp !== 'open' && signUp !== 'closed') fail('`signUp` must be "open" or "closed"');
  if (rpName !== undefined && (typeof rpName !== 'string' || rpName === '')) fail('`rpName` must be a string, the name of your site');
  if (rpId !== undefined && (typeof rpId !== 'string' || !isHost(rpId)))
    fail(`\`rpId\` must be a domain such as "mcp.example", without scheme, port and path; it is ${JSON.stringify(rpId)}`);
}

/** The relying party for an issuer. @throws {TypeError} if passkeys cannot work there, naming the fix. */
export function partyOf({ rpId }: PasskeyOptions, issuer: string): RelyingParty {
  const { origin, hostname, protocol, port } = new URL(issuer);
  if (/^[\d.]+$|^\[/.test(hostname)) {
    const fix = protocol === 'http:' ? `use http://localhost${port && `:${port}`}` : 'give the server a host name';
    fail(`cannot serve under ${issuer}, since a passkey belongs to a name and not to an IP address; ${fix}`);
  }
  const id = rpId ?? hostname;
  if (hostname !== id && !hostname.endsWith(`.${id}`))
    fail(`\`rpId\` must be the issuer's host ${hostname}, or a domain above it; it is ${JSON.stringify(id)}`);
  return { id, origin };
}

/** Asks for any passkey of this site. */
export function useCeremony(party: RelyingParty, challenge: string): Ceremony {
  return {
    how: 'get',
    publicKey: { challenge, rpId: party.id, allowCredentials: [], userVerification: 'required', timeout: CHALLENGE_TTL * 1000 },
  };
}

/** The user of a new passkey. */
export interface NewOwner {
  readonly userId: string;
  readonly username: string;
  readonly displayName?: string;
  /** The account's passkeys; a device that has one of them makes no second. */
  readonly has?: readonly Passkey[];
}

/** Asks for a new passkey. */
export function makeCeremony(
  party: RelyingParty,
  { rpName = party.id }: PasskeyOptions,
  challenge: string,
  { userId, username, displayName = username, has = [] }: NewOwner,
): Ceremony {
  return {
    how: 'create',
    publicKey: {
      challenge,
      rp: { id: party.id, name: rpName },
      user: { id: userHandle(userId), name: username, displayName },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      excludeCredentials: has.map(({ id, transports }) => ({ type: 'public-key', id, transports })),
      attestation: 'none',
      timeout: CHALLENGE_TTL * 1000,
    },
  };
}

function isHost(text: string): boolean {
  return URL.canParse(`https://${text}/`) && new URL(`https://${text}/`).hostname === text && !text.endsWith('.');
}

function fail(problem: string): never {
  throw new TypeError(`logins: passkeys() ${problem}.`);
}
