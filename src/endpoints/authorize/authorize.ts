/**
 * Authorization endpoint (RFC 6749 §4.1.1). Checks the request, opens a pending authorization bound to this browser, and shows
 * the consent page: the client, the scopes and the redirect URI. Grants without a page only what a remembered consent of the
 * signed-in user covers.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import type { Consented, ConsentTarget } from '../../core/records/consents.ts';
import { parseFields } from '../../lib/http.ts';
import { isLoopbackRedirect } from '../../lib/url.ts';
import { OAuthError } from '../../model/error.ts';
import { revoke } from '../../model/grant-transitions.ts';
import { type Params, paramsOf } from '../../model/params.ts';
import { answerTo } from '../../model/redirect.ts';
import { requestedPart } from '../../model/scope.ts';
import { grantIdOf } from '../../model/token.ts';
import { errorPage } from '../../pages/message.ts';
import { type Call, readForm } from '../endpoint.ts';
import { isFirstPartyStart, localesOf, redirectTo, withLanguage } from '../sign-in/browser-context.ts';
import { sessionOf, upstreamAccountsOf } from '../sign-in/session.ts';
import type { SignedIn } from '../sign-in/sign-in.ts';
import {
  adviceFor,
  type CheckedRequest,
  checkRequest,
  errorAnswer,
  isTrusted,
  type RedirectedError,
  requestedParams,
  type RequestedParams,
} from './authorization-request.ts';
import { consentPage, requestUrl } from './consent-page.ts';
import { type ConfirmedScopes, grantTo } from './issue-code.ts';
import { counted, grantableScope, type OpenedPending, openPending, organizationOf } from './pending.ts';

/** GET, HEAD and POST of the authorization endpoint. HEAD answers as GET would, and writes nothing. */
export async function authorize(call: Call): Promise<Response> {
  const { as, request, url } = call;
  const asked = await requestedParams(as, request.method === 'POST' ? await readForm(request) : paramsIn(url));
  const { session, checked } = await sessionAndRequest(call, asked);
  if ('location' in checked) return answerError(call, checked, checked.isTrusted ? null : session);
  if (request.method === 'HEAD')
    return new Response(null, { headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' } });
  const lang = as.settings.languages.find(localesOf(asked.params.all('ui_locales')[0]));
  // Signed-in users are counted by user: a flood from their network must not lock them out (SEC-228).
  const who = session === null ? call.network : `user\n${session.userId}`;
  const isSilent = checked.prompt.includes('none');
  const isOnlyPage = session === null && !isSilent && as.settings.clientPolicy === null;
  const open = (): Promise<OpenedPending> => openAsked(as, checked, session, lang);
  const opened = isOnlyPage ? await counted(as, who, open) : null;
  const consented = opened ? [] : await counted(as, who, async () => (session ? as.consents.find(targetOf(checked, session)) : []));
  const inLanguage = await withLanguage(call, lang);
  const waiting = isSilent ? null : await waits(inLanguage, asked, checked, session);
  if (waiting) return waiting; // a pushed request is not taken: the same one goes on when the client is approved
  const answer =
    (await skipConsent(call, { ...checked, consented }, session)) ??
    (await askConsent(inLanguage, { ...checked, consented }, session, opened ?? (await open())));
  await asked.take(); // last, so that a request that fails can be sent again
  return answer;
}

/** Who is signed in, and the checked request; session and client are read at the same time. */
async function sessionAndRequest(
  call: Call,
  asked: RequestedParams,
): Promise<{ readonly session: SignedIn | null; readonly checked: Awaited<ReturnType<typeof checkRequest>> }> {
  const { as, network } = call;
  if (!as.store.readStale) {
    const [session, checked] = await Promise.all([sessionOf(call), checkRequest(as, asked, network)]);
    return { session, checked };
  }
  // A cached client is enough if the result can only be a page. A redirect to the client, or a grant without a page, needs its record.
  const session = await sessionOf(call);
  const seen = session === null ? await checkRequest(as, asked, network, true) : null;
  const isEnough = seen !== null && !('location' in seen) && seen.prompt.length === 0;
  return { session, checked: isEnough ? seen : await checkRequest(as, asked, network) };
}

function paramsIn(url: URL): Params {
  const fields = parseFields(url.search.slice(1));
  if (!fields) throw new OAuthError('invalid_request', 'query_malformed', { hint: 'The query is not well-formed UTF-8.' });
  return paramsOf(fields);
}

async function waits(call: Call, asked: RequestedParams, checked: CheckedRequest, session: SignedIn | null): Promise<Response | null> {
  if (call.as.settings.clientPolicy === null) return null;
  const { waitingClientPage } = await import('./waiting-client.ts');
  const { client, redirect: redirectUri, state, resource, challenge, jkt } = checked;
  const request = { ...requestedPart(checked), clientId: client.id, redirectUri, state, resource: resource.uri, challenge, jkt };
  const again = async (): Promise<string> => requestUrl(call.as, request, client, asked.isPushed);
  return waitingClientPage(call, client, again, session?.userId);
}

function openAsked(as: AuthServer, checked: CheckedRequest, here: SignedIn | null, lang: string | null): Promise<OpenedPending> {
  const { client, redirect, state, resource, challenge, jkt, hint } = checked;
  const stale = staleIn(checked, here);
  return openPending(as, client, {
    ...requestedPart(checked),
    redirectUri: redirect,
    state,
    resource: resource.uri,
    challenge,
    jkt,
    lang: lang ?? undefined,
    hint,
    ...(stale ? { staleSession: stale.hash, mustProve: true } : {}),
  });
}

/** The session that does not count, since the client asks for a new sign-in. */
function staleIn({ prompt }: CheckedRequest, here: SignedIn | null): SignedIn | null {
  return prompt.includes('login') ? here : null;
}

async function askConsent(call: Call, checked: Asked, here: SignedIn | null, { cookie, ...opened }: OpenedPending): Promise<Response> {
  const { client, consented } = checked;
  const page = await consentPage(call, { ...opened, client, consented, session: staleIn(checked, here) ? null : here });
  page.headers.append('set-cookie', cookie);
  return page;
}

/** A checked request with what the signed-in user allowed the client before, as just read. */
type Asked = CheckedRequest & { readonly consented: readonly Consented[] };

/** What a request asks a user to consent to. */
function targetOf({ client, redirect, resource }: CheckedRequest, { userId }: Pick<SignedIn, 'userId'>): ConsentTarget {
  return { userId, client, redirectUri: redirect, resource: resource.uri };
}

/**
 * The redirect to the client without a consent page, or null if the user has to be asked. Only for a signed-in user with a remembered consent
 * for the same client, redirect URI, resource and scopes; never if another site may have started the request.
 *
 *   prompt → signed in → remembered → not from another site → grant → still remembered → redirect
 */
async function skipConsent(call: Call, request: Asked, user: SignedIn | null): Promise<Response | null> {
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
async function answerError({ as, words }: Call, { error, location, isTrusted }: RedirectedError, user: SignedIn | null): Promise<Response> {
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
