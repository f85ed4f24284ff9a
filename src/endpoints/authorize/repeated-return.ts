/**
 * Again: a return from another site, or a step, that its browser sends a second time. What it proved is used up, so the second request
 * waits for what the first one comes to, and sends the browser to the same place. Where the first ended in a page, the person goes on
 * from the page before.
 */
import { type AnswerKey, findAnswer, keepAnswer } from '../../core/records/decision-answers.ts';
import { pause } from '../../lib/on-abort.ts';
import { isSameBrowser, repeatDecision } from './repeated-answer.ts';
import { expiredPage, findPending } from './pending.ts';
import { consentPage } from './consent-page.ts';
import type { Call } from '../endpoint.ts';
import { showLogin } from '../sign-in/show-login.ts';
import { cookieName, cookieOf, redirectTo, sessionFor } from '../sign-in/browser-context.ts';

/** Milliseconds that the second request waits. Where the first takes longer, its answer is found when the person presses the button again. */
const PATIENCE = 2500;
const FIRST_PAUSE = 25;
const MAX_PAUSE = 400;

/** Where a sign-in without an authorization request was sent, with the session that it began. */
interface Arrival {
  readonly location: string;
  readonly session: string;
  readonly cookie?: string;
}

/** Looks until there is an answer, the first request has ended in a page, or time is over. */
async function awaited(
  { runtime }: Call['as'],
  look: () => Promise<Response | null>,
  isDone: () => Promise<boolean>,
): Promise<Response | null> {
  let next = FIRST_PAUSE;
  for (let waited = 0; waited < PATIENCE; waited += next, next = Math.min(MAX_PAUSE, next * 2)) {
    const done = await isDone(); // asked before the look: an answer is kept before the record is marked
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
  const { scope: ticked, remember = false } = pending.approved ?? { scope: pending.scope };
  return consentPage(call, { ...waiting, session: await sessionFor(call, pending), ticked, remember });
}

/** The answer to a second request of a sign-in that leads to a path of ours. @param returnTo null where only the first could go there. */
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

/** Keeps what a sign-in came to, where it sends the browser on; false for a page. */
export async function keepReturn(call: Call, place: AnswerKey, browserHash: string, { status, headers }: Response): Promise<boolean> {
  const location = headers.get('location');
  if (status !== 303 || location === null) return false;
  const begun = `${cookieName(call.as, 'session')}=`;
  const cookie = headers.getSetCookie().find((line) => line.startsWith(begun));
  const token = cookie?.slice(begun.length).split(';', 1)[0] ?? cookieOf(call, 'session') ?? '';
  const answer: Arrival = { location, session: await call.as.secrets.hash(token), ...(cookie === undefined ? {} : { cookie }) };
  await keepAnswer(call.as, place, { answer, browserHash });
  return true;
}
