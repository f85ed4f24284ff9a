/**
 * Scopes: what a user delegates to a client. Exact tokens, no patterns (RFC 6749 §3.3).
 */
import { OAuthError } from './error.ts';

const TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const MAX_CHARACTERS = 4096;
const MAX_TOKENS = 256;

/** A scope with its description. */
export interface ScopeInfo {
  readonly name: string;
  /** Shown on the consent page; the name by default. */
  readonly description?: string;
  /** Names of the tools that need it, for the consent page. */
  readonly unlocks?: readonly string[];
  /** Scopes that it includes. */
  readonly includes?: readonly string[];
  /** Not selected on the consent page until the user selects it. */
  readonly sensitive?: boolean;
}

/** Expands scopes with those that they include, themselves first. */
export type ScopeExpansion = (scope: readonly string[]) => readonly string[];

/**
 * The tokens of a `scope` parameter, without duplicates, in order; empty if absent.
 *
 * @throws {OAuthError} `invalid_scope` if a character is not allowed or there are too many.
 */
export function parseScope(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  if (text.length > MAX_CHARACTERS) throw new OAuthError('invalid_scope', 'scope_too_long');
  const tokens = [...new Set(text.split(' ').filter((token) => token !== ''))];
  if (tokens.length > MAX_TOKENS) throw new OAuthError('invalid_scope', 'scope_too_many');
  if (!tokens.every((token) => TOKEN.test(token))) throw new OAuthError('invalid_scope', 'scope_malformed');
  return tokens;
}

/** Separates scopes that a client joined by commas, or by a space that it encoded twice. A known scope is left as it is. */
export function separateScopes(asked: readonly string[], isKnown: (scope: string) => boolean): readonly string[] {
  return asked.flatMap((one) => (isKnown(one) ? one : one.split(/,|\+|%20/).filter((part) => part !== '')));
}

/** Whether a text may name a scope. */
export function isScopeToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Makes the expansion for a scope catalogue. Without `includes`, scopes stand for themselves. */
export function makeScopeExpansion(scopes: readonly ScopeInfo[]): ScopeExpansion {
  const below = new Map(scopes.flatMap(({ name, includes = [] }) => (includes.length > 0 ? [[name, includes] as const] : [])));
  if (below.size === 0) return (scope) => scope;
  return (scope) => {
    const all = new Set(scope);
    for (const name of all) for (const one of below.get(name) ?? []) all.add(one); // the loop also visits added members
    return [...all];
  };
}

/** What a server offers, and what it grants by default. */
export interface ScopeCatalogue {
  readonly known: readonly string[];
  readonly defaults: readonly string[];
  /** Whether an unknown scope refuses the request. By default it is ignored. */
  readonly strict?: boolean;
}

/**
 * The scope that requests a refresh token (OpenID Connect Core §11). It gives no access: the server adds it to its metadata if it issues
 * refresh tokens, and no page, challenge or resource names it.
 */
export const OFFLINE_ACCESS = 'offline_access';

/** The scopes that give access. */
export function rightsIn(scope: readonly string[]): readonly string[] {
  return scope.filter((one) => one !== OFFLINE_ACCESS);
}

/** What a client requested, from its request to the grant. */
export type RequestedScope = {
  /** What the user is asked for. */
  readonly scope: readonly string[];
  /** Set if the client requested `offline_access`; the consent page does not ask about it. */
  readonly offline?: true;
  /** Set if the client named only unknown scopes: it gets the defaults, also if it names the same ones again. */
  readonly defaulted?: true;
};

/** Picks these members of a larger value. */
export function requestedPart({ scope, offline, defaulted }: RequestedScope): RequestedScope {
  return { scope, ...(offline ? { offline } : {}), ...(defaulted ? { defaulted } : {}) };
}

/**
 * The scopes of an authorization request: the known ones, or the defaults if there are none. Unknown ones are ignored, because clients
 * request what other servers have; a strict server refuses them.
 *
 * @throws {OAuthError} `invalid_scope` if the server is strict and one is unknown.
 */
export function requestedScope(asked: readonly string[], { known, defaults, strict = false }: ScopeCatalogue): readonly string[] {
  const accepted = knownIn(asked, strict, (scope) => known.includes(scope));
  return accepted.length === 0 ? defaults : accepted;
}

/** Rules that narrow a token request. */
export interface ScopeRules {
  /** The catalogue; without one every scope is known. */
  readonly known?: readonly string[];
  readonly strict?: boolean;
  /** Scopes without which a token would be useless; they cannot be narrowed away. */
  readonly required?: readonly string[];
  /** Whether the grant has the default scopes because the client named only unknown ones. */
  readonly defaulted?: boolean;
}

/**
 * Narrows granted scopes for one token. Unknown scopes are ignored, as at the authorization endpoint; of the others it gives those that were
 * granted. Nothing is added except required scopes that were granted.
 *
 * @param covered the granted scopes expanded, if that is more.
 * @throws {OAuthError} `invalid_scope` if scopes are requested and none of them was granted (RFC 6749 §6).
 */
export function narrowScope(
  granted: readonly string[],
  asked: readonly string[],
  covered: readonly string[] = granted,
  { known, strict = false, required = [], defaulted = false }: ScopeRules = {},
): readonly string[] {
  const meant = knownIn(asked, strict, (scope) => !known || known.includes(scope) || covered.includes(scope));
  if (meant.length === 0 && (defaulted || rightsIn(asked).length === 0)) return granted;
  const accepted = meant.filter((scope) => covered.includes(scope));
  if (accepted.length === 0) throw new OAuthError('invalid_scope', 'scope_beyond_grant');
  const needed = required.filter((scope) => covered.includes(scope) && !accepted.includes(scope));
  const offline = [asked, granted].every((scope) => scope.includes(OFFLINE_ACCESS)) ? [OFFLINE_ACCESS] : [];
  return [...needed, ...accepted, ...offline];
}

function knownIn(asked: readonly string[], strict: boolean, isKnown: (scope: string) => boolean): readonly string[] {
  const meant = rightsIn(separateScopes(asked, isKnown));
  if (strict && !meant.every(isKnown)) throw new OAuthError('invalid_scope', 'scope_unknown');
  return meant.filter(isKnown);
}
