/**
 * Tokens: `kind_grantId.secret`. The grant's id finds the record that decides; only hashes are stored. A token contains no user, client or
 * scope, and nothing in it is trusted before its hash is found. An access token may also be a signed JWT whose `jti` names the grant; this
 * server only compares the hash of its whole text; or an access key (`access-key.ts`).
 */
import { fromBase64url } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import { grantIdOfKey, isKey } from './access-key.ts';

/** Kind of a token; kinds are not interchangeable. */
export type TokenKind = 'code' | 'access' | 'refresh';

/** Length of a grant's id in bytes. */
export const ID_BYTES = 16;
/** Length of the secret part in bytes. */
export const SECRET_BYTES = 32;
/** Length of a refresh token's family in bytes. All refresh tokens of a grant share it, so that a retired one differs from a forged one. */
export const FAMILY_BYTES = 16;

/** Length of a chain of exchanged grants: the first one, and three exchanges. */
export const MAX_LINKS = 4;
const ID_LENGTH = 22;

const SIGNED = /^[\w-]+\.([\w-]+)\.[\w-]+$/;
const TOKEN_ID = /^at_((?:[\w-]{22}){1,4})\.[\w-]{22}$/;
const MAX_SIGNED_LENGTH = 8192;
const MAX_DEPTH = 16;

const SHAPES: { readonly [kind in TokenKind]: RegExp } = {
  code: /^code_([\w-]{22})\.[\w-]{43}$/,
  access: /^access_((?:[\w-]{22}){1,4})\.[\w-]{43}$/,
  refresh: /^refresh_([\w-]{22})\.[\w-]{65}(?:[\w-]{43})?$/, // family, secret, and the masked pad of its predecessor if it has one
};

/** The grant id in a token, or null if the text does not have the format of that kind. */
export function grantIdOf(kind: TokenKind, text: string): string | null {
  const id = SHAPES[kind].exec(text)?.[1];
  if (id !== undefined || kind !== 'access') return id ?? null;
  return isKey(text) ? grantIdOfKey(text) : grantIdOfSigned(text);
}

/** The `jti` of a signed access token. It names the grant and is not secret: only the whole text counts. */
export function formatTokenId(grantId: string, random: string): string {
  return `at_${grantId}.${random}`;
}

function grantIdOfSigned(text: string): string | null {
  const payload = text.length <= MAX_SIGNED_LENGTH ? SIGNED.exec(text)?.[1] : undefined;
  const bytes = payload === undefined ? null : fromBase64url(payload);
  const claims = bytes && parseJson(new TextDecoder().decode(bytes), MAX_DEPTH);
  const id = typeof claims === 'object' && claims !== null ? (claims as { readonly jti?: unknown }).jti : undefined;
  return typeof id === 'string' ? (TOKEN_ID.exec(id)?.[1] ?? null) : null;
}

/**
 * The ids of a grant and of those it was exchanged from, the first one first. A child's id begins with its parent's, so that all can be read
 * in parallel (docs/decisions/0014).
 */
export function linksOf(grantId: string): readonly string[] {
  if (grantId.length <= ID_LENGTH) return [grantId];
  return Array.from({ length: grantId.length / ID_LENGTH }, (_, at) => grantId.slice(0, (at + 1) * ID_LENGTH));
}

/** The kind whose format a text has, or null. */
export function kindOf(text: string): TokenKind | null {
  for (const kind of ['access', 'refresh', 'code'] as const) if (grantIdOf(kind, text) !== null) return kind;
  return null;
}

/** Whether a text is one of our tokens or begins like one: then no other server is asked about it. */
export function isOurs(text: string): boolean {
  return /^(?:access|refresh|code|pcl)_/.test(text) || kindOf(text) !== null;
}

/** Makes a token from base64url parts. */
export function formatToken(kind: TokenKind, grantId: string, secret: string): string {
  return `${kind}_${grantId}.${secret}`;
}

/** The family of a well-formed refresh token. */
export function familyOf(refreshToken: string): string {
  return refreshToken.slice('refresh_'.length + 23, 'refresh_'.length + 45);
}

/** The secret of a refresh token, and the pad of its predecessor masked with it. Null for the first token of its family. */
export function wayBackOf(refreshToken: string): { readonly secret: string; readonly wayBack: string } | null {
  const start = 'refresh_'.length + 45;
  const [secret, wayBack] = [refreshToken.slice(start, start + 43), refreshToken.slice(start + 43)];
  return wayBack === '' ? null : { secret, wayBack };
}
