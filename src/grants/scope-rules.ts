/**
 * Scope rules: how a token request narrows what was granted, the same for every grant type.
 */
import { narrowScope, parseScope, rightsIn, type ScopeRules } from '../model/scope.ts';
import type { Settings } from '../model/settings.ts';

/** The rules for tokens of a resource. */
export function scopeRulesOf({ scopes, strictScopes, resources, everyRoute }: Settings): (resource: string) => ScopeRules {
  const known = scopes.map(({ name }) => name);
  return (resource) => ({
    known,
    strict: strictScopes,
    required: [...resources, everyRoute].find((one) => one?.uri === resource)?.scopes ?? [],
  });
}

/**
 * What a first request may have of a scope, where no person is asked: all of it where it names nothing that is known here.
 *
 * @param text the parameter `scope`.
 * @throws {OAuthError} `invalid_scope` when it asks for something, and nothing of that is within.
 */
export function scopeWithin(settings: Settings, resource: string, text: string | undefined, most: readonly string[]): readonly string[] {
  const rights = rightsIn(most);
  return narrowScope(rights, parseScope(text), settings.covered(rights), { ...scopeRulesOf(settings)(resource), defaulted: true });
}
