/**
 * Authorization endpoint (RFC 6749 §4.1.1). Checks the request, opens a pending authorization bound to this browser, and shows
 * the consent page: the client, the scopes and the redirect URI. Grants nothing.
 */
import { parseFields } from '../../lib/http.ts';
import { OAuthError } from '../../model/error.ts';
import { paramsOf, type Params } from '../../model/params.ts';
import { requestedPart } from '../../model/scope.ts';
import { localesOf } from '../../words/wanted.ts';
import { requestedParams, type RequestedParams, checkRequest, type CheckedRequest } from './authorization-request.ts';
import { consentPage, requestUrl } from './consent-page.ts';
import { openPending } from './pending.ts';
import { readForm, type Call } from '../endpoint.ts';
import { sessionOf, withLanguage } from '../sign-in/browser-context.ts';
import type { SignedIn } from '../sign-in/sign-in.ts';
import { answerError, type Asked, skipConsent, targetOf } from './skip-consent.ts';

const REQUESTS = 300;
const WINDOW = 600;

/** GET, HEAD and POST of the authorization endpoint. HEAD answers as GET would, and writes nothing. */
export async function authorize(call: Call): Promise<Response> {
  const { as, request, url } = call;
  const asked = await requestedParams(as, request.method === 'POST' ? await readForm(request) : paramsIn(url));
  const { session, checked } = await sessionAndRequest(call, asked);
  if ('location' in checked) return answerError(call, checked, checked.isTrusted ? null : session);
  if (request.method === 'HEAD')
    return new Response(null, { headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' } });
  // Signed-in users are counted by user: a flood from their network must not lock them out (SEC-228).
  const [wait, consented] = await Promise.all([
    as.limit(`authorize\n${session === null ? call.network : `user\n${session.userId}`}`, REQUESTS, WINDOW, as.place),
    session ? as.consents.find(targetOf(checked, session)) : [],
  ]);
  if (wait !== null) {
    throw new OAuthError('temporarily_unavailable', 'authorize_limited', {
      status: 429,
      hint: 'Too many sign-ins were started from this network. Wait a few minutes and try again.',
      headers: { 'retry-after': String(wait) },
    });
  }
  const lang = as.settings.languages.find(localesOf(asked.params.all('ui_locales')[0]));
  const waiting = checked.prompt.includes('none') ? null : await waits(await withLanguage(call, lang), asked, checked, session);
  if (waiting) return waiting; // a pushed request is not taken: the same one goes on when the client is approved
  const answer =
    (await skipConsent(call, { ...checked, consented }, session)) ??
    (await askConsent(await withLanguage(call, lang), { ...checked, consented }, session, lang));
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

async function askConsent(call: Call, checked: Asked, here: SignedIn | null, lang: string | null): Promise<Response> {
  const { client, redirect, state, resource, challenge, prompt, jkt, hint, consented } = checked;
  const stale = prompt.includes('login') ? here : null;
  const { cookie, ...opened } = await openPending(call.as, client, {
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
  const page = await consentPage(call, { ...opened, client, consented, session: stale ? null : here });
  page.headers.append('set-cookie', cookie);
  return page;
}
