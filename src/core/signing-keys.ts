/**
 * Signing keys for access tokens: made when first needed, rotated in time, stored with the private part sealed under the server's secret.
 * One record for each algorithm, changed by a conditional write, so that all processes sign with the same key. Reads are cached for some
 * minutes, far less than the time that a key is published before it signs.
 */
import { CompactSign, exportJWK, type JWK } from 'jose';
import { utf8 } from '../lib/bytes.ts';
import { isAhead } from '../lib/clock.ts';
import { makeSingleFlight, type SingleFlight } from '../lib/single-flight.ts';
import { changeRecord, has, versioned } from '../model/record.ts';
import { type Jwk, nextDue, published, type SigningAlg, signingKey, type SigningKey } from '../model/key-set.ts';
import type { Seconds } from '../model/store.ts';
import type { Settings } from '../model/settings.ts';
import type { AuthServer } from './auth-server.ts';
import { longestAccessTTL } from '../model/resource.ts';
import { requireKeyring } from './records/secrets.ts';
import { secretMissing } from './records/keyring.ts';
import type { Grant, GrantAccess } from '../model/grant.ts';
import { formatTokenId } from '../model/token.ts';

type SigningKeys = { readonly v: 1; readonly keys: readonly SigningKey[] };

/** A key that is ready to sign. */
export interface Signer {
  readonly kid: string;
  readonly key: CryptoKey | JWK;
}

interface LoadedKeys {
  readonly keys: readonly SigningKey[];
  readonly signers: readonly (Signer & { readonly since: Seconds })[];
  readonly at: Seconds;
}

/** Purpose that private keys are sealed for. */
export const SIGNING_PURPOSE = 'access token signing';
const FRESH: Seconds = 300;
/** What a server read last, and the pending read. */
const caches = new WeakMap<Settings, { readonly known: Map<SigningAlg, LoadedKeys>; readonly flight: SingleFlight<LoadedKeys> }>();

/** The current signing key. */
export async function signerFor(as: AuthServer, alg: SigningAlg): Promise<Signer> {
  const { keys, signers } = await loadedKeys(as, alg);
  const current = signingKey(keys.filter(isInUse), as.now());
  const signer = signers.find(({ kid }) => kid === current?.kid);
  if (!signer) throw secretMissing('signing-keys'); // an older key would sign past its lifetime
  return signer;
}

/** Every public key that a live token may have been signed with, or soon will be. */
export async function publicKeys(as: AuthServer): Promise<readonly Jwk[]> {
  const algs = [...new Set(as.settings.resources.flatMap(({ accessTokenSigning: alg }) => (alg === undefined ? [] : [alg])))];
  const all = await Promise.all(algs.map(async (alg) => (await loadedKeys(as, alg)).keys));
  return all.flat().map(({ publicKey }) => publicKey);
}

/** The keys, from the cache if fresh. A failure is not cached. */
async function loadedKeys(as: AuthServer, alg: SigningAlg): Promise<LoadedKeys> {
  const own = caches.get(as.settings) ?? { known: new Map<SigningAlg, LoadedKeys>(), flight: makeSingleFlight<LoadedKeys>() };
  caches.set(as.settings, own);
  const { known, flight } = own;
  const last = known.get(alg);
  if (last && isAhead(last.at + FRESH, FRESH, as.now())) return last;
  return flight(alg, async () => {
    const read = await load(as, alg);
    known.set(alg, read);
    return read;
  });
}

/**
 * Reads the keys, makes the next one if it is due, removes expired ones, and reseals. A process that cannot open a key makes none:
 * processes with different secrets would each make their own, and sign before the others publish it.
 */
async function load(as: AuthServer, alg: SigningAlg): Promise<LoadedKeys> {
  const { made, reason, ...loaded } = await changeRecord(as, `signing-keys:${alg}`, isSigningKeys, async (record) => {
    const now = as.now();
    const before = record?.keys ?? [];
    const signers = await open(as, before);
    const inUse = before.filter(isInUse);
    const due = signers.length < inUse.length ? null : nextDue(inUse, now);
    const made = due === null ? null : await make(as, alg, due);
    const keys = await renewed(as, published([...before, ...(made ? [made.stored] : [])], longestAccessTTL(as.settings), now));
    const isSame = made === null && keys.length === before.length && keys.every(({ sealed }, at) => sealed === before[at]?.sealed);
    const reason = before.length === 0 ? 'first' : inUse.length === 0 ? 'unreadable' : 'rotation'; // oxlint-disable-line no-nested-ternary
    const result = { made, reason, keys, signers: [...signers, ...(made ? [made.signer] : [])], at: now } as const;
    return isSame ? { result } : { write: { v: 1, keys }, result };
  });
  if (made) as.emit({ kind: 'key.made', keyId: made.stored.kid, reason });
  return loaded;
}

async function open(as: AuthServer, keys: readonly SigningKey[]): Promise<LoadedKeys['signers']> {
  const ring = requireKeyring(as.keyring, '`accessTokenSigning`');
  const opened = keys.map(async ({ kid, sealed, since }) => {
    const jwk = (await ring.knows(sealed)) ? await ring.open(SIGNING_PURPOSE, sealed, kid) : null;
    return jwk === null ? [] : [{ kid, since, key: jwk as JWK }];
  });
  return (await Promise.all(opened)).flat();
}

async function renewed(as: AuthServer, keys: readonly SigningKey[]): Promise<readonly SigningKey[]> {
  const ring = requireKeyring(as.keyring, '`accessTokenSigning`');
  return Promise.all(keys.map(async (one) => ({ ...one, sealed: (await ring.renew(SIGNING_PURPOSE, one.sealed, one.kid)) ?? one.sealed })));
}

/** What Web Crypto generates for an algorithm. */
const GENERATED: { readonly [A in SigningAlg]: EcKeyGenParams | RsaHashedKeyGenParams | Algorithm } = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
};

async function make(
  as: AuthServer,
  alg: SigningAlg,
  since: Seconds,
): Promise<{ stored: SigningKey; signer: LoadedKeys['signers'][number] }> {
  const ring = requireKeyring(as.keyring, '`accessTokenSigning`');
  const pair = (await crypto.subtle.generateKey(GENERATED[alg], true, ['sign', 'verify'])) as CryptoKeyPair;
  const kid = as.secrets.id();
  const publicKey = { ...((await exportJWK(pair.publicKey)) as Jwk), kid, alg, use: 'sig' };
  const sealed = await ring.seal(SIGNING_PURPOSE, await exportJWK(pair.privateKey), kid);
  return { stored: { kid, publicKey, sealed, since }, signer: { kid, since, key: pair.privateKey } };
}

/** False for a key whose secret was lost (`core/reseal`): it is published until its tokens have expired, and no longer signs. */
const isInUse = ({ sealed }: SigningKey): boolean => sealed !== '';
const isSigningKeys = (value: unknown): value is SigningKeys => versioned(value) && has(value, 'keys');

/** Signs the claims of one access token of a grant. @param grantId the id under which the grant is kept. */
export async function signAccess(
  as: AuthServer,
  alg: SigningAlg,
  grant: Grant,
  { scope, expiresAt, jkt }: GrantAccess,
  grantId: string = grant.id,
): Promise<string> {
  const { kid, key } = await signerFor(as, alg);
  const claims = {
    iss: as.settings.issuer,
    sub: grant.userId,
    aud: grant.resource,
    iat: as.now(),
    exp: expiresAt,
    jti: formatTokenId(grantId, as.secrets.id()),
    client_id: grant.clientId,
    scope: as.settings.expandScopes(scope).join(' '),
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
    ...(grant.act ? { act: grant.act } : {}),
  };
  return new CompactSign(utf8(JSON.stringify(claims))).setProtectedHeader({ alg, typ: 'at+jwt', kid }).sign(key);
}
