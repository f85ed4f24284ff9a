/**
 * Scope: what a user delegates to a client. Exact tokens, no patterns (RFC 6749 §3.3).
 */
import { OAuthError } from './error.ts';

const TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const MAX_CHARACTERS = 4096;
const MAX_TOKENS = 256;

/** A scope the server knows, with the words that people read. */
export interface ScopeInfo {
  readonly name: string;
  /** What the consent page says; the name itself where absent. */
  readonly description?: string;
  /** Names of the tools that it opens, for the consent page. */
  readonly unlocks?: readonly string[];
  /** Scopes that it stands for as well: whoever has it needs none of them. */
  readonly includes?: readonly string[];
}

/** All that some scopes stand for, themselves first. */
export type ScopeCover = (scope: readonly string[]) => readonly string[];

/**
 * The tokens of a `scope` parameter, each once, in order; none for an absent one.
 *
 * @throws {OAuthError} `invalid_scope` when a character is not allowed or there are too many.
 */
export function parseScope(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  if (text.length > MAX_CHARACTERS) throw new OAuthError('invalid_scope', 'scope_too_long');
  const tokens = [...new Set(text.split(' ').filter((token) => token !== ''))];
  if (tokens.length > MAX_TOKENS) throw new OAuthError('invalid_scope', 'scope_too_many');
  if (!tokens.every((token) => TOKEN.test(token))) throw new OAuthError('invalid_scope', 'scope_malformed');
  return tokens;
}

/** Whether a text may name a scope. */
export function isScopeToken(text: string): boolean {
  return TOKEN.test(text);
}

/** What scopes stand for, by the catalogue as it is now. Without a hierarchy they stand for themselves. */
export function makeScopeExpansion(scopes: readonly ScopeInfo[]): ScopeCover {
  const below = new Map(scopes.flatMap(({ name, includes = [] }) => (includes.length > 0 ? [[name, includes] as const] : [])));
  if (below.size === 0) return (scope) => scope;
  return (scope) => {
    const all = new Set(scope);
    for (const name of all) for (const one of below.get(name) ?? []) all.add(one); // a set goes on over what is added
    return [...all];
  };
}

/** What a server offers and what it gives when nothing is asked for. */
export interface ScopeCatalogue {
  readonly known: readonly string[];
  readonly defaults: readonly string[];
  /** Whether unknown ones are refused. Default: left out. */
  readonly strict?: boolean;
}

/**
 * The scope by which a client asks to stay signed in (OpenID Connect Core §11). It stands for no right: the server offers it by itself
 * where there are refresh tokens, and no page, challenge or resource ever names it.
 */
export const OFFLINE_ACCESS = 'offline_access';

/** Scopes that stand for rights. */
export function rightsIn(scope: readonly string[]): readonly string[] {
  return scope.filter((one) => one !== OFFLINE_ACCESS);
}

/** What a client asked for, as it is carried from its request to the grant. */
export type RequestedScope = {
  /** What the user is asked for. */
  readonly scope: readonly string[];
  /** Set where the client asked for `offline_access`; the consent page does not ask about it. */
  readonly offline?: true;
  /** Set where the client named scopes, and none that is known here: it gets the defaults, also where it names the same ones again. */
  readonly defaulted?: true;
};

/** That part of a larger value. */
export function requestedPart({ scope, offline, defaulted }: RequestedScope): RequestedScope {
  return { scope, ...(offline ? { offline } : {}), ...(defaulted ? { defaulted } : {}) };
}

/**
 * What an authorization request really asks for: known scopes only, the defaults if it named none of them. Unknown ones are left out,
 * never replaced: clients ask for what other servers have. A strict server refuses them.
 *
 * @throws {OAuthError} `invalid_scope` when not all of it is known to a strict server.
 */
export function requestedScope(asked: readonly string[], { known, defaults, strict = false }: ScopeCatalogue): readonly string[] {
  const kept = knownIn(asked, strict, (scope) => known.includes(scope));
  return kept.length === 0 ? defaults : kept;
}

/** By what a token request is narrowed. */
export interface ScopeRules {
  /** The catalogue; without one everything is known. */
  readonly known?: readonly string[];
  readonly strict?: boolean;
  /** Scopes without which a token would be of no use; they cannot be narrowed away. */
  readonly required?: readonly string[];
  /** Whether the grant was opened with the defaults, in place of scopes that are not known here. */
  readonly defaulted?: boolean;
}

/**
 * Narrows what was granted for one token. What is not known here is left out, as at the authorization endpoint; of the rest it gives what
 * was granted. Nothing is ever added but scopes that every call needs, where they were granted.
 *
 * @param covered all that the granted scopes stand for, where that is more than themselves.
 * @throws {OAuthError} `invalid_scope` when something is asked for, and nothing of it was granted (RFC 6749 §6).
 */
export function narrowScope(
  granted: readonly string[],
  asked: readonly string[],
  covered: readonly string[] = granted,
  { known, strict = false, required = [], defaulted = false }: ScopeRules = {},
): readonly string[] {
  const meant = knownIn(asked, strict, (scope) => !known || known.includes(scope) || covered.includes(scope));
  if (meant.length === 0 && (defaulted || rightsIn(asked).length === 0)) return granted;
  const kept = meant.filter((scope) => covered.includes(scope));
  if (kept.length === 0) throw new OAuthError('invalid_scope', 'scope_beyond_grant');
  const needed = required.filter((scope) => covered.includes(scope) && !kept.includes(scope));
  const offline = [asked, granted].every((scope) => scope.includes(OFFLINE_ACCESS)) ? [OFFLINE_ACCESS] : [];
  return [...needed, ...kept, ...offline];
}

function knownIn(asked: readonly string[], strict: boolean, isKnown: (scope: string) => boolean): readonly string[] {
  const meant = rightsIn(asked);
  if (strict && !meant.every(isKnown)) throw new OAuthError('invalid_scope', 'scope_unknown');
  return meant.filter(isKnown);
}
