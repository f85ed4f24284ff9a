/**
 * Offline: what more a provider is asked for where its tokens are kept. By its own word where it has one; else the scope
 * `offline_access`, with the consent that OpenID Connect Core §11 demands for it, where the provider publishes that scope.
 */
import type { Endpoints, Provider } from './contract.ts';

/** Parameters of an authorization request; undefined ones are left out. */
export type Parameters = { readonly [name: string]: string | undefined };

/** Scope and parameters of the authorization request. */
export function offlineOf(
  { offline, openid, parameters: own = {} }: Provider,
  { scopes_supported: published = [] }: Endpoints,
  scope: readonly string[],
): { readonly scope: readonly string[]; readonly parameters: Parameters } {
  if (offline) return { scope: [...new Set([...scope, ...(offline.scope ?? [])])], parameters: offline.parameters ?? {} };
  if (!openid || !published.includes('offline_access')) return { scope, parameters: {} };
  return { scope: [...new Set([...scope, 'offline_access'])], parameters: { prompt: own['prompt'] ?? 'consent' } }; // an empty one leaves it out
}
