/**
 * Grantable scopes: the organization that a user acts for, and the scopes that the user may grant now. The application
 * is asked for each consent and its answer never stored; if it cannot answer, nothing is granted.
 */
import type { Client } from '../../model/client.ts';
import type { GrantorClient } from '../../model/settings.ts';
import type { Organization } from '../../model/identity.ts';
import type { Call } from '../endpoint.ts';
import type { SignedIn } from '../sign-in/sign-in.ts';

/** The organization that a choice is for; null for a user without any, `open` if it is still to be chosen. */
export function organizationOf({ organizations = [] }: SignedIn, chosen: string | undefined): Organization | null | 'open' {
  if (organizations.length === 0) return null;
  if (organizations.length === 1) return organizations[0] ?? null;
  return organizations.find(({ id }) => id === chosen) ?? 'open';
}

/** The scopes that this user may grant now; none if the look-up fails (its error is thrown). */
export async function grantableScope(
  { as, env }: Call,
  { userId, claims, permissions }: SignedIn,
  organization: Organization | null,
  scope: readonly string[],
  client?: Client,
): Promise<readonly string[]> {
  const { grantableScopes } = as.settings;
  if (grantableScopes === null) return scope;
  const may = organization?.permissions ?? permissions;
  const who = {
    userId,
    claims,
    ...(may ? { permissions: may } : {}),
    ...(organization ? { organization } : {}),
    ...(client ? { client: grantorClient(client) } : {}),
  };
  const given = new Set(as.settings.expandScopes(await grantableScopes(who, env as never))); // of a text, `includes` would take a part
  return scope.filter((one) => given.has(one));
}

function grantorClient({ id, name, documentHost, redirectUris, entered }: Client): GrantorClient {
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(documentHost === undefined ? {} : { documentHost }),
    redirectUris,
    ...(entered === undefined ? {} : { entered }),
  };
}
