/**
 * Entitlement: for which organization a person acts, and which scopes they may give at this moment. What the application
 * says is asked for each yes and never kept; where it cannot be told, nothing is granted.
 */
import type { Organization } from '../../model/identity.ts';
import type { Call } from '../endpoint.ts';
import type { SignedIn } from '../sign-in/sign-in.ts';

/** The organization that a choice is for; null for somebody without any, `open` where it is still to be chosen. */
export function organizationOf({ organizations = [] }: SignedIn, chosen: string | undefined): Organization | null | 'open' {
  if (organizations.length === 0) return null;
  if (organizations.length === 1) return organizations[0] ?? null;
  return organizations.find(({ id }) => id === chosen) ?? 'open';
}

/** Those of the scopes that this person may give at this moment; whoever cannot be asked about gives none (the look-up's error goes up). */
export async function grantableScope(
  { as, env }: Call,
  { userId, claims, permissions }: SignedIn,
  organization: Organization | null,
  scope: readonly string[],
): Promise<readonly string[]> {
  const { grantableScopes } = as.settings;
  if (grantableScopes === null) return scope;
  const may = organization?.permissions ?? permissions;
  const who = { userId, claims, ...(may ? { permissions: may } : {}), ...(organization ? { organization } : {}) };
  const given = as.settings.expandScopes(await grantableScopes(who, env as never));
  return scope.filter((one) => given.includes(one));
}
