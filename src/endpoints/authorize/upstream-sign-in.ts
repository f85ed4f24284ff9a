/**
 * Sign-in with an upstream login: sends the browser to the provider, and answers its callback. For an authorization request the redirect comes
 * after the consent: if state or cookie were set earlier, an attacker's link could skip the consent page (confused deputy; S-171, SEC-138). At the
 * callback the provider is not called, and no parameter is trusted, until the state is known to be from this server, for this login, from this
 * browser and unused.
 *
 *   redirect: limit → the provider's URL → consent on the pending authorization → state, sealed → redirect
 *   callback: state → same login → (taken: same answer) → pending authorization → same browser → state taken → proof → fresh enough → answer
 */
import {
  endUpstreamStateInPage,
  findUpstreamState,
  type FoundUpstreamState,
  isUpstreamStateDone,
  newState,
  openUpstreamState,
  stateIn,
  takeUpstreamState,
} from '../../core/records/sign-in-flow.ts';
import { findUserId, linkIdentity } from '../../core/users/identities.ts';
import { CONNECTION_LINK, connectionPath, type ConnectionRequest, fillSlot } from '../../core/vault/connections.ts';
import { OAuthError } from '../../model/error.ts';
import type { Authenticated, ReturnResult, SiteLogin } from '../../model/login.ts';
import { type Choice, PENDING_TTL } from '../../model/pending-authorization.ts';
import type { Json, Seconds } from '../../model/store.ts';
import { sayIn } from '../../words/words.ts';
import { type Call, callbackPath } from '../endpoint.ts';
import { cookieOf, flowCookie, redirectTo, setCookie, withLanguage } from '../sign-in/browser-context.ts';
import { outsideOf, sessionFor, sessionOf, timeOfProof } from '../sign-in/session.ts';
import { expiredPage, problemOf, showLogin } from '../sign-in/pages.ts';
import { admit, type NotSignedIn, servicesOf } from '../sign-in/sign-in.ts';
import { consentPage } from './consent-page.ts';
import { issueCode, refuse } from './issue-code.ts';
import { approvePending, checkBrowser, findPending, type FoundPending } from './pending.ts';
import { keepReturn, repeatedReturn, repeatedStep } from './repeated-answer.ts';
import { askStep } from './step.ts';

const REDIRECTS = 100;
const WINDOW = 600;
/** Allowed clock skew in seconds. */
const SKEW: Seconds = 60;

/** A return to a page of this server. */
type PageOfOurs = {
  /** A path of ours. */
  readonly returnTo: string;
  /** The user to link the identity to; without one, the return signs in. */
  readonly joinTo?: string;
  /** The connection that a tool asked for; with it, the return brings tokens and nothing else. */
  readonly connect?: ConnectionRequest & { readonly secret: string };
};

/** The purpose of the redirect: an authorization request that the user has approved, or a page of this server. */
export type UpstreamPurpose =
  | (Pick<FoundPending, 'pendingId' | 'pendingHash' | 'pending'> & { readonly choice: Choice })
  /** `fresh`: the user is signed in, and has to authenticate again. */
  | (PageOfOurs & { readonly fresh?: boolean });

/** What is sealed into an upstream state. */
type SealedPurpose = ({ readonly pendingId: string } | PageOfOurs) & {
  /** What the login needs at the return. */
  readonly keep: Json;
  readonly lang: string;
  /** The time of the redirect, if the user has to authenticate again. */
  readonly freshSince?: Seconds;
};

/** Redirects the browser, or returns an error page. */
export async function redirectToUpstream(call: Call, login: SiteLogin, purpose: UpstreamPurpose): Promise<Response | NotSignedIn> {
  const { as, words } = call;
  const wait = await as.limit(`depart\n${call.network}`, REDIRECTS, WINDOW, as.place);
  if (wait !== null) return { problem: words.signIn.limited(sayIn(wait, words)), status: 429, retryAfter: wait };
  const { state, hash } = await newState(as);
  const [asked, mustProve] = requestFor(purpose);
  const away = await login.begin({ redirectUri: redirectUriOf(call, login), state, ...asked }, servicesOf(call));
  if ('kind' in away) {
    as.emit({ kind: 'login.failed', login: login.id, reason: away.reason, network: call.network });
    const { problem, status } = problemOf(away, login, words);
    return { problem, status };
  }
  const flow = 'pendingId' in purpose ? await approve(call, purpose, hash) : newFlow(call, hash);
  if (!flow) return expiredPage(call);
  const { cookie, browser, pendingHash, expiresAt } = flow;
  const kept: SealedPurpose = { ...keptOf(purpose), keep: away.keep, lang: words.lang, ...(mustProve ? { freshSince: as.now() } : {}) };
  const record = { login: login.id, pendingHash, browserHash: await as.secrets.hash(browser), expiresAt };
  await openUpstreamState(as, { state, hash }, record, kept);
  return redirectTo(away.location, [setCookie(as, cookie, browser, PENDING_TTL)]);
}

/** The redirect URI at the provider. */
export function redirectUriOf({ as: { settings } }: Call, login: SiteLogin): string {
  return settings.origin + callbackPath(settings.paths.authorize, login.id);
}

/** The parameters of the request to the provider, and whether its answer must prove a fresh sign-in. */
function requestFor(
  purpose: UpstreamPurpose,
): [{ readonly fresh: boolean; readonly hint?: string; readonly scopes?: readonly string[] }, boolean] {
  if ('pendingId' in purpose) {
    const { hint, staleSession, mustProve = false } = purpose.pending;
    return [{ fresh: staleSession !== undefined, ...(hint === undefined ? {} : { hint }) }, mustProve];
  }
  const { fresh = false, connect } = purpose;
  return [{ fresh, ...(connect ? { scopes: connect.scopes } : {}) }, fresh];
}

function keptOf(purpose: UpstreamPurpose): { readonly pendingId: string } | PageOfOurs {
  if ('pendingId' in purpose) return { pendingId: purpose.pendingId };
  const { fresh: _fresh, ...rest } = purpose;
  return rest;
}

/** The browser and the record that a state is bound to. */
interface UpstreamFlow {
  readonly cookie: string;
  readonly browser: string;
  readonly pendingHash: string | null;
  readonly expiresAt: Seconds;
}

/** Records the consent on the pending authorization and extends its cookie for the time the sign-in may take; null if it is over. */
async function approve(
  call: Call,
  { pendingHash, choice }: Extract<UpstreamPurpose, { readonly pendingId: string }>,
  stateHash: string,
): Promise<UpstreamFlow | null> {
  const { as } = call;
  const pending = await as.records.changePending(pendingHash, (one) => approvePending(one, { ...choice, stateHash }, as.now()));
  const cookie = flowCookie(pendingHash);
  return pending && { cookie, browser: cookieOf(call, cookie) ?? '', pendingHash, expiresAt: pending.expiresAt };
}

function newFlow({ as }: Call, stateHash: string): UpstreamFlow {
  return { cookie: flowCookie(stateHash), browser: as.secrets.secret(), pendingHash: null, expiresAt: as.now() + PENDING_TTL };
}

/** What is sealed for a return to a page of this server. */
type SealedPage = Extract<SealedPurpose, { readonly returnTo: string }>;

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
async function toPage(call: Call, returned: Returned<SealedPage>): Promise<Response> {
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
  const found = await checkAuthTime(call, login, await login.finish(came, servicesOf(call)), kept.freshSince);
  const isSignIn = 'pendingId' in kept || (kept.joinTo === undefined && !kept.connect);
  const ifNew = found.kind === 'proven' && isSignIn ? found.ifNew : undefined;
  const result = ifNew && 'identity' in found && (await findUserId(as, found.identity)) === null ? ifNew : found;
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
async function arrive(call: Call, login: SiteLogin, proven: Authenticated, { returnTo, joinTo, connect }: SealedPage): Promise<Response> {
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
  { secret, ...asked }: NonNullable<SealedPage['connect']>,
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
  { returnTo, connect }: SealedPage,
): Promise<Response> {
  if (connect) return redirectTo(`${returnTo}&problem=1`);
  const { problem: error, status } = problemOf(result, login, call.words);
  return showLogin(call, { error, status, returnTo });
}

/**
 * Rejects a result if fresh authentication was required and is missing, unless a second factor follows.
 *
 * @param since when the redirect was sent; undefined if no fresh authentication is required.
 */
async function checkAuthTime(call: Call, login: SiteLogin, result: ReturnResult, since: Seconds | undefined): Promise<ReturnResult> {
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
