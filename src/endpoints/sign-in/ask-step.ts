/**
 * Opens a step: stores the state of a sign-in and shows its next page. Signs in no user.
 *
 *   limit → consent on the pending authorization → step under the hash of its secret → page, and the cookie that binds it to this browser
 */
import { openStep } from '../../core/records/sign-in-steps.ts';
import { OAuthError } from '../../model/error.ts';
import type { SecondFactorPassed } from '../../model/second-factor.ts';
import { html } from '../../lib/html.ts';
import { type Authenticated, type IdentifierLogin, identifierLogins, isForm, type Steps } from '../../model/login.ts';
import { say } from '../../words/words.ts';
import type { Settings } from '../../model/settings.ts';
import type { Json } from '../../model/store.ts';
import { approvePending, type Choice, PENDING_TTL } from '../../model/pending-authorization.ts';
import { stepPage } from '../../pages/step.ts';
import { expiredPage } from '../authorize/expired-page.ts';
import type { Call } from '../endpoint.ts';
import { cookieOf, flowCookie, scriptHashOf, setCookie } from './browser-context.ts';
import type { FirstProof, NotSignedIn, NextStep } from './sign-in.ts';

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

/** Opens a step and shows its page. */
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
export function otherLogins({ logins }: Settings, asker: string, { identifier }: Kept): readonly IdentifierLogin[] {
  if (identifier === undefined) return [];
  return identifierLogins(logins).filter((one) => asker !== `login:${one.id}` && one.identifier.accepts(identifier));
}

/** The login or factor that continues a step; undefined if the options have changed meanwhile. */
export function stepsOf({ logins, secondFactor }: Settings, asker: string): Steps<Authenticated | SecondFactorPassed> | undefined {
  if (secondFactor && asker === `factor:${secondFactor.id}`) return secondFactor.steps;
  return logins.filter(isForm).find(({ id }) => asker === `login:${id}`)?.steps;
}
