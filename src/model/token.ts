/**
 * Token: `kind_grantId.secret`. The grant's id finds the one record that decides; only hashes of the text are kept.
 * No user, client or scope stands in it, and nothing in it is trusted before the hash is found. An access token may also be a signed
 * JWT whose `jti` names the grant; for this server it is a text like any other, and only the hash of all of it counts.
 */
import { fromBase64url } from '../lib/base64url.ts';
import { parseJson } from '../lib/json.ts';

/** What a token is for; one kind never passes for another. */
export type TokenKind = 'code' | 'access' | 'refresh';

/** Bytes of a grant's id. */
export const ID_BYTES = 16;
/** Bytes of the secret part. */
export const SECRET_BYTES = 32;
/** Bytes of a refresh token's family: the same in every refresh token of one grant, so that a retired one is told from a forged one. */
export const FAMILY_BYTES = 16;

/** Grants that may hang on each other: the first, and three exchanges. */
export const MAX_LINKS = 4;
const ID_LENGTH = 22;

const SIGNED = /^[\w-]+\.([\w-]+)\.[\w-]+$/;
const TOKEN_ID = /^at_((?:[\w-]{22}){1,4})\.[\w-]{22}$/;
const MAX_SIGNED_LENGTH = 8192;
const MAX_DEPTH = 16;

const SHAPES: { readonly [kind in TokenKind]: RegExp } = {
  code: /^code_([\w-]{22})\.[\w-]{43}$/,
  access: /^access_((?:[\w-]{22}){1,4})\.[\w-]{43}$/,
  refresh: /^refresh_([\w-]{22})\.[\w-]{65}(?:[\w-]{43})?$/, // family, secret, and the way back where it has a predecessor
};

/** The id of the grant that a token names, or null if the text has not the shape of that kind. */
export function grantIdOf(kind: TokenKind, text: string): string | null {
  return SHAPES[kind].exec(text)?.[1] ?? (kind === 'access' ? grantIdOfSigned(text) : null);
}

/** The `jti` of a signed access token. It names the grant and is no secret: what counts is the whole text. */
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
 * The ids of a grant and of all that it hangs on, the first one first. A child's id begins with its parent's, so that all can be read
 * at once (docs/decisions/0014).
 */
export function linksOf(grantId: string): readonly string[] {
  if (grantId.length <= ID_LENGTH) return [grantId];
  return Array.from({ length: grantId.length / ID_LENGTH }, (_, at) => grantId.slice(0, (at + 1) * ID_LENGTH));
}

/** The kind a text has the shape of, or null. */
export function kindOf(text: string): TokenKind | null {
  for (const kind of ['access', 'refresh', 'code'] as const) if (grantIdOf(kind, text) !== null) return kind;
  return null;
}

/** Whether a text is a token of ours, or begins like one: no other server is asked about it, however it is malformed. */
export function isOurs(text: string): boolean {
  return /^(?:access|refresh|code)_/.test(text) || kindOf(text) !== null;
}

/** Puts a token together from base64url parts. */
export function formatToken(kind: TokenKind, grantId: string, secret: string): string {
  return `${kind}_${grantId}.${secret}`;
}

/** The family part of a well-shaped refresh token. */
export function familyOf(refreshToken: string): string {
  return refreshToken.slice('refresh_'.length + 23, 'refresh_'.length + 45);
}

/** The secret of a refresh token and its way back to the token it came of: the pad of that, hidden by the secret. Null for the first one. */
export function wayBackOf(refreshToken: string): { readonly secret: string; readonly wayBack: string } | null {
  const start = 'refresh_'.length + 45;
  const [secret, wayBack] = [refreshToken.slice(start, start + 43), refreshToken.slice(start + 43)];
  return wayBack === '' ? null : { secret, wayBack };
}
