/**
 * How to request a refresh token from an upstream whose tokens are kept: in the upstream's own way if it has one; otherwise with the scope
 * `offline_access` and the consent that OpenID Connect Core §11 requires for it, if the upstream publishes that scope.
 */
import type { Endpoints, Provider } from './contract.ts';

/** Parameters of an authorization request; undefined ones are omitted. */
export type Parameters = { readonly [name: string]: string | undefined };

/** Scope and parameters of the authorization request. */
export function offlineOf(
  { offline, openid, parameters: own = {} }: Provider,
  { scopes_supported: published = [] }: Endpoints,
  scope: readonly string[],
): { readonly scope: readonly string[]; readonly parameters: Parameters } {
  if (offline) return { scope: [...new Set([...scope, ...(offline.scope ?? [])])], parameters: offline.parameters ?? {} };
  if (!openid || !published.includes('offline_access')) return { scope, parameters: {} };
  return { scope: [...new Set([...scope, 'offline_access'])], parameters: { prompt: own['prompt'] ?? 'consent' } }; // an empty string omits it
}
