/**
 * Depart: the yes is written, and only now the browser is sent to another site to prove who it is. Were state or cookie
 * made any earlier, somebody else's link could skip the consent page (the confused deputy; S-171, SEC-138).
 *
 *   limit → the site's address → yes on the pending authorization → journey under the hash of its state → redirect
 */
import type { HtmlValue } from '../../lib/html.ts';
import type { RedirectLogin } from '../../model/login.ts';
import type { Json, Seconds } from '../../model/store.ts';
import { approvePending, type Choice, PENDING_TTL } from '../../model/pending-authorization.ts';
import { sayIn } from '../../words/span.ts';
import { expiredPage } from './issue-code.ts';
import type { Consent } from './consent-page.ts';
import type { Call } from '../endpoint.ts';
import { cookieOf, flowCookie, setCookie } from '../sign-in/browser-context.ts';
import { callbackPath } from '../paths.ts';
import { servicesOf } from '../sign-in/sign-in.ts';
import { problemOf } from '../sign-in/upstream-problem.ts';

const DEPARTURES = 100;
const WINDOW = 600;

/** A yes on its way to its proof. */
export interface UpstreamRedirecting {
  readonly showing: Consent;
  readonly choice: Choice;
  readonly login: RedirectLogin;
  /** The page once more. */
  readonly again: (text: HtmlValue, status: number) => Promise<Response>;
}

/** What is sealed into a journey. */
export type SealedUpstreamState = {
  readonly keep: Json;
  readonly pendingId: string;
  /** When the journey began, where the person has to prove anew who they are. */
  readonly freshSince?: Seconds;
};

/** Sends the browser away. */
export async function redirectToUpstream(call: Call, { showing, choice, login, again }: UpstreamRedirecting): Promise<Response> {
  const { as } = call;
  const { settings, secrets, records } = as;
  const wait = await as.limit(`depart\n${call.network}`, DEPARTURES, WINDOW);
  if (wait !== null) return again(call.words.signIn.limited(sayIn(wait, call.words)), 429);
  const state = secrets.secret();
  const [stateHash, pendingHash] = [await secrets.hash(state), await secrets.hash(showing.pendingId)];
  const redirectUri = settings.origin + callbackPath(settings.paths.authorize, login.id);
  const { hint, staleSession, mustProve } = showing.pending;
  const fresh = staleSession !== undefined;
  const away = await login.begin({ redirectUri, state, fresh, ...(hint === undefined ? {} : { hint }) }, servicesOf(call));
  if ('kind' in away) {
    as.emit({ kind: 'login.failed', login: login.id, reason: away.reason, network: call.network });
    const { text, status } = problemOf(away, login, call.words);
    return again(text, status);
  }
  const pending = await records.changePending(pendingHash, (one) => approvePending(one, { ...choice, stateHash }, as.now()));
  if (!pending) return expiredPage(call);
  const kept: SealedUpstreamState = { keep: away.keep, pendingId: showing.pendingId, ...(mustProve ? { freshSince: as.now() } : {}) };
  const sealed = await secrets.sealUnder(state, kept, `journey:${stateHash}`);
  await records.openJourney(stateHash, { v: 1, login: login.id, pendingHash: pendingHash, sealed, expiresAt: pending.expiresAt });
  const answer = new Response(null, {
    status: 303,
    headers: { location: away.location, 'cache-control': 'no-store, private', 'referrer-policy': 'no-referrer' },
  });
  const name = flowCookie(pendingHash); // the same secret, for as long as the journey may take
  answer.headers.append('set-cookie', setCookie(as, name, cookieOf(call, name) ?? '', PENDING_TTL));
  return answer;
}
