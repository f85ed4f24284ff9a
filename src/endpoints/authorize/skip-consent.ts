/**
 * Answers an authorization request without a consent page. Only for a signed-in user with a remembered consent for the same
 * client, redirect URI, resource and scopes; never if another site may have started the request.
 *
 *   prompt → signed in → remembered → not from another site → grant → still remembered → redirect
 */
import { isLoopbackRedirect } from '../../lib/url.ts';
import type { Consented, ConsentTarget } from '../../core/records/consents.ts';
import { OAuthError } from '../../model/error.ts';
import { answerTo } from '../../model/redirect.ts';
import { requestedPart } from '../../model/scope.ts';
import { grantIdOf } from '../../model/token.ts';
import { revoke } from '../../model/grant-transitions.ts';
import { errorPage } from '../../pages/message.ts';
import { adviceFor, errorAnswer, type CheckedRequest, isTrusted, type RedirectedError } from './authorization-request.ts';
import { redirectTo } from '../sign-in/browser-context.ts';
import { isFirstPartyStart } from './first-party.ts';
import { grantTo } from './issue-code.ts';
import type { Call } from '../endpoint.ts';
import { upstreamAccountsOf } from '../sign-in/upstream-accounts.ts';
import { grantableScope, organizationOf } from './grantable-scopes.ts';
import type { ConfirmedScopes } from './confirm-scopes.ts';
import type { SignedIn } from '../sign-in/sign-in.ts';

/** A checked request with what the signed-in user allowed the client before, as just read. */
export type Asked = CheckedRequest & { readonly consented: readonly Consented[] };

/** What a request asks a user to consent to. */
export function targetOf({ client, redirect, resource }: CheckedRequest, { userId }: Pick<SignedIn, 'userId'>): ConsentTarget {
  return { userId, client, redirectUri: redirect, resource: resource.uri };
}

/** The redirect to the client, or null if the user has to be asked. */
export async function skipConsent(call: Call, request: Asked, user: SignedIn | null): Promise<Response | null> {
  const silent = request.prompt.includes('none');
  if (request.prompt.length > 0 && !silent) return null;
  const location = user && (await pass(call, request, user));
  if (location) return redirectTo(location);
  if (!silent) return null;
  const error = user
    ? new OAuthError('consent_required', 'prompt_none_consent')
    : new OAuthError('login_required', 'prompt_none_signed_out');
  const { client, redirect, state } = request;
  return answerError(
    call,
    {
      error,
      location: errorAnswer(call.as, redirect, state, error, await adviceFor(call.as, error)),
      isTrusted: isTrusted(client, redirect),
    },
    user,
  );
}

/** Sends an error to the client: by a redirect if the client is trusted or a user is signed in, else by a link that the user may follow. */
export async function answerError(
  { as, words }: Call,
  { error, location, isTrusted }: RedirectedError,
  user: SignedIn | null,
): Promise<Response> {
  as.emit({ kind: 'request.refused', endpoint: 'authorize', code: error.code, reason: error.reason });
  return isTrusted || user
    ? redirectTo(location)
    : errorPage({ error, words, brand: as.settings.brand, backTo: location, advice: await adviceFor(as, error) });
}

async function pass(call: Call, request: Asked, user: SignedIn): Promise<string | null> {
  const { as } = call;
  const { client, redirect, resource, challenge, state, jkt } = request;
  if (isLoopbackRedirect(redirect) || !isFirstPartyStart(call.request, client)) return null;
  const choice = await rememberedChoice(call, request, user, request.consented);
  if (!choice || !(await upstreamAccountsOf(call, user))) return null; // a disconnected account needs a new sign-in
  const code = await grantTo(call, {
    client,
    redirectUri: redirect,
    resource: resource.uri,
    challenge,
    user,
    choice,
    ...(jkt === undefined ? {} : { jkt }),
    ...requestedPart(request),
  });
  if (code === null) return null;
  // Revoking an app deletes the remembered consent first and ends grants second: a grant written between the two ends itself here.
  if (!(await rememberedChoice(call, request, user, await as.consents.find(targetOf(request, user))))) {
    await as.records.changeGrant(grantIdOf('code', code) ?? '', revoke('revoked', as.now()));
    return null;
  }
  return answerTo(redirect, { code, state, iss: as.settings.issuer });
}

/** The remembered consent, if it covers the request and leaves nothing to choose. */
async function rememberedChoice(
  call: Call,
  { client, scope }: CheckedRequest,
  user: SignedIn,
  entries: readonly Consented[],
): Promise<ConfirmedScopes | null> {
  const covering = entries.filter(({ remembered }) => isWithin(scope, call.as.settings.expandScopes(remembered)));
  const [entry] = covering;
  if (covering.length !== 1 || !entry || scope.length === 0) return null;
  const organization = organizationOf(user, entry.organization);
  if (organization === 'open' || organization?.id !== entry.organization) return null; // no longer a member (SEC-133)
  if ((await grantableScope(call, user, organization, scope, client)).length < scope.length) return null;
  return { scope, ...(organization ? { for: organization } : {}) };
}

function isWithin(asked: readonly string[], given: readonly string[]): boolean {
  return asked.every((one) => given.includes(one));
}
