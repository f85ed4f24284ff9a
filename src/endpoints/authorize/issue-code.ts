/**
 * Issues the authorization code (RFC 6749 §4.1.2), whichever login authenticated the user. Opens one grant, however often the form is sent, and
 * redirects the browser to the client with the code.
 *
 *   scopes confirmed → code chosen, once → consent stored → grant → still signed in → pending authorization taken → redirect
 */
import { keepAnswer } from '../../core/records/decision-answers.ts';
import { OAuthError } from '../../model/error.ts';
import { type Choice, DEVICE_TTL, type PendingAuthorization } from '../../model/pending-authorization.ts';
import { grantIdOf } from '../../model/token.ts';
import { revoke } from '../../model/grant-transitions.ts';
import { type Decision, decisionOf, redirectBack, withdrawApproval } from './repeated-answer.ts';
import { expiredPage } from './expired-page.ts';
import { type FoundPending } from './pending.ts';
import type { Call } from '../endpoint.ts';
import { originOf, upstreamAccountsOf } from '../sign-in/upstream-accounts.ts';
import { type ConfirmedScopes, confirmScopes } from './confirm-scopes.ts';
import type { SignedIn } from '../sign-in/sign-in.ts';
import { isLetIn } from './let-in.ts';
import { newCode, openGrant, type Opening } from './open-grant.ts';

/** A consent of an authenticated user. */
export interface CodeRequest extends FoundPending {
  readonly user: SignedIn;
  readonly choice: Choice;
}

/** Opens the grant and sends the code, or shows the confirmation page if the identity changes the scopes or the organization. */
export async function issueCode(call: Call, asked: CodeRequest): Promise<Response> {
  const { as } = call;
  const { pending, pendingId, pendingHash, client, redirect, user } = asked;
  const choice = await confirmScopes(call, asked);
  if (choice instanceof Response) return choice;
  const { scope, remember = false, organization } = choice;
  const place = { hash: pendingHash, secret: pendingId };
  const yes = { code: await newCode(as, pending.redirectUri), said: JSON.stringify([user.userId, scope, organization ?? null]) };
  const kept = decisionOf(call, pending, redirect, { ...yes, session: user.hash, cookie: user.cookie });
  // The code is chosen before its grant is stored, so that a second click, or a retry after a failure, uses the same code.
  const [answer, before] = await Promise.all([
    keepAnswer<Decision>(as, place, { answer: kept, browserHash: pending.browserHash }),
    as.consents.readAhead(user.userId, client.id),
  ]);
  if (answer.said !== yes.said || answer.code === undefined) return expiredPage(call); // a denial came first, or another approval
  const approval = { organization, asked: pending.scope, granted: scope, remember };
  await as.consents.keep({ ...pending, client, userId: user.userId }, approval, before);
  const life = pending.device ? { codeTTL: DEVICE_TTL } : {};
  const code = await grantTo(call, { ...pending, ...life, client, user, choice, code: answer.code });
  if (code === null) return expiredPage(call);
  if (pending.device) await answerWaitingDevice(call, pending.device, place.hash, code);
  await as.records.takePending(place.hash);
  if (user.cookie !== undefined && user.hash !== answer.session) await as.records.endSession(user.hash); // the first click's session stays
  return redirectBack(call, place.hash, answer);
}

/** Redirects to the client with `access_denied`. */
export async function refuse(
  call: Call,
  { pending, pendingId, pendingHash, client, redirect }: FoundPending,
  error: OAuthError,
): Promise<Response> {
  const { as } = call;
  const place = { hash: pendingHash, secret: pendingId };
  const no = { answer: decisionOf(call, pending, redirect, { error }), browserHash: pending.browserHash };
  const answer = await keepAnswer<Decision>(as, place, no);
  if (pending.device) await answerWaitingDevice(call, pending.device, place.hash, null);
  const isFirst = await as.records.takePending(place.hash);
  if (isFirst && error.code === 'access_denied') as.emit({ kind: 'consent.denied', clientId: client.id });
  return redirectBack(call, place.hash, answer.code === undefined ? answer : await withdrawApproval(call, answer));
}

/** What to grant to which client, by which user. */
export interface Granting extends Omit<Opening, 'userId' | 'props' | 'scope' | 'organization' | 'linked' | 'origin'> {
  readonly user: SignedIn;
  readonly choice: ConfirmedScopes;
}

/** Opens a grant for a signed-in user, and returns its code; null if the user was signed out meanwhile, or may not come in any more. */
export async function grantTo(call: Call, { user, choice, ...opening }: Granting): Promise<string | null> {
  const { as } = call;
  const { scope, for: organization } = choice;
  const permissions = organization?.permissions ?? user.permissions;
  const where = organization ? { organization: { id: organization.id, name: organization.name } } : {};
  const props = { claims: user.claims, ...(permissions ? { permissions } : {}), ...where };
  const linked = user.linked ?? (await upstreamAccountsOf(call, user)) ?? [];
  const origin = await originOf(call, user);
  // Signing a user out ends the sessions first and the grants second: a grant stored between the two finds its session gone, and ends
  // itself. So nothing in flight outlives a removed account or a new password (SEC-037, SEC-053).
  const isSignedIn = async (): Promise<boolean> => (await as.records.findSession(user.hash)) !== null;
  const who = { userId: user.userId, props, scope, ...where, linked, ...(origin ? { origin } : {}) };
  const isWithdrawn = origin !== null && !user.came && !(await isLetIn(as, origin));
  if (isWithdrawn) {
    as.emit({ kind: 'request.refused', endpoint: 'authorize', code: 'access_denied', reason: 'access_withdrawn' });
    await as.records.endSession(user.hash);
  }
  const code = isWithdrawn ? null : await openGrant(as, { ...opening, ...who }, isSignedIn);
  if (code === null) await as.consents.forget(user.userId, opening.client.id);
  return code;
}

/** Records the answer for the device, once. A later grant is ended. @param by hash of the form's pendingId. @param code of the grant, null if denied. */
export async function answerWaitingDevice(
  { as }: Call,
  device: NonNullable<PendingAuthorization['device']>,
  by: string,
  code: string | null,
): Promise<void> {
  const { answerDevice } = await import('../../core/records/devices.ts');
  if (await answerDevice(as, device.hash, by, code)) return;
  const grantId = code === null ? null : grantIdOf('code', code);
  if (grantId !== null) await as.records.changeGrant(grantId, revoke('revoked', as.now()));
  throw new OAuthError('invalid_request', 'device_over', { hint: 'The device waits no longer. Start again there.' });
}
