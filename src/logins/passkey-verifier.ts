/**
 * Checks what an authenticator sent (WebAuthn Level 3 §7.1, §7.2). Signatures and formats are checked by
 * `@simplewebauthn/server`, loaded when a passkey is first used; limits, stricter rules and our own policy are here.
 *
 *   size → JSON → shape → type → challenge → origin → well-formed CBOR → attestation none → library → (counter: `core/users/passkeys`)
 */
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { base64url, equalTexts, fromBase64url, fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import { type Passkey, userHandle } from '../model/passkey.ts';

/** The relying party. */
export interface RelyingParty {
  /** The domain that passkeys are bound to. */
  readonly id: string;
  /** The only origin they may be used from. */
  readonly origin: string;
}

/** What an answer must match. */
export interface Expected {
  readonly party: RelyingParty;
  /** The challenge that we sent, base64url. */
  readonly challenge: string;
}

/** Why an answer was refused; a word for the `on` listener. */
export type Fault = { readonly fault: string };

/** The part of a new passkey that comes from its authenticator. */
export type NewPasskey = Pick<Passkey, 'id' | 'publicKey' | 'counter' | 'transports' | 'backupEligible' | 'backedUp'>;

/** An answer to a sign-in as it was posted: parsed, not yet verified. */
export interface Assertion {
  readonly id: string;
  readonly handle: string;
  readonly answer: AuthenticationResponseJSON;
}

/** ES256, EdDSA, RS256 in the order of preference (COSE algorithm numbers). */
export const ALGORITHMS: readonly number[] = [-7, -8, -257];

const MAX_CHARACTERS = 16_384;
/** WebAuthn §4: a credential id has at most 1,023 bytes. */
const MAX_ID_LENGTH = 1364;
const TRANSPORTS: ReadonlySet<string> = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);

/** Reads an answer to a sign-in, so that the passkey can be looked up. */
export function readAssertion(text: string): Assertion | Fault {
  const read = readAnswer(text, ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle']);
  if ('fault' in read) return read;
  const { id, parts } = read;
  const answer = {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: parts,
  } as unknown as AuthenticationResponseJSON;
  return { id, handle: parts['userHandle'] ?? '', answer };
}

/** Checks a sign-in against the passkey it names; returns its result, or why it was refused. */
export async function verifyAssertion(
  { answer, handle }: Assertion,
  { party, challenge }: Expected,
  passkey: Passkey,
): Promise<{ readonly counter: number; readonly backedUp: boolean } | Fault> {
  const foreign = checkClientData(answer.response.clientDataJSON, 'webauthn.get', { party, challenge });
  if (foreign) return foreign;
  if (!isPlainAuthenticatorData(fromBase64url(answer.response.authenticatorData))) return { fault: 'passkey_malformed' };
  if (handle !== userHandle(passkey.userId)) return { fault: 'passkey_handle' };
  const { verifyAuthenticationResponse } = await library();
  const publicKey = fromBase64url(passkey.publicKey);
  if (!publicKey) throw new TypeError('A stored passkey is not base64url.');
  const verified = await orFault(() =>
    verifyAuthenticationResponse({
      response: answer,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: { id: passkey.id, publicKey, counter: 0 }, // its own counter rule would be a second one, and has a race
    }),
  );
  if ('fault' in verified) return verified;
  if (!verified.verified) return { fault: 'passkey_signature' };
  const { newCounter, credentialBackedUp, credentialDeviceType } = verified.authenticationInfo;
  if ((credentialDeviceType === 'multiDevice') !== passkey.backupEligible) return { fault: 'passkey_backup' }; // §7.2 step 18: it never changes
  return { counter: newCounter, backedUp: credentialBackedUp };
}

/** Checks the creation of a passkey; returns the passkey, or why it was refused. */
export async function verifyRegistration(text: string, { party, challenge }: Expected): Promise<NewPasskey | Fault> {
  const read = readAnswer(text, ['clientDataJSON', 'attestationObject']);
  if ('fault' in read) return read;
  const { id, parts, transports } = read;
  const foreign = checkClientData(parts['clientDataJSON'] ?? '', 'webauthn.create', { party, challenge });
  if (foreign) return foreign;
  const attestation = fromBase64url(parts['attestationObject'] ?? '');
  if (!attestation || !isPlainCbor(attestation, 0, 1)) return { fault: 'passkey_malformed' };
  const { decodeAttestationObject, verifyRegistrationResponse } = await library();
  const decoded = await orFault(async () => decodeAttestationObject(attestation));
  if ('fault' in decoded) return decoded;
  if (!(decoded instanceof Map)) return { fault: 'passkey_malformed' };
  const authenticatorData: unknown = decoded.get('authData');
  if (!(authenticatorData instanceof Uint8Array) || !isPlainAuthenticatorData(authenticatorData)) return { fault: 'passkey_malformed' };
  // We ask for none. Any other comes with certificates of the sender's choice, which this server need not parse or fetch.
  if (decoded.get('fmt') !== 'none') return { fault: 'passkey_attestation' };
  const response = { clientDataJSON: parts['clientDataJSON'], attestationObject: parts['attestationObject'] };
  const verified = await orFault(() =>
    verifyRegistrationResponse({
      response: { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response } as unknown as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...ALGORITHMS],
    }),
  );
  if ('fault' in verified) return verified;
  if (!verified.verified) return { fault: 'passkey_attestation' };
  const { credential, credentialDeviceType, credentialBackedUp } = verified.registrationInfo;
  if (credential.id !== id) return { fault: 'passkey_malformed' };
  return {
    id,
    publicKey: base64url(credential.publicKey),
    counter: credential.counter,
    transports,
    backupEligible: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp,
  };
}

interface Answer {
  readonly id: string;
  readonly parts: { readonly [part: string]: string };
  readonly transports: readonly string[];
}

const malformed: Fault = { fault: 'passkey_malformed' };

/** The parts of an answer, each of which must be base64url; `id` too, and within bounds. */
function readAnswer(text: string, names: readonly string[]): Answer | Fault {
  if (text.length > MAX_CHARACTERS) return malformed;
  const whole = parseJson(text, 8);
  if (!isObject(whole) || whole['type'] !== 'public-key') return malformed;
  const { id, response } = whole;
  if (!isBytes(id) || id.length > MAX_ID_LENGTH || !isObject(response)) return malformed;
  const parts: { [part: string]: string } = {};
  for (const name of names) {
    const part = response[name];
    if (!isBytes(part)) return malformed;
    parts[name] = part;
  }
  const { transports } = response;
  const known = Array.isArray(transports) ? transports.filter((one): one is string => TRANSPORTS.has(one as string)) : [];
  return { id, parts, transports: [...new Set(known)] };
}

/** What the browser saw (§5.8.1): what was done, answering what, from where. */
function checkClientData(encoded: string, type: string, { party, challenge }: Expected): Fault | null {
  const bytes = fromBase64url(encoded);
  const data = bytes && readJson(bytes);
  if (!isObject(data)) return malformed;
  if (data['type'] !== type) return { fault: 'passkey_type' };
  if (typeof data['challenge'] !== 'string' || !equalTexts(data['challenge'], challenge)) return { fault: 'passkey_challenge' };
  if (data['origin'] !== party.origin) return { fault: 'passkey_origin' };
  // Framed by another site: our pages cannot be, so this did not come from one.
  return data['crossOrigin'] === true || data['topOrigin'] !== undefined ? { fault: 'passkey_framed' } : null;
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return parseJson(fromUtf8(bytes), 8);
  } catch {
    return undefined; // not UTF-8
  }
}

const [HEAD, AAGUID] = [37, 16];
const [HAS_CREDENTIAL, HAS_EXTENSIONS] = [0x40, 0x80];

/** Authenticator data (§6.1) with well-formed CBOR parts and nothing after them. */
function isPlainAuthenticatorData(data: Uint8Array | null): boolean {
  if (!data || data.length < HEAD) return false;
  const flags = data[32] ?? 0;
  let at = HEAD;
  if (flags & HAS_CREDENTIAL) {
    at += AAGUID + 2;
    at += ((data[at - 2] ?? 0) << 8) | (data[at - 1] ?? 0);
    at = at < data.length ? endOfCbor(data, at, 1) : -1;
  }
  if (at > 0 && flags & HAS_EXTENSIONS) at = endOfCbor(data, at, 1);
  return at === data.length;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBytes(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && fromBase64url(value) !== null;
}

/** The library refuses with plain errors that contain what was sent in their texts: they are not passed on. */
async function orFault<T extends object>(verify: () => Promise<T>): Promise<T | Fault> {
  try {
    return await verify();
  } catch {
    return { fault: 'passkey_refused' };
  }
}

type Library = typeof import('@simplewebauthn/server') & Pick<typeof import('@simplewebauthn/server/helpers'), 'decodeAttestationObject'>;

/** Loaded at first use if start-up does not check for it: it takes longer to load than everything else. @throws {TypeError} */
export async function library(): Promise<Library> {
  const [server, { decodeAttestationObject }] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ]).catch((cause: unknown) => {
    throw new TypeError('logins: passkeys() needs the package @simplewebauthn/server; run: npm install @simplewebauthn/server.', { cause });
  });
  return { ...server, decodeAttestationObject };
}

/** More levels than any attestation or key in use: those have three. */
const MAX_DEPTH = 8;
/** An attestation without certificates has some twenty items. */
const MAX_ITEMS = 256;

/**
 * Whether bytes, from `start` on, are exactly `count` items of CBOR (RFC 8949) with definite lengths, limited in depth and number. Reads no
 * byte twice. The decoder recurses and trusts lengths, so it only gets bytes that passed this check (SEC-164).
 */
export function isPlainCbor(bytes: Uint8Array, start: number, count: number): boolean {
  return endOfCbor(bytes, start, count) === bytes.length;
}

/** Where that many items end; -1 if they are not well-formed, too deep or too many. */
export function endOfCbor(bytes: Uint8Array, start: number, count: number): number {
  const open = [count]; // how many items are still to come, for each level
  let [at, items] = [start, 0];
  while (open.length > 0) {
    const left = open.at(-1) ?? 0;
    if (left === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1] = left - 1;
    const head = readHead(bytes, at);
    if (!head || ++items > MAX_ITEMS) return -1;
    at = head.end;
    if (head.major === BYTES || head.major === TEXT) at += head.argument;
    if (at > bytes.length) return -1;
    const inner = innerItems(head);
    if (inner > MAX_ITEMS || (inner > 0 && open.push(inner) > MAX_DEPTH)) return -1;
  }
  return at;
}

const [BYTES, TEXT, ARRAY, MAP, TAG] = [2, 3, 4, 5, 6];

interface Head {
  readonly major: number;
  readonly argument: number;
  readonly end: number;
}

function innerItems({ major, argument }: Head): number {
  if (major === ARRAY) return argument;
  if (major === MAP) return argument * 2;
  return major === TAG ? 1 : 0;
}

/** The first byte and the argument behind it; null for the reserved and the indefinite ones, which CTAP2 does not use. */
function readHead(bytes: Uint8Array, at: number): Head | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const short = first & 31;
  if (short < 24) return { major: first >> 5, argument: short, end: at + 1 };
  if (short > 27) return null;
  const length = 1 << (short - 24);
  if (at + 1 + length > bytes.length) return null;
  let argument = 0;
  for (let next = at + 1; next <= at + length; next++) argument = argument * 256 + (bytes[next] ?? 0);
  return { major: first >> 5, argument, end: at + 1 + length };
}
