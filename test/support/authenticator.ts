/**
 * A security key in software, for tests: makes ES256 passkeys with Web Crypto, writes its CBOR by hand, and can do each thing wrong.
 * It answers as a browser posts it: the JSON of a PublicKeyCredential (WebAuthn Level 3 §5.1).
 */
import { base64url, fromBase64url, utf8 } from '../../src/lib/bytes.ts';

const [PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, CREDENTIAL] = [1, 4, 8, 16, 64];

/** What may stand in CBOR here. */
export type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<Cbor, Cbor>;

/** How an answer differs from an honest one. */
export interface Lie {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  /** Members put into the client data. */
  readonly clientData?: Record<string, unknown>;
  readonly counter?: number;
  /** Instead of present and verified. */
  readonly flags?: number;
  readonly handle?: string;
  readonly id?: string;
  readonly format?: string;
  readonly statement?: Cbor;
  /** Put behind the authenticator data. */
  readonly trailing?: Uint8Array;
  /** Sign something else. */
  readonly forged?: boolean;
}

/** A passkey on the device. */
export interface DeviceKey {
  readonly id: string;
  readonly handle: string;
  readonly pair: CryptoKeyPair;
  counter: number;
}

/** The device. */
export interface Authenticator {
  readonly keys: DeviceKey[];
  /** Makes a passkey; the JSON that is posted. */
  create(challenge: string, handle: string, lie?: Lie): Promise<string>;
  /** Signs with the newest passkey; the JSON that is posted. */
  get(challenge: string, lie?: Lie): Promise<string>;
}

/** Makes a device. @param counts whether it counts its signatures. @param synced whether its passkeys are on several devices. */
export function makeAuthenticator(
  origin: string,
  { rpId = new URL(origin).hostname, counts = false, synced = false }: { rpId?: string; counts?: boolean; synced?: boolean } = {},
): Authenticator {
  const keys: DeviceKey[] = [];
  const usual = PRESENT | VERIFIED | (synced ? ELIGIBLE | BACKED_UP : 0);
  const clientData = (type: string, challenge: string, lie: Lie): Uint8Array<ArrayBuffer> =>
    utf8(
      JSON.stringify({
        type: lie.type ?? type,
        challenge: lie.challenge ?? challenge,
        origin: lie.origin ?? origin,
        crossOrigin: false,
        ...lie.clientData,
      }),
    );
  const authenticatorData = async (flags: number, counter: number, lie: Lie, more: Uint8Array[] = []): Promise<Uint8Array<ArrayBuffer>> => {
    const count = new Uint8Array(4);
    new DataView(count.buffer).setUint32(0, counter);
    return concat(await sha256(utf8(lie.rpId ?? rpId)), Uint8Array.of(flags), count, ...more, lie.trailing ?? new Uint8Array());
  };
  return {
    keys,
    async create(challenge, handle, lie = {}) {
      const pair = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])) as CryptoKeyPair;
      const raw = new Uint8Array((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer);
      const id = lie.id === undefined ? crypto.getRandomValues(new Uint8Array(16)) : (fromBase64url(lie.id) ?? new Uint8Array());
      const key: DeviceKey = { id: base64url(id), handle, pair, counter: lie.counter ?? (counts ? 1 : 0) };
      keys.push(key);
      const cose = cbor(new Map<Cbor, Cbor>([[1, 2], [3, -7], [-1, 1], [-2, raw.slice(1, 33)], [-3, raw.slice(33)]])); // prettier-ignore
      const parts = [new Uint8Array(16), Uint8Array.of(id.length >> 8, id.length & 255), id, cose];
      const data = await authenticatorData((lie.flags ?? usual) | CREDENTIAL, key.counter, lie, parts);
      const attestation = new Map<Cbor, Cbor>([['fmt', lie.format ?? 'none'], ['attStmt', lie.statement ?? new Map()], ['authData', data]]); // prettier-ignore
      return answerOf(key.id, {
        clientDataJSON: base64url(clientData('webauthn.create', challenge, lie)),
        attestationObject: base64url(cbor(attestation)),
        transports: ['internal', 'hybrid'],
      });
    },
    async get(challenge, lie = {}) {
      const key = keys.at(-1);
      if (!key) throw new Error('This device has no passkey.');
      if (counts) key.counter += 1;
      const client = clientData('webauthn.get', challenge, lie);
      const data = await authenticatorData(lie.flags ?? usual, lie.counter ?? key.counter, lie);
      const signed = lie.forged ? utf8('something else') : concat(data, await sha256(client));
      const signature = new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key.pair.privateKey, signed));
      return answerOf(lie.id ?? key.id, {
        clientDataJSON: base64url(client),
        authenticatorData: base64url(data),
        signature: base64url(der(signature)),
        userHandle: lie.handle ?? key.handle,
      });
    },
  };
}

/** Bytes of a value in CBOR, shortest form. */
export function cbor(value: Cbor): Uint8Array<ArrayBuffer> {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return concat(head(3, utf8(value).length), utf8(value));
  if (value instanceof Uint8Array) return concat(head(2, value.length), value);
  if (value instanceof Map) return concat(head(5, value.size), ...[...value].flat().map(cbor));
  return concat(head(4, (value as readonly Cbor[]).length), ...(value as readonly Cbor[]).map(cbor));
}

/** Arrays in arrays. */
export function nested(depth: number): Uint8Array<ArrayBuffer> {
  return concat(new Uint8Array(depth).fill(0x81), Uint8Array.of(0));
}

/** All bytes in a row. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function head(major: number, argument: number): Uint8Array<ArrayBuffer> {
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  if (argument < 256) return Uint8Array.of((major << 5) | 24, argument);
  return Uint8Array.of((major << 5) | 25, argument >> 8, argument & 255);
}

function answerOf(id: string, response: Record<string, unknown>): string {
  return JSON.stringify({ id, rawId: id, type: 'public-key', response, clientExtensionResults: {}, authenticatorAttachment: 'platform' });
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** Web Crypto gives r and s side by side; WebAuthn wants the DER sequence of two integers. */
function der(signature: Uint8Array): Uint8Array {
  const integers = [signature.slice(0, 32), signature.slice(32)].map((bytes) => {
    const trimmed = bytes.slice(bytes.findIndex((byte) => byte !== 0));
    const value = (trimmed[0] ?? 0) > 127 ? concat(Uint8Array.of(0), trimmed) : trimmed;
    return concat(Uint8Array.of(2, value.length), value);
  });
  const body = concat(...integers);
  return concat(Uint8Array.of(0x30, body.length), body);
}
