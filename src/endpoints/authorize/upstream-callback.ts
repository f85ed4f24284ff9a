/**
 * Callback of an upstream login. The upstream provider is not called, and no parameter is trusted, until the state is known to be from this
 * server, for this login, from this browser and unused.
 *
 *   state → same login → (taken: same answer) → pending authorization → same browser → state taken → proof → fresh enough → answer
 */
import { CONNECTION_LINK, connectionPath, fillSlot } from '../../core/vault/connections.ts';
import {
  endUpstreamStateInPage,
  findUpstreamState,
  type FoundUpstreamState,
  isUpstreamStateDone,
  stateIn,
  takeUpstreamState,
} from '../../core/records/upstream-states.ts';
import { findUserId, linkIdentity } from '../../core/users/user-ids.ts';
import { OAuthError } from '../../model/error.ts';
import type { Authenticated, ReturnResult, SiteLogin } from '../../model/login.ts';
import { timeOfProof } from '../../model/proof.ts';
import { askStep } from '../sign-in/ask-step.ts';
import { keepReturn, repeatedReturn, repeatedStep } from './repeated-answer.ts';
import { issueCode, refuse } from './issue-code.ts';
import { consentPage } from './consent-page.ts';
import { expiredPage } from './expired-page.ts';
import { checkBrowser, findPending, type FoundPending } from './pending.ts';
import { redirectUriOf, type SealedPurpose } from './upstream-redirect.ts';
import type { Call } from '../endpoint.ts';
import { outsideOf } from '../sign-in/host-session.ts';
import { flowCookie, redirectTo, sessionFor, sessionOf, setCookie, withLanguage } from '../sign-in/browser-context.ts';
import { problemOf, showLogin } from '../sign-in/pages.ts';
import { admit, type NotSignedIn, servicesOf } from '../sign-in/sign-in.ts';
import type { Seconds } from '../../model/store.ts';

type PageOfOurs = Extract<SealedPurpose, { readonly returnTo: string }>;

/** A callback with a known state. */
interface Returned<Kept = SealedPurpose> extends FoundUpstreamState<Kept> {
  readonly login: SiteLogin;
  readonly state: string;
}

/** GET of a login's callback. */
export async function callback(asked: Call, login: SiteLogin): Promise<Response> {
  const state = stateIn(asked.url.href);
  const found = state === null ? null : await findUpstreamState<SealedPurpose>(asked.as, state);
  if (state === null || !found || found.record.login !== login.id) return expiredPage(asked);
  const call = await withLanguage(asked, found.kept.lang);
  const { kept } = found;
  return 'pendingId' in kept ? toRequest(call, { ...found, kept, login, state }) : toPage(call, { ...found, kept, login, state });
}

/** The return to a pending authorization. */
async function toRequest(call: Call, returned: Returned<Extract<SealedPurpose, { readonly pendingId: string }>>): Promise<Response> {
  const { as } = call;
  const { hash, record, kept } = returned;
  const repeat = (): Promise<Response> => repeatedStep(call, kept.pendingId, () => isUpstreamStateDone(as, hash));
  if (record.taken !== undefined) return repeat();
  const waiting = await findPending(call, kept.pendingId);
  if (!waiting || waiting.pending.approved?.stateHash !== hash) return expiredPage(call); // a later consent has replaced this state
  if (!(await takeUpstreamState(as, hash))) return repeat();
  const answer = await goOn(call, returned.login, await finish(call, returned), waiting);
  if (answer.status !== 303) await endUpstreamStateInPage(as, hash);
  return answer;
}

/** The return to a page of this server. */
async function toPage(call: Call, returned: Returned<PageOfOurs>): Promise<Response> {
  const { as } = call;
  const { hash, record, kept, login } = returned;
  const place = { hash, secret: returned.state };
  const returnTo = kept.joinTo === undefined && !kept.connect ? kept.returnTo : null;
  const repeat = (): Promise<Response> => repeatedReturn(call, place, returnTo, () => isUpstreamStateDone(as, hash));
  if (record.taken !== undefined) return repeat();
  await checkBrowser(call, hash, record.browserHash);
  if (!(await takeUpstreamState(as, hash))) return repeat();
  const result = await finish(call, returned);
  const answer = result.kind === 'proven' ? await arrive(call, login, result, kept) : await showProblem(call, login, result, kept);
  answer.headers.append('set-cookie', setCookie(as, flowCookie(hash), '', 0));
  if (!(await keepReturn(call, place, record.browserHash, answer))) await endUpstreamStateInPage(as, hash);
  return answer;
}

/** Takes the state, then lets the login process the callback. */
async function finish(call: Call, { login, state, kept }: Returned): Promise<ReturnResult> {
  const { as, request, url, network } = call;
  const came = {
    request: outsideOf(request),
    redirectUri: redirectUriOf(call, login),
    state,
    parameters: url.searchParams,
    kept: kept.keep,
  };
  const result = await checkAuthTime(call, login, await login.finish(came, servicesOf(call)), kept.freshSince);
  if (result.kind !== 'proven') as.emit({ kind: 'login.failed', login: login.id, reason: result.reason, network });
  return result;
}

/** Continues the authorization request. */
async function goOn(call: Call, login: SiteLogin, result: ReturnResult, waiting: FoundPending): Promise<Response> {
  const { pending } = waiting;
  if (result.kind === 'proven') {
    const user = await admit(call, { login: login.id, proven: result });
    if (!user) return expiredPage(call);
    if ('problem' in user) return askAgain(call, waiting, user);
    const { stateHash: _spent, ...choice } = pending.approved ?? { stateHash: '', scope: [] };
    if ('step' in user) return askStep(call, user, { pendingId: waiting.pendingId, choice });
    return issueCode(call, { ...waiting, user, choice });
  }
  if (result.kind === 'declined') return refuse(call, waiting, new OAuthError(result.error, result.reason));
  const page = await askAgain(call, waiting, problemOf(result, login, call.words));
  if ('retryAfter' in result && result.retryAfter !== undefined) page.headers.set('retry-after', String(result.retryAfter));
  return page;
}

/** The consent page again, with the error. */
async function askAgain(call: Call, waiting: FoundPending, problem: NotSignedIn): Promise<Response> {
  const { pending } = waiting;
  const { scope: ticked, remember = false } = pending.approved ?? { scope: pending.scope };
  return consentPage(call, { ...waiting, session: await sessionFor(call, pending), ticked, remember, problem });
}

/** Continues to a page of this server: with a session, a linked login or a connected account. */
async function arrive(call: Call, login: SiteLogin, proven: Authenticated, { returnTo, joinTo, connect }: PageOfOurs): Promise<Response> {
  if (connect) return keepConnection(call, proven, connect);
  if (login.kind !== 'redirect') return expiredPage(call); // the options have changed: no longer a login
  if (joinTo !== undefined) {
    const session = await sessionOf(call);
    if (session?.userId !== joinTo) return expiredPage(call); // signed out meanwhile, or another user signed in
    const isStillThere = async (): Promise<boolean> => (await call.as.records.findSession(session.hash)) !== null;
    const joined = await linkIdentity(call.as, proven.identity, joinTo, isStillThere);
    if (!joined && !(await isStillThere())) return expiredPage(call);
    return redirectTo(joined ? returnTo : `${returnTo}?taken=1`);
  }
  const user = await admit(call, { login: login.id, proven });
  if (!user) return expiredPage(call);
  if ('problem' in user) return showLogin(call, { error: user.problem, status: user.status, returnTo });
  return 'step' in user ? askStep(call, user, { returnTo }) : redirectTo(returnTo, [user.cookie]);
}

/** Only the user of the tool may return, and the link works once: an account is never connected to another user (SEC-193). */
async function keepConnection(
  call: Call,
  { upstream }: Authenticated,
  { secret, ...asked }: NonNullable<PageOfOurs['connect']>,
): Promise<Response> {
  const { as } = call;
  if ((await sessionOf(call))?.userId !== asked.userId || !upstream) return expiredPage(call);
  if (!(await as.links.take(CONNECTION_LINK, secret))) return expiredPage(call);
  await fillSlot(as, asked, await as.vault.keep(asked.userId, upstream.account, upstream.tokens));
  as.emit({ kind: 'upstream.connected', provider: asked.provider, userId: asked.userId, clientId: asked.clientId });
  return redirectTo(`${connectionPath(as.settings)}?done=1`);
}

async function showProblem(
  call: Call,
  login: SiteLogin,
  result: Exclude<ReturnResult, Authenticated>,
  { returnTo, connect }: PageOfOurs,
): Promise<Response> {
  if (connect) return redirectTo(`${returnTo}&problem=1`);
  const { problem: error, status } = problemOf(result, login, call.words);
  return showLogin(call, { error, status, returnTo });
}

/** Allowed clock skew in seconds. */
const SKEW: Seconds = 60;

/**
 * Rejects a result if fresh authentication was required and is missing, unless a second factor follows.
 *
 * @param since when the redirect was sent; undefined if no fresh authentication is required.
 */
export async function checkAuthTime(call: Call, login: SiteLogin, result: ReturnResult, since: Seconds | undefined): Promise<ReturnResult> {
  if (since === undefined || result.kind !== 'proven') return result;
  const provenAt = timeOfProof(result.authenticatedAt, call.as.now());
  if (provenAt >= since - SKEW) return result;
  if (await hasSecondFactor(call, result)) return result;
  if (provenAt > 0) return { kind: 'refused', reason: 'proof_too_old' };
  return { kind: 'refused', reason: 'proof_without_time', text: (words) => words.site.noTime(login.label) };
}

/** Writes nothing for a browser that never signed in. */
async function hasSecondFactor(call: Call, { identity, multiFactor }: Authenticated): Promise<boolean> {
  const { secondFactor } = call.as.settings;
  const userId = secondFactor && !multiFactor ? await findUserId(call.as, identity) : null;
  if (!secondFactor || userId === null) return false;
  return (await secondFactor.ask(userId, servicesOf(call))) !== null;
}
