/**
 * Token: `kind_grantId.secret`. The grant's id finds the one record that decides; only hashes of the text are kept.
 * No user, client or scope stands in it, and nothing in it is trusted before the hash is found.
 */

/** What a token is for; one kind never passes for another. */
export type TokenKind = 'code' | 'access' | 'refresh';

/** Bytes of a grant's id. */
export const ID_BYTES = 16;
/** Bytes of the secret part. */
export const SECRET_BYTES = 32;
/** Bytes of a refresh token's family: the same in every refresh token of one grant, so that a retired one is told from a forged one. */
export const FAMILY_BYTES = 16;

/** Grants that may hang on each other: the first, and three exchanges. */
export const MOST_LINKS = 4;
const ID_LENGTH = 22;

const SHAPES: { readonly [kind in TokenKind]: RegExp } = {
  code: /^code_([\w-]{22})\.[\w-]{43}$/,
  access: /^access_((?:[\w-]{22}){1,4})\.[\w-]{43}$/,
  refresh: /^refresh_([\w-]{22})\.[\w-]{65}$/,
};

/** The id of the grant that a token names, or null if the text has not the shape of that kind. */
export function grantIdOf(kind: TokenKind, text: string): string | null {
  return SHAPES[kind].exec(text)?.[1] ?? null;
}

/**
 * The ids of a grant and of all that it hangs on, the first one first. A child's id begins with its parent's, so that all can be read
 * at once (docs/decisions/0039).
 */
export function linksOf(grantId: string): readonly string[] {
  if (grantId.length <= ID_LENGTH) return [grantId];
  return Array.from({ length: grantId.length / ID_LENGTH }, (_, at) => grantId.slice(0, (at + 1) * ID_LENGTH));
}

/** The kind a text has the shape of, or null. */
export function kindOf(text: string): TokenKind | null {
  for (const kind of ['access', 'refresh', 'code'] as const) if (SHAPES[kind].test(text)) return kind;
  return null;
}

/** Puts a token together from base64url parts. */
export function formatToken(kind: TokenKind, grantId: string, secret: string): string {
  return `${kind}_${grantId}.${secret}`;
}

/** The family part of a well-shaped refresh token. */
export function familyOf(refreshToken: string): string {
  return refreshToken.slice('refresh_'.length + 23, 'refresh_'.length + 45);
}
