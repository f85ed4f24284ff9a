/**
 * Trip: to another site and back from pages of our own, with no client waiting: signing in on the sign-in page, and joining
 * another sign-in to an account. It gives a session, never a code; what comes back is checked as in `callback`.
 *
 *   limit → the site's address → trip under the hash of its state → redirect … same login → same browser → trip taken → proof
 */
import { type ConnectionAsked, CONNECTION, connectionPath, fillSlot } from '../../core/vault/connections.ts';
import { endTripInPage, findTrip, openTrip, takeTrip } from '../../core/records/upstream-requests.ts';
import { joinIdentity } from '../../core/users/user-ids.ts';
import { equalTexts } from '../../lib/bytes.ts';
import type { Authenticated, SiteLogin } from '../../model/login.ts';
import type { Json, Seconds } from '../../model/store.ts';
import { PENDING_TTL } from '../../model/pending-authorization.ts';
import { sayIn } from '../../words/span.ts';
import { repeatedReturn, keepReturn } from './repeated-return.ts';
import { askStep } from '../sign-in/ask-step.ts';
import { otherBrowser, expiredPage } from './issue-code.ts';
import { checkAuthTime } from './check-auth-time.ts';
import { callbackPath } from '../paths.ts';
import type { Call } from '../endpoint.ts';
import { outsideOf } from '../sign-in/host-session.ts';
import { cookieOf, flowCookie, sessionOf, setCookie, withLanguage } from '../sign-in/browser-context.ts';
import { showLogin } from '../sign-in/show-login.ts';
import { redirectTo } from '../sign-in/require-session.ts';
import { admit, type NotSignedIn, servicesOf } from '../sign-in/sign-in.ts';
import { problemOf } from '../sign-in/upstream-problem.ts';

const DEPARTURES = 100;
const WINDOW = 600;

/** What a trip is for. */
export interface UpstreamPurpose {
  /** A path of ours. */
  readonly returnTo: string;
  /** The user whom the identity shall be joined to; without one, the trip signs in. */
  readonly joinTo?: string;
  /** What a tool asked for; with it, the trip brings tokens and nothing else. */
  readonly connect?: ConnectionAsked & { readonly secret: string };
  /** The person is signed in, and has to prove it once more. */
  readonly fresh?: boolean;
}

type Kept = Omit<UpstreamPurpose, 'fresh'> & { readonly keep: Json; readonly lang: string; readonly freshSince?: Seconds };

/** Sends the browser away, or tells what is wrong. */
export async function startUpstreamTrip(
  call: Call,
  login: SiteLogin,
  { fresh = false, ...errand }: UpstreamPurpose,
): Promise<Response | NotSignedIn> {
  const { as, words } = call;
  const { settings, secrets } = as;
  const wait = await as.limit(`depart\n${call.network}`, DEPARTURES, WINDOW);
  if (wait !== null) return { problem: words.signIn.limited(sayIn(wait, words)), status: 429, retryAfter: wait };
  const [state, browser] = [secrets.secret(), secrets.secret()];
  const stateHash = await secrets.hash(state);
  const redirectUri = settings.origin + callbackPath(settings.paths.authorize, login.id);
  const more = errand.connect && { scopes: errand.connect.scopes };
  const departure = await login.begin({ redirectUri, state, fresh, ...more }, servicesOf(call));
  if ('kind' in departure) {
    as.emit({ kind: 'login.failed', login: login.id, reason: departure.reason, network: call.network });
    const { text, status } = problemOf(departure, login, words);
    return { problem: text, status };
  }
  const kept: Kept = { ...errand, keep: departure.keep, lang: words.lang, ...(fresh ? { freshSince: as.now() } : {}) };
  const sealed = await secrets.sealUnder(state, kept, `trip:${stateHash}`);
  const browserHash = await secrets.hash(browser);
  await openTrip(as, stateHash, { v: 1, login: login.id, browserHash, sealed, expiresAt: as.now() + PENDING_TTL });
  const answer = redirectTo(departure.location, [setCookie(as, flowCookie(stateHash), browser, PENDING_TTL)]);
  answer.headers.set('referrer-policy', 'no-referrer');
  return answer;
}

/** The end of a trip; null where no trip has this state. */
export async function endUpstreamTrip(asked: Call, login: SiteLogin, state: string): Promise<Response | null> {
  const { as, url } = asked;
  const { settings, secrets } = as;
  const stateHash = await secrets.hash(state);
  const trip = await findTrip(as, stateHash);
  if (!trip || trip.login !== login.id) return null;
  const kept = (await secrets.openUnder(state, trip.sealed, `trip:${stateHash}`)) as Kept | null;
  if (!kept) throw new Error('A trip that was found by its state cannot be opened with it.');
  const call = await withLanguage(asked, kept.lang);
  const place = { hash: stateHash, secret: state };
  const again = (): Promise<Response> =>
    repeatedReturn(
      call,
      place,
      kept.joinTo === undefined && !kept.connect ? kept.returnTo : null,
      async () => (await findTrip(as, stateHash))?.taken !== 'now',
    );
  if (trip.taken !== undefined) return again();
  if (!equalTexts(await secrets.hash(cookieOf(asked, flowCookie(stateHash)) ?? ''), trip.browserHash))
    throw otherBrowser('another_browser');
  if (!(await takeTrip(as, stateHash))) return again();
  const redirectUri = settings.origin + callbackPath(settings.paths.authorize, login.id);
  const came = { request: outsideOf(call.request), redirectUri, state, parameters: url.searchParams, kept: kept.keep };
  const result = await checkAuthTime(call, login, await login.finish(came, servicesOf(call)), kept.freshSince);
  const answer = result.kind === 'proven' ? await arrive(call, login, result, kept) : await refused(call, login, result, kept);
  answer.headers.append('set-cookie', setCookie(as, flowCookie(stateHash), '', 0));
  if (!(await keepReturn(call, place, trip.browserHash, answer))) await endTripInPage(as, stateHash);
  return answer;
}

async function arrive(call: Call, login: SiteLogin, proven: Authenticated, { returnTo, joinTo, connect }: Kept): Promise<Response> {
  if (connect) return keepConnection(call, proven, connect);
  if (login.kind !== 'redirect') return expiredPage(call); // nobody signs in with it
  if (joinTo !== undefined) {
    const session = await sessionOf(call);
    if (session?.userId !== joinTo) return expiredPage(call); // signed out, or somebody else, by now
    const isStillThere = async (): Promise<boolean> => (await call.as.records.findSession(session.hash)) !== null;
    const joined = await joinIdentity(call.as, proven.identity, joinTo, isStillThere);
    if (!joined && !(await isStillThere())) return expiredPage(call);
    return redirectTo(joined ? returnTo : `${returnTo}?taken=1`);
  }
  const user = await admit(call, { login: login.id, proven });
  if (!user) return expiredPage(call);
  return 'step' in user ? askStep(call, user, { returnTo }) : redirectTo(returnTo, [user.cookie]);
}

/** Whoever comes back must still be the user whose tool asked, and the link is good once: nobody's account goes to somebody else (SEC-193). */
async function keepConnection(
  call: Call,
  { upstream }: Authenticated,
  { secret, ...asked }: NonNullable<UpstreamPurpose['connect']>,
): Promise<Response> {
  const { as } = call;
  if ((await sessionOf(call))?.userId !== asked.userId || !upstream) return expiredPage(call);
  if (!(await as.links.take(CONNECTION, secret))) return expiredPage(call);
  await fillSlot(as, asked, await as.vault.keep(asked.userId, upstream.account, upstream.tokens));
  as.emit({ kind: 'upstream.connected', provider: asked.provider, userId: asked.userId, clientId: asked.clientId });
  return redirectTo(`${connectionPath(as.settings)}?done=1`);
}

async function refused(
  call: Call,
  login: SiteLogin,
  result: Exclude<Awaited<ReturnType<SiteLogin['finish']>>, Authenticated>,
  { returnTo, connect }: Kept,
): Promise<Response> {
  call.as.emit({ kind: 'login.failed', login: login.id, reason: result.reason, network: call.network });
  if (connect) return redirectTo(`${returnTo}&problem=1`);
  const { text: error, status } = problemOf(result, login, call.words);
  return showLogin(call, { error, status, returnTo });
}
