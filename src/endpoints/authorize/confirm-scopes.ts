/**
 * Confirms organization and scopes after the sign-in and before the grant. A user with several organizations chooses one;
 * scopes that this user cannot grant are dropped. If either changes what was approved, a short page asks for confirmation
 * and shows the account and the remaining scopes; otherwise the first click was the consent.
 *
 *   organization → grantable scopes → (nothing left: the consent page, with the reason | changed: confirm | unchanged: grant)
 */
import { redirectLabel } from '../../model/redirect.ts';
import { resourceOf } from '../../model/resource.ts';
import type { Organization } from '../../model/identity.ts';
import type { Choice, PendingAuthorization } from '../../model/pending-authorization.ts';
import { confirmPage } from '../../pages/confirm.ts';
import { accountView, clientView, consentPage, type Consent, scopeView } from './consent-page.ts';
import type { Call } from '../endpoint.ts';
import { grantableScope, organizationOf } from './grantable-scopes.ts';
import type { SignedIn } from '../sign-in/sign-in.ts';

/** The approved scopes with the organization that they are for. */
export type ConfirmedScopes = Choice & { readonly for?: Organization };

/** The input of the confirmation page. */
export type ScopeChoice = Pick<Consent, 'pending' | 'pendingId' | 'client'> & { readonly user: SignedIn; readonly choice: Choice };

/** The choice as it can be granted, or the confirmation page. */
export async function confirmScopes(
  call: Call,
  { pending, pendingId, client, user, choice }: ScopeChoice,
): Promise<ConfirmedScopes | Response> {
  const organization = organizationOf(user, choice.organization);
  const scope = organization === 'open' ? choice.scope : await grantableScope(call, user, organization, choice.scope, client);
  const required = resourceOf(call.as.settings, pending.resource)?.requiredScopes ?? [];
  if (isShort(call.as.settings.expandScopes(scope), pending, required)) {
    const problem = { problem: call.words.confirm.nothingLeft, status: 403 };
    return withCookie(await consentPage(call, { pending, pendingId, client, session: user, ticked: choice.scope, problem }), user);
  }
  if (organization !== 'open' && scope.length === choice.scope.length)
    return {
      scope,
      remember: choice.remember === true,
      ...(organization === null ? {} : { organization: organization.id, for: organization }),
    };
  return withCookie(await askAgain(call, { pending, pendingId, client, user, choice: { ...choice, scope } }, choice.scope), user);
}

/** Without a scope that every call needs, or without any of the requested scopes, the app could do nothing. */
function isShort(scope: readonly string[], pending: PendingAuthorization, required: readonly string[]): boolean {
  return (pending.scope.length > 0 && scope.length === 0) || !required.every((one) => scope.includes(one));
}

async function askAgain(
  call: Call,
  { pending, pendingId, client, user, choice }: ScopeChoice,
  wanted: readonly string[],
): Promise<Response> {
  const { as, words } = call;
  const { settings } = as;
  const { organizations = [] } = user;
  return confirmPage({
    action: settings.paths.approve,
    pendingId,
    client: clientView(client, call),
    redirectUri: pending.redirectUri,
    redirectHost: redirectLabel(pending.redirectUri),
    resourceName: resourceOf(settings, pending.resource)?.name ?? settings.name,
    scopes: choice.scope.map((name) => scopeView(settings, words, name)),
    dropped: wanted.filter((one) => !choice.scope.includes(one)).map((name) => scopeView(settings, words, name)),
    organizations: organizations.length > 1 ? organizations.map(({ id, name }) => ({ id, name, checked: id === choice.organization })) : [],
    account: await accountView(call, user),
    remember: choice.remember === true,
    brand: settings.brand,
    words,
  });
}

function withCookie(page: Response, { cookie }: SignedIn): Response {
  if (cookie !== undefined) page.headers.append('set-cookie', cookie);
  return page;
}
