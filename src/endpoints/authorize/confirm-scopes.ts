/**
 * Settle: what the identity adds to a yes, after the proof and before the grant. Somebody of several organizations says for
 * which one; scopes that this person cannot give fall away. Where either changes what was agreed to, a short page asks once
 * more, as whom and what is left; otherwise the first click was the consent.
 *
 *   organization → grantable scopes → (nothing left: the consent page, with why | changed: confirm | as it was: on to the grant)
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

/** A choice with the organization that it is for. */
export type ConfirmedScopes = Choice & { readonly for?: Organization };

/** What is needed to ask once more. */
export type ScopeChoice = Pick<Consent, 'pending' | 'pendingId' | 'client'> & { readonly user: SignedIn; readonly choice: Choice };

/** The choice as it can be granted, or the page that asks once more. */
export async function confirmScopes(
  call: Call,
  { pending, pendingId, client, user, choice }: ScopeChoice,
): Promise<ConfirmedScopes | Response> {
  const organization = organizationOf(user, choice.organization);
  const scope = organization === 'open' ? choice.scope : await grantableScope(call, user, organization, choice.scope);
  const required = resourceOf(call.as.settings, pending.resource)?.requiredScopes ?? [];
  if (isShort(call.as.settings.expandScopes(scope), pending, required)) {
    const problem = { text: call.words.confirm.nothingLeft, status: 403 };
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

/** Without a scope that every call needs, or without any where some were asked for, the app could do nothing. */
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
    client: clientView(client),
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
