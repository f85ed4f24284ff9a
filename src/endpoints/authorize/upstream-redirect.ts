/**
 * Upstream redirect: sends the browser to an upstream provider to sign in, or to connect an account. For an authorization request this comes
 * after the consent: if state or cookie were set earlier, an attacker's link could skip the consent page (confused deputy; S-171, SEC-138).
 *
 *   limit → the provider's URL → consent on the pending authorization → state, sealed → redirect
 */
import type { ConnectionRequest } from '../../core/vault/connections.ts';
import { newState, openUpstreamState } from '../../core/records/upstream-states.ts';
import type { SiteLogin } from '../../model/login.ts';
import type { Json, Seconds } from '../../model/store.ts';
import { approvePending, type Choice, PENDING_TTL } from '../../model/pending-authorization.ts';
import { sayIn } from '../../words/words.ts';
import { expiredPage } from './expired-page.ts';
import { type FoundPending } from './pending.ts';
import { type Call, callbackPath } from '../endpoint.ts';
import { cookieOf, flowCookie, redirectTo, setCookie } from '../sign-in/browser-context.ts';
import { type NotSignedIn, servicesOf } from '../sign-in/sign-in.ts';
import { problemOf } from '../sign-in/pages.ts';

const REDIRECTS = 100;
const WINDOW = 600;

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
export type SealedPurpose = ({ readonly pendingId: string } | PageOfOurs) & {
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
