/**
 * What a token request asks for, for every grant type: its resource, and how it narrows the granted scopes.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { OAuthError } from '../model/error.ts';
import type { Params } from '../model/params.ts';
import { resourceOf, singleResource } from '../model/resource.ts';
import { narrowScope, parseScope, rightsIn, type ScopeRules } from '../model/scope.ts';
import type { Settings } from '../model/settings.ts';

/** The canonical resource of a token request; undefined if it names none (RFC 8707 §2.2). */
export function requestedResource(params: Params, { settings }: AuthServer): string | undefined {
  const asked = params.all('resource');
  if (asked.length === 0) return undefined;
  const uri = singleResource(asked, settings.resources);
  if (uri === null) throw new OAuthError('invalid_target', 'resource_malformed');
  return uri;
}

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
