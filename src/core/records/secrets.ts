/**
 * Secrets: makes random secrets and tokens, and derives what may be stored of them. A token's text gives two values: its hash, which
 * identifies it in the record, and a pad, which unwraps the grant's key (docs/decisions/0002). What a grant alone may open, such as its upstream
 * accounts, is sealed under that key.
 */
import { base64url, fromBase64url, fromUtf8, utf8, xor } from '../../lib/bytes.ts';
import type { Minted } from '../../model/grant-transitions.ts';
import {
  FAMILY_BYTES,
  familyOf,
  formatToken,
  ID_BYTES,
  type Place,
  placeOf,
  type Proof,
  SECRET_BYTES,
  wayBackOf,
  withPlace,
} from '../../model/token.ts';
import type { Awaitable, Runtime } from '../../model/runtime.ts';
import type { SealedRefs, UpstreamRef } from '../../model/upstream.ts';

/** What a refresh token proves besides hash and pad. */
export type RefreshProof = Proof & { readonly familyHash: string };

/** New tokens: their text for the client, their proofs for the record. */
export interface MintedTokens extends Minted {
  readonly accessToken: string;
  readonly refreshToken: string | null;
}

/** Operations on secrets, with one runtime's cryptography. */
export interface Secrets {
  /** A random id of 128 bits. @param place where its record is kept. */
  id(place?: Place | null): string;
  /** A random secret of 256 bits. @param place where the record under its `recordId` is kept; costs four bits. */
  secret(place?: Place | null): string;
  /** SHA-256 of a text, base64url: stored instead of a secret. */
  hash(text: string): Awaitable<string>;
  /** The hash of a secret as the id of a record, at the place that the secret names. */
  recordId(secret: string): Promise<string>;
  /** Unwraps the grant's key. */
  pad(token: string): Awaitable<Uint8Array<ArrayBuffer>>;
  proof(token: string): Awaitable<Proof>;
  refreshProof(token: string): Awaitable<RefreshProof>;
  /**
   * Makes an access token and, unless `family` is null, a refresh token.
   *
   * @param family of the refresh token; a new one by default.
   * @param before the refresh token that is replaced. With its pad, the new token can lead back to it.
   * @param from derives the tokens from the presented one and a nonce, instead of at random: who has both gets the same tokens again.
   */
  mint(
    grantId: string,
    family?: string | null,
    before?: Pick<RefreshProof, 'familyHash'> & Partial<Proof>,
    from?: { readonly presented: string; readonly nonce: string },
  ): Promise<MintedTokens>;
  /** The pad of the refresh token that this one replaced; null for the first of its family. */
  padBefore(refreshToken: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Encrypts JSON so that only the holder of `secret` can decrypt it, and only in the record that `bound` names. */
  sealUnder(secret: string, value: unknown, bound: string): Promise<string>;
  openUnder(secret: string, sealed: string, bound: string): Promise<unknown>;
  sealWith(key: Uint8Array<ArrayBuffer>, value: unknown, bound: string): Promise<string>;
  /** The JSON text; null if key, bytes and `bound` do not match. */
  openWith(key: Uint8Array<ArrayBuffer>, sealed: string, bound: string): Promise<string | null>;
}

/** Goes on with a value at once if it is there: a turn of the microtask queue costs as much as a digest on Node. */
function then<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Makes the operations. @param tenant that ciphertexts are bound to, even if tenants share a secret. */
export function makeSecrets(runtime: Runtime, tenant: string | null = null): Secrets {
  const place = (bound: string): string => (tenant === null ? bound : `${tenant}/${bound}`);
  const random = (bytes: number): string => base64url(runtime.random(bytes));
  const hash = (text: string): Awaitable<string> => runtime.digestText?.(text) ?? then(runtime.digest(text), base64url);
  const keyFrom = (secret: string): Awaitable<Uint8Array<ArrayBuffer>> => runtime.digest(`portcullis seal\n${secret}`);
  const padOf = (token: string): Awaitable<Uint8Array<ArrayBuffer>> => runtime.digest(`portcullis wrap\n${token}`);
  const maskOf = (secret: string): Awaitable<Uint8Array<ArrayBuffer>> => runtime.digest(`portcullis way back\n${secret}`);
  // One after the other: cheaper than a promise of both.
  const proof = (token: string): Awaitable<Proof> => then(hash(token), (hashed) => then(padOf(token), (pad) => ({ hash: hashed, pad })));
  const refreshProof = (token: string, familyHash?: string): Awaitable<RefreshProof> =>
    then(proof(token), (proven) =>
      then(familyHash ?? hash(`portcullis family\n${familyOf(token)}`), (family) => ({ ...proven, familyHash: family })),
    );
  const sealWith: Secrets['sealWith'] = async (key, value, bound) =>
    base64url(await runtime.seal(key, utf8(JSON.stringify(value)), place(bound)));
  const openWith: Secrets['openWith'] = async (key, sealed, bound) => {
    const bytes = fromBase64url(sealed);
    const plain = bytes && (await runtime.open(key, bytes, place(bound)));
    return plain && fromUtf8(plain);
  };
  return {
    id: (place = null) => withPlace(random(ID_BYTES), place),
    secret: (place = null) => withPlace(random(SECRET_BYTES), place),
    hash,
    recordId: async (secret) => withPlace(await hash(secret), placeOf(secret)),
    pad: padOf,
    proof,
    refreshProof: (token) => refreshProof(token),
    sealWith,
    openWith,
    sealUnder: async (secret, value, bound) => sealWith(await keyFrom(secret), value, bound),
    async openUnder(secret, sealed, bound) {
      const text = await openWith(await keyFrom(secret), sealed, bound);
      return text === null ? null : (JSON.parse(text) as unknown);
    },
    async padBefore(refreshToken) {
      const way = wayBackOf(refreshToken);
      const hidden = way && fromBase64url(way.wayBack);
      return way && hidden ? xor(hidden, await maskOf(way.secret)) : null;
    },
    async mint(grantId, family = random(FAMILY_BYTES), before, from) {
      const secretOf = (kind: string): Awaitable<string> =>
        from === undefined ? random(SECRET_BYTES) : hash(`portcullis successor ${kind}\n${from.nonce}\n${from.presented}`);
      const accessToken = formatToken('access', grantId, await secretOf('access'));
      const secret = await secretOf('refresh');
      const wayBack = before?.pad ? base64url(xor(before.pad, await maskOf(secret))) : '';
      const refreshToken = family === null ? null : formatToken('refresh', grantId, family + secret + wayBack);
      const refresh = refreshToken && (await refreshProof(refreshToken, before?.familyHash));
      return { accessToken, refreshToken, access: await proof(accessToken), refresh: refresh || null };
    },
  };
}

/** Seals references for a grant. @param key the grant's own. */
export async function sealRefs(
  secrets: Secrets,
  grantId: string,
  key: Uint8Array<ArrayBuffer>,
  refs: readonly UpstreamRef[],
): Promise<SealedRefs> {
  return { ids: refs.map(({ id }) => id), sealed: await secrets.sealWith(key, refs, `grant:${grantId}:upstreams`) };
}

/** Opens the references of a grant; empty if the key does not open them. */
export async function openRefs(
  secrets: Secrets,
  grantId: string,
  key: Uint8Array<ArrayBuffer>,
  refs: SealedRefs | undefined,
): Promise<readonly UpstreamRef[]> {
  const text = refs && refs.sealed !== '' ? await secrets.openWith(key, refs.sealed, `grant:${grantId}:upstreams`) : null;
  return text === null ? [] : (JSON.parse(text) as readonly UpstreamRef[]);
}

/** The keyring for a feature that cannot work without it. @throws {TypeError} at start-up, naming the feature and the fix. */
export function requireKeyring<Keyring>(keyring: Keyring | null, part: string): Keyring {
  if (keyring) return keyring;
  throw new TypeError(
    `OAuthProvider: ${part} needs a key of the server. Give the option \`secret\`, or set PORTCULLIS_SECRET: 32 random bytes, as from \`openssl rand -base64 32\`.`,
  );
}
