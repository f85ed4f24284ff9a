/**
 * Repeats the answer to a request that is sent twice. Chromium drops the first response on a second click, so a browser that repeats a form, a
 * callback or a step gets the same redirect while the code in it is usable (SEC-128). Credentials work only once: a second request waits for
 * the result of the first. If that was a page, the user continues from the page before.
 */
import { type AnswerKey, findAnswer, keepAnswer, type StoredAnswer } from '../../core/records/sign-in-flow.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { isLive } from '../../model/grant.ts';
import type { Seconds } from '../../model/store.ts';
import { grantIdOf } from '../../model/token.ts';
import { requestDonePage } from '../../pages/message.ts';
import type { Call } from '../endpoint.ts';
import { cookieName, cookieOf, flowCookie, redirectTo } from '../sign-in/browser-context.ts';
import { sessionFor } from '../sign-in/session.ts';
import { pause } from '../../lib/async.ts';
import { expiredPage, showLogin } from '../sign-in/pages.ts';
import { type Decision, redirectBack, withdrawApproval } from './issue-code.ts';
import { findPending } from './pending.ts';
import { consentPage } from './consent-page.ts';

/** How long a redirect is repeated after its code was redeemed: the token response may have been lost. */
const REPEATED_FOR: Seconds = 10;

/** The same answer to a repeated form; null if this browser got none. @param decision of the repeated form. */
export async function repeatDecision(call: Call, pendingId: string, decision?: string): Promise<Response | null> {
  const { as, words } = call;
  const hash = await as.secrets.recordId(pendingId);
  const kept = await findAnswer<Decision>(as, { hash, secret: pendingId });
  if (!kept) return null;
  const { answer } = kept;
  if (answer.code === undefined) return decision === 'approve' ? null : redirectBack(call, hash, answer); // a denial discloses nothing new
  if (!(await isSameBrowser(call, hash, kept))) return null;
  if (answer.isDevice) return redirectBack(call, hash, answer);
  const grant = await as.records.findGrant(grantIdOf('code', answer.code) ?? '');
  if (!grant || !isLive(grant, as.now())) return null;
  if (grant.code?.spent && as.now() > answer.at + REPEATED_FOR) return requestDonePage({ brand: as.settings.brand, words });
  return redirectBack(call, hash, decision === 'deny' ? await withdrawApproval(call, answer) : answer);
}

/** Whether an answer is this browser's own: it still has the flow cookie, or the first answer has reached it and it has the session. */
export async function isSameBrowser(
  call: Call,
  flow: string,
  { browserHash, answer }: StoredAnswer<{ readonly session?: string }>,
): Promise<boolean> {
  const { secrets } = call.as;
  return (
    equalTexts(await secrets.hash(cookieOf(call, flowCookie(flow)) ?? ''), browserHash) ||
    equalTexts(await secrets.recordId(cookieOf(call, 'session') ?? ''), answer.session ?? '')
  );
}

/** Milliseconds that the second request waits. If the first takes longer, its answer is found when the user presses the button again. */
const PATIENCE = 2500;
const FIRST_PAUSE = 25;
const MAX_PAUSE = 400;

/** The redirect of a sign-in without an authorization request, with the session that it began. */
interface Arrival {
  readonly location: string;
  readonly session: string;
  readonly cookie: string | undefined;
}

/** Polls until there is an answer, the first request has ended in a page, or the time is over. */
async function awaited(
  { runtime }: Call['as'],
  look: () => Promise<Response | null>,
  isDone: () => Promise<boolean>,
): Promise<Response | null> {
  let next = FIRST_PAUSE;
  for (let waited = 0; waited < PATIENCE; waited += next, next = Math.min(MAX_PAUSE, next * 2)) {
    const done = await isDone(); // before reading: an answer is stored before the record is marked
    const answer = await look();
    if (answer || done) return answer;
    await (runtime.pause ? runtime.pause(next) : pause(next));
  }
  return look();
}

/** The answer to a second request of an authorization request's flow. @param isDone whether the first one has ended in a page. */
export async function repeatedStep(call: Call, pendingId: string, isDone: () => Promise<boolean>): Promise<Response> {
  const answer = await awaited(call.as, () => repeatDecision(call, pendingId), isDone);
  if (answer) return answer;
  const waiting = await findPending(call, pendingId);
  if (!waiting) return expiredPage(call);
  const { pending } = waiting;
  const { approved } = pending;
  const chosen = approved ? { ticked: approved.scope, remember: approved.remember === true } : {};
  return consentPage(call, { ...waiting, session: await sessionFor(call, pending), ...chosen });
}

/** The answer to a second request of a sign-in with a return path. @param returnTo null if only the first request could go there. */
export async function repeatedReturn(
  call: Call,
  place: AnswerKey,
  returnTo: string | null,
  isDone: () => Promise<boolean>,
): Promise<Response> {
  const look = async (): Promise<Response | null> => {
    const kept = await findAnswer<Arrival>(call.as, place);
    if (!kept) return null;
    return (await isSameBrowser(call, place.hash, kept)) ? redirectTo(kept.answer.location, [kept.answer.cookie]) : expiredPage(call);
  };
  return (
    (await awaited(call.as, look, isDone)) ??
    (returnTo === null ? expiredPage(call) : showLogin(call, { returnTo, error: call.words.message.over, status: 400 }))
  );
}

/** Stores the redirect that a sign-in ended in; false for a page. */
export async function keepReturn(call: Call, place: AnswerKey, browserHash: string, { status, headers }: Response): Promise<boolean> {
  const location = headers.get('location');
  if (status !== 303 || location === null) return false;
  const begun = `${cookieName(call.as, 'session')}=`;
  const cookie = headers.getSetCookie().find((line) => line.startsWith(begun));
  const token = cookie?.slice(begun.length).split(';', 1)[0] ?? cookieOf(call, 'session');
  const session = token ? await call.as.secrets.recordId(token) : ''; // an answer without a session is no other browser's
  const answer: Arrival = { location, session, cookie };
  await keepAnswer(call.as, place, { answer, browserHash });
  return true;
}
