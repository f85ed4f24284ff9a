/**
 * Scope: what a user delegates to a client. Exact tokens, no patterns (RFC 6749 §3.3).
 */
import { OAuthError } from './error.ts';

const TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const MOST_CHARACTERS = 4096;
const MOST_TOKENS = 256;

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
  if (text.length > MOST_CHARACTERS) throw new OAuthError('invalid_scope', 'scope_too_long');
  const tokens = [...new Set(text.split(' ').filter((token) => token !== ''))];
  if (tokens.length > MOST_TOKENS) throw new OAuthError('invalid_scope', 'scope_too_many');
  if (!tokens.every((token) => TOKEN.test(token))) throw new OAuthError('invalid_scope', 'scope_malformed');
  return tokens;
}

/** Whether a text may name a scope. */
export function isScopeToken(text: string): boolean {
  return TOKEN.test(text);
}

/** What scopes stand for, by the catalogue as it is now. Without a hierarchy they stand for themselves. */
export function makeScopeCover(scopes: readonly ScopeInfo[]): ScopeCover {
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
 * What an authorization request really asks for: known scopes only, the defaults if it named none.
 * Unknown ones are left out, never replaced: clients ask for what other servers have. A strict server refuses them.
 *
 * @throws {OAuthError} `invalid_scope` when something was asked for and nothing of it, or for a strict server not all, is known here.
 */
export function requestedScope(asked: readonly string[], { known, defaults, strict = false }: ScopeCatalogue): readonly string[] {
  const meant = asked.filter((scope) => scope !== 'offline_access'); // refresh tokens need no scope here
  if (meant.length === 0) return defaults;
  if (strict && !meant.every((scope) => known.includes(scope))) throw new OAuthError('invalid_scope', 'scope_unknown');
  if (known.length === 0) return [];
  const kept = meant.filter((scope) => known.includes(scope));
  if (kept.length === 0) throw new OAuthError('invalid_scope', 'scope_unknown');
  return kept;
}

/**
 * Narrows a grant's scope for one token.
 *
 * @param covered all that the granted scopes stand for, where that is more than themselves.
 * @throws {OAuthError} `invalid_scope` when more is asked for than was granted (RFC 6749 §6).
 */
export function narrowScope(granted: readonly string[], asked: readonly string[], covered: readonly string[] = granted): readonly string[] {
  if (asked.length === 0) return granted;
  if (!asked.every((scope) => covered.includes(scope))) throw new OAuthError('invalid_scope', 'scope_beyond_grant');
  return asked;
}
