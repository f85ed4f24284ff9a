/**
 * The option `scopesSupported`: names, or names with what the consent page says about them.
 */
import { defined } from '../lib/defined.ts';
import { checkTypes } from '../lib/option-types.ts';
import { isScopeToken, makeScopeExpansion, OFFLINE_ACCESS, type ScopeInfo } from '../model/scope.ts';
import { checkKind, fail, flag, type Kind } from './kinds.ts';
import type { OAuthProviderOptions, ScopeWords } from './options.ts';
import { checkHierarchy } from './resources.ts';

const WORDS: Kind = { must: 'be a string such as "Delete your notes"', is: (value) => typeof value === 'string' };
const INFO: Kind = {
  must: "be its words, or { text: 'Delete your notes', sensitive: true }",
  is: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** The scopes of the server, with their words. @throws {TypeError} naming the scope and the fix. */
export function scopesOf({ scopesSupported = [], requiredScopes = [] }: OAuthProviderOptions<never>): readonly ScopeInfo[] {
  const listed: ScopeInfo[] = Array.isArray(scopesSupported)
    ? scopesSupported.map((name: string) => ({ name }))
    : Object.entries(scopesSupported).map(([name, said]) => ({ name, ...scopeInfoOf(name, said) }));
  const bad = [...listed.map((scope) => scope.name), ...requiredScopes].find((name) => !isScopeToken(name));
  if (bad !== undefined)
    fail('scopesSupported', `holds ${JSON.stringify(bad)}, which is not a scope: printable ASCII without spaces, quotes and backslashes`);
  const missing = requiredScopes.filter((name) => !listed.some((scope) => scope.name === name)).map((name) => ({ name }));
  const all = [...missing, ...listed];
  checkHierarchy(all);
  return withIncluded(all.filter(({ name }) => name !== OFFLINE_ACCESS)); // offered to clients, but never a checkbox
}

function scopeInfoOf(name: string, said: string | ScopeWords): Omit<ScopeInfo, 'name'> {
  if (typeof said === 'string') return { description: said };
  const option = `scopesSupported[${JSON.stringify(name)}]`;
  checkKind(option, INFO, said);
  checkTypes(`OAuthProvider: ${option}`, said, 'text description unlocks:string[] includes:string[] sensitive');
  checkKind(`${option}.sensitive`, flag, said.sensitive);
  checkKind(`${option}.text`, WORDS, said.text ?? said.description);
  const { text, ...rest } = said;
  return defined({ ...rest, description: text ?? rest.description });
}

/** A scope unlocks what the scopes unlock that it includes, and is sensitive if one of them is. */
function withIncluded(scopes: readonly ScopeInfo[]): readonly ScopeInfo[] {
  const covered = makeScopeExpansion(scopes);
  return scopes.map((scope) => {
    if (!scope.includes) return scope;
    const names = covered([scope.name]);
    const all = scopes.filter(({ name }) => names.includes(name));
    const unlocks = [...new Set(names.flatMap((name) => all.find((one) => one.name === name)?.unlocks ?? []))];
    return { ...scope, unlocks, ...(all.some((one) => one.sensitive) ? { sensitive: true } : {}) };
  });
}
