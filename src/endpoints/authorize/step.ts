/**
 * Steps: the later pages of a sign-in, such as a second factor, for the consent page and the sign-in page. A user is signed in only after the
 * last step, and each step is taken once, however many tabs or requests send it (SEC-158, SEC-160).
 *
 *   opened: limit → consent on the pending authorization → step under the hash of its secret → page, and the cookie that binds it to this browser
 *   posted: same origin → step → same browser → request still waits for it → (start again) → attempt counted → proof → step taken → issueCode
 */
import {
  type AnswerKey,
  dropStep,
  endStepInPage,
  findStep,
  openStep,
  spendTry,
  type StepRecord,
  takeStep,
} from '../../core/records/sign-in-flow.ts';
import { html } from '../../lib/html.ts';
import { OAuthError } from '../../model/error.ts';
import { type Authenticated, type IdentifierLogin, identifierLogins, isForm, type Steps } from '../../model/login.ts';
import type { Params } from '../../model/params.ts';
import { type Choice, PENDING_TTL } from '../../model/pending-authorization.ts';
import type { SecondFactorPassed, Settings } from '../../model/settings.ts';
import type { Json } from '../../model/store.ts';
import { stepPage } from '../../pages/login.ts';
import { say } from '../../words/words.ts';
import { type Call, readForm } from '../endpoint.ts';
import { cookieOf, flowCookie, isSameOrigin, redirectTo, scriptHashOf, setCookie, withLanguage } from '../sign-in/browser-context.ts';
import { sessionFor, signInUrl } from '../sign-in/session.ts';
import { expiredPage, showLogin } from '../sign-in/pages.ts';
import {
  admit,
  type FirstProof,
  type NextStep,
  type NotSignedIn,
  notSignedIn,
  servicesOf,
  type SignedIn,
  startSession,
} from '../sign-in/sign-in.ts';
import { consentPage } from './consent-page.ts';
import { issueCode } from './issue-code.ts';
import { approvePending, checkBrowser, findPending, type FoundPending, otherBrowser } from './pending.ts';
import { keepReturn, repeatedReturn, repeatedStep } from './repeated-answer.ts';

/** A step that came back from its own browser. */
interface Returned {
  readonly hash: string;
  readonly record: StepRecord;
  readonly kept: Kept;
  /** The pending authorization; null for a sign-in without an authorization request. */
  readonly waiting: FoundPending | null;
}

/** POST of the page of a step. */
export async function step(asked: Call): Promise<Response> {
  const { as } = asked;
  if (!isSameOrigin(asked, false)) throw otherBrowser('cross_site');
  const form = await readForm(asked.request);
  const secret = form.required('step');
  const returned = await findReturned(asked, secret);
  const steps = returned && stepsOf(as.settings, returned.record.asker);
  if (!returned || !steps) return expiredPage(asked);
  const { hash, record, kept } = returned;
  const call = await withLanguage(asked, kept.lang);
  const place = { hash, secret };
  if (record.taken !== undefined) return stepAgain(call, returned, place);
  const answer = await submitted(call, returned, { secret, form, steps });
  if (answer === null) return stepAgain(call, returned, place); // another request of this browser was faster
  const isOver = returned.waiting ? answer.status === 303 : await keepReturn(call, place, record.browserHash, answer);
  if (!isOver) await endStepInPage(as, hash); // changes nothing if an attempt is left
  return answer;
}

/** The same page sent twice: the second request gets the result of the first. */
function stepAgain(call: Call, { hash, kept: { flow } }: Returned, place: AnswerKey): Promise<Response> {
  const isDone = async (): Promise<boolean> => (await findStep(call.as, hash))?.taken !== 'now';
  return 'pendingId' in flow ? repeatedStep(call, flow.pendingId, isDone) : repeatedReturn(call, place, flow.returnTo, isDone);
}

/** Checks the submitted proof; null if the step was taken meanwhile. */
async function submitted(
  call: Call,
  returned: Returned,
  { secret, form, steps }: { readonly secret: string; readonly form: Params; readonly steps: Steps<Authenticated | SecondFactorPassed> },
): Promise<Response | null> {
  const { as } = call;
  const { hash, record, kept } = returned;
  if (form.optional('decision') === 'restart') {
    await dropStep(as, hash);
    return startAgain(call, returned);
  }
  const left = await spendTry(as, hash);
  if (left === null) return null;
  const other = otherLogins(as.settings, record.asker, kept).find(({ id }) => id === form.optional('instead'));
  const result = other
    ? await other.identifier.begin(kept.identifier ?? '', servicesOf(call))
    : await steps.prove((field) => form.optional(field) ?? '', kept.keep, servicesOf(call));
  if (result.kind === 'refused' || result.kind === 'limited') {
    const problem = notSignedIn(call, record.asker.slice(record.asker.indexOf(':') + 1), result);
    if (left > 0) return stepAnswer(call, { asker: record.asker, secret, kept, problem });
    await dropStep(as, hash);
    return startAgain(call, returned, problem);
  }
  if (left > 0 && !(await takeStep(as, hash))) return null; // the last attempt has taken it already
  const user = await nextOf(call, other ? { ...returned, record: { ...record, asker: `login:${other.id}` } } : returned, result);
  if (user === null) return expiredPage(call);
  if ('problem' in user) return startAgain(call, returned, user);
  if ('step' in user) return askStep(call, user, kept.flow);
  return arrive(call, returned, user);
}

/** The step, if it is open and belongs to this browser. @throws {OAuthError} for another browser's. */
async function findReturned(call: Call, secret: string): Promise<Returned | null> {
  const { as } = call;
  const hash = await as.secrets.recordId(secret);
  const record = await findStep(as, hash);
  if (!record) return null;
  const kept = (await as.secrets.openUnder(secret, record.sealed, `step:${hash}`)) as Kept | null;
  if (!kept) throw new Error('A step that was found by its secret cannot be opened with it.');
  if (record.taken !== undefined) return { hash, record, kept, waiting: null }; // the owner is checked with the answer (`again`)
  if (!('pendingId' in kept.flow)) {
    await checkBrowser(call, hash, record.browserHash);
    return { hash, record, kept, waiting: null };
  }
  const waiting = await findPending(call, kept.flow.pendingId);
  if (waiting?.pending.approved?.stateHash !== hash) return null; // a later consent has replaced this step
  return { hash, record, kept, waiting };
}

/** The signed-in user, or the step after this one. */
async function nextOf(
  call: Call,
  { record, kept }: Returned,
  result: Exclude<Awaited<ReturnType<NonNullable<ReturnType<typeof stepsOf>>['prove']>>, { kind: 'refused' | 'limited' }>,
): Promise<SignedIn | NextStep | NotSignedIn | null> {
  switch (result.kind) {
    case 'step':
      return {
        asker: record.asker,
        step: result,
        ...(kept.first ? { first: kept.first } : {}),
        ...(kept.identifier === undefined ? {} : { identifier: kept.identifier }),
      };
    case 'proven':
      return admit(call, { login: record.asker.slice('login:'.length), proven: result });
    case 'passed':
      if (!kept.first) throw new Error('A second factor was shown without a first one.');
      return startSession(call, { ...kept.first, proven: { ...kept.first.proven, authenticatedAt: call.as.now() } });
  }
}

async function arrive(call: Call, { hash, kept, waiting }: Returned, user: SignedIn): Promise<Response> {
  if (waiting && 'pendingId' in kept.flow) {
    return issueCode(call, { ...waiting, user, choice: kept.flow.choice });
  }
  const page = redirectTo(returnOf(kept.flow), [user.cookie]);
  page.headers.append('set-cookie', setCookie(call.as, flowCookie(hash), '', 0));
  return page;
}

function returnOf(flow: Flow): string {
  if ('returnTo' in flow) return flow.returnTo;
  throw new OAuthError('server_error', 'step_without_request');
}

/** The first page again, with the error. */
async function startAgain(call: Call, { waiting, kept }: Returned, problem?: NotSignedIn): Promise<Response> {
  const first = problem && { ...problem, wrong: undefined }; // the fields of the step are not on this page
  if (!waiting) {
    const returnTo = returnOf(kept.flow);
    if (!problem) return redirectTo(signInUrl(call.as, returnTo));
    const { problem: error, status, retryAfter } = problem;
    return showLogin(call, { returnTo, error, status, retryAfter });
  }
  const { pending } = waiting;
  const remember = pending.approved?.remember ?? false;
  const showing = { ...waiting, session: await sessionFor(call, pending), ticked: pending.approved?.scope ?? pending.scope, remember };
  return consentPage(call, { ...showing, problem: first });
}

const STEPS = 300;
const WINDOW = 600;
const TRIES = 5;

/** Where a sign-in continues when it is done: the authorization request with the selected scopes, or a page of this server. */
export type Flow =
  | { readonly pendingId: string; readonly choice: Choice }
  /** A path of this server. */
  | { readonly returnTo: string };

/** What is sealed into a step. */
export type Kept = {
  readonly keep: Json;
  readonly flow: Flow;
  readonly first?: FirstProof;
  readonly lang: string;
  readonly identifier?: string;
};

/** Opens a step: stores the state of a sign-in and shows its next page. Signs in no user. */
export async function askStep(call: Call, { asker, step, first, identifier }: NextStep, flow: Flow): Promise<Response> {
  const { as } = call;
  const { secrets, records } = as;
  const wait = await as.limit(`step\n${call.network}`, STEPS, WINDOW);
  if (wait !== null) {
    throw new OAuthError('temporarily_unavailable', 'step_limited', {
      status: 429,
      hint: 'Too many sign-ins were begun from this network. Wait a few minutes and try again.',
      headers: { 'retry-after': String(wait) },
    });
  }
  const secret = secrets.secret(as.place);
  const hash = await secrets.recordId(secret);
  const pendingHash = 'pendingId' in flow ? await secrets.recordId(flow.pendingId) : null;
  const ttl = Math.min(step.ttl ?? PENDING_TTL, PENDING_TTL);
  if ('pendingId' in flow && pendingHash !== null) {
    const pending = await records.changePending(pendingHash, (one) => approvePending(one, { ...flow.choice, stateHash: hash }, as.now()));
    if (!pending) return expiredPage(call);
  }
  const cookie = flowCookie(pendingHash ?? hash);
  const browser = cookieOf(call, cookie) || secrets.secret();
  const kept: Kept = {
    keep: step.keep,
    flow,
    lang: call.words.lang,
    ...(first ? { first } : {}),
    ...(identifier === undefined ? {} : { identifier }),
  };
  await openStep(as, hash, {
    v: 1,
    asker,
    pendingHash,
    browserHash: await secrets.hash(browser),
    tries: step.tries ?? TRIES,
    sealed: await secrets.sealUnder(secret, kept, `step:${hash}`),
    expiresAt: as.now() + ttl,
  });
  const page = await stepAnswer(call, { asker, secret, kept });
  page.headers.append('set-cookie', setCookie(as, cookie, browser, PENDING_TTL));
  return page;
}

/** The page of a step, with an error. */
export async function stepAnswer(
  { as, words }: Call,
  { asker, secret, kept, problem }: { asker: string; secret: string; kept: Kept; problem?: NotSignedIn },
): Promise<Response> {
  const { settings } = as;
  const steps = stepsOf(settings, asker);
  if (!steps) throw new TypeError(`${asker} asked for a step and has no \`steps\` to go on with.`);
  const view = steps.view(kept.keep, words);
  const others = otherLogins(settings, asker, kept).map(
    ({ id, identifier }) =>
      html`<button class="plain" name="instead" value="${id}" formnovalidate>${say(identifier.instead, words)}</button>`,
  );
  return stepPage({
    action: settings.paths.step,
    step: secret,
    view: others.length > 0 ? { ...view, more: html`${view.more}${others}` } : view,
    words,
    scriptHash: view.script === undefined ? undefined : await scriptHashOf(as, view.script),
    leaves: 'pendingId' in kept.flow,
    brand: settings.brand,
    error: problem?.problem,
    wrong: problem?.wrong,
    retryAfter: problem?.retryAfter,
    status: problem?.status,
  });
}

/** The other logins that the identifier of a sign-in can belong to. */
function otherLogins({ logins }: Settings, asker: string, { identifier }: Kept): readonly IdentifierLogin[] {
  if (identifier === undefined) return [];
  return identifierLogins(logins).filter((one) => asker !== `login:${one.id}` && one.identifier.accepts(identifier));
}

/** The login or factor that continues a step; undefined if the options have changed meanwhile. */
function stepsOf({ logins, secondFactor }: Settings, asker: string): Steps<Authenticated | SecondFactorPassed> | undefined {
  if (secondFactor && asker === `factor:${secondFactor.id}`) return secondFactor.steps;
  return logins.filter(isForm).find(({ id }) => asker === `login:${id}`)?.steps;
}
