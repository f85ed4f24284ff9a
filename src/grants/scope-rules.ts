/**
 * Scope rules: how a token request narrows the granted scopes, for every grant type.
 */
import { resourceOf } from '../model/resource.ts';
import { narrowScope, parseScope, rightsIn, type ScopeRules } from '../model/scope.ts';
import type { Settings } from '../model/settings.ts';

/** The rules for tokens of a resource. */
export function scopeRulesOf(settings: Settings): (resource: string) => ScopeRules {
  const { scopesSupported, unknownScopes } = settings;
  const known = scopesSupported.map(({ name }) => name);
  return (resource) => ({
    ...(unknownScopes === 'grant' ? {} : { known }),
    strict: unknownScopes === 'refuse',
    required: resourceOf(settings, resource)?.requiredScopes ?? [],
  });
}

/**
 * The scopes of a grant without a consent page: all of `most` if the request names no known scope.
 *
 * @param text the `scope` parameter.
 * @throws {OAuthError} `invalid_scope` if it names scopes and none of them is allowed.
 */
export function scopeWithin(settings: Settings, resource: string, text: string | undefined, most: readonly string[]): readonly string[] {
  const rights = rightsIn(most);
  return narrowScope(rights, parseScope(text), settings.expandScopes(rights), { ...scopeRulesOf(settings)(resource), defaulted: true });
}
