/**
 * Callback: a browser comes back from another site. Nothing is asked of that site before the state is known to be this
 * server's, this login's, this browser's and unused; what came is believed only after that.
 *
 *   state → journey → same login → (taken: the same answer again) → pending waits for it → same browser → journey taken → proof → (told no | page) → conclude
 */
import { findClient } from '../../clients/find.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { parseFields } from '../../lib/form.ts';
import { OAuthError } from '../../model/error.ts';
import type { Client } from '../../model/client.ts';
import type { RedirectLogin, SiteLogin } from '../../model/login.ts';
import type { ValidRedirect } from '../../model/redirect.ts';
import { redirectOf, type PendingAuthorization } from '../../model/pending-authorization.ts';
import { paramsOf } from '../../model/params.ts';
import { askStep } from '../sign-in/ask-step.ts';
import { repeatedStep } from './repeated-return.ts';
import { issueCode, otherBrowser, expiredPage, refuse } from './issue-code.ts';
import { consentPage } from './consent-page.ts';
import type { SealedUpstreamState } from './upstream-redirect.ts';
import { callbackPath } from '../paths.ts';
import { checkAuthTime } from './check-auth-time.ts';
import type { Call } from '../endpoint.ts';
import { outsideOf } from '../sign-in/host-session.ts';
import { cookieOf, flowCookie, sessionFor, withLanguage } from '../sign-in/browser-context.ts';
import { admit, servicesOf } from '../sign-in/sign-in.ts';
import { problemOf } from '../sign-in/upstream-problem.ts';
import { endUpstreamTrip } from './upstream-trip.ts';

/** GET of a login's callback. */
export async function callback(asked: Call, login: SiteLogin): Promise<Response> {
  const { as, url } = asked;
  const { secrets, records } = as;
  const state = stateIn(url);
  if (state === null) return expiredPage(asked);
  const stateHash = await secrets.hash(state);
  const journey = await records.findJourney(stateHash);
  if (!journey || login.kind !== 'redirect') return (await endUpstreamTrip(asked, login, state)) ?? expiredPage(asked);
  if (journey.login !== login.id) return expiredPage(asked);
  const isDone = async (): Promise<boolean> => (await records.findJourney(stateHash))?.taken !== 'now';
  const opened = (await secrets.openUnder(state, journey.sealed, `journey:${stateHash}`)) as SealedUpstreamState | null;
  if (!opened) throw new Error('A journey that was found by its state cannot be opened with it.');
  if (journey.taken !== undefined) return repeatedStep(asked, opened.pendingId, isDone);
  const pending = await records.findPending(journey.pendingHash);
  const call = await withLanguage(asked, pending?.lang);
  if (!pending || pending.approved?.stateHash !== stateHash) return expiredPage(call);
  const cookie = cookieOf(call, flowCookie(journey.pendingHash));
  if (!equalTexts(await secrets.hash(cookie ?? ''), pending.browserHash)) throw otherBrowser('another_browser');
  const client = pending.described ?? (await findClient(as, pending.clientId));
  if (!client) return expiredPage(call);
  const redirect = redirectOf(pending, client, call.as.settings.registration.redirectSchemes); // it must still be good
  if (!(await records.takeJourney(stateHash))) return repeatedStep(call, opened.pendingId, isDone);

  const answer = await finish(call, login, { state, pending, client, redirect, opened });
  if (answer.status !== 303) await records.endJourneyInPage(stateHash);
  return answer;
}

/** A return that was taken by this very request. */
interface Returned {
  readonly state: string;
  readonly pending: PendingAuthorization;
  readonly client: Client;
  readonly redirect: ValidRedirect;
  readonly opened: SealedUpstreamState;
}

async function finish(call: Call, login: RedirectLogin, { state, pending, client, redirect, opened }: Returned): Promise<Response> {
  const { as, url } = call;
  const { settings } = as;
  const { pendingId } = opened;
  const redirectUri = settings.origin + callbackPath(settings.paths.authorize, login.id);
  const came = { request: outsideOf(call.request), redirectUri, state, parameters: url.searchParams, kept: opened.keep };
  const result = await checkAuthTime(call, login, await login.finish(came, servicesOf(call)), opened.freshSince);
  if (result.kind === 'proven') {
    const user = await admit(call, { login: login.id, proven: result });
    if (!user) return expiredPage(call);
    const { stateHash: _spent, ...choice } = pending.approved ?? { stateHash: '', scope: [] };
    if ('step' in user) return askStep(call, user, { pendingId, choice });
    return issueCode(call, { pending, pendingId, client, redirect, user, choice });
  }
  as.emit({ kind: 'login.failed', login: login.id, reason: result.reason, network: call.network });
  if (result.kind === 'declined')
    return refuse(call, { pending, pendingId, client, redirect }, new OAuthError(result.error, result.reason));
  const { scope: ticked, remember = false } = pending.approved ?? { scope: pending.scope };
  const showing = { pending, pendingId, client, session: await sessionFor(call, pending), ticked, remember };
  const page = await consentPage(call, { ...showing, problem: problemOf(result, login, call.words) });
  if ('retryAfter' in result && result.retryAfter !== undefined) page.headers.set('retry-after', String(result.retryAfter));
  return page;
}

/** The state, if it stands once and has the shape of ours. */
function stateIn(url: URL): string | null {
  const fields = parseFields(url.search.slice(1));
  const state = fields && paramsOf(fields).optional('state');
  return state && /^[\w-]{43}$/.test(state) ? state : null;
}
