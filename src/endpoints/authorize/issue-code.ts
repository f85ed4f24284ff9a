/**
 * Issues the authorization code (RFC 6749 §4.1.2), whichever login authenticated the user. Opens one grant, however often the form is sent, and
 * redirects the browser to the client with the code.
 *
 *   scopes confirmed → code chosen, once → consent stored → grant → still signed in → pending authorization taken → redirect
 */
import type { AuthServer } from '../../core/auth-server.ts';
import { findAnswer, keepAnswer } from '../../core/records/sign-in-flow.ts';
import { OAuthError } from '../../model/error.ts';
import { revoke } from '../../model/grant-transitions.ts';
import type { Organization, Origin } from '../../model/identity.ts';
import { isRedirect } from '../../model/login.ts';
import { type Choice, DEVICE_TTL, type PendingAuthorization } from '../../model/pending-authorization.ts';
import { redirectLabel } from '../../model/redirect.ts';
import { resourceOf } from '../../model/resource.ts';
import { grantIdOf } from '../../model/token.ts';
import { confirmPage } from '../../pages/confirm.ts';
import type { Call } from '../endpoint.ts';
import { expiredPage } from '../sign-in/pages.ts';
import type { SignedIn } from '../sign-in/sign-in.ts';
import { flowCookie, redirectTo, setCookie } from '../sign-in/browser-context.ts';
import { originOf, upstreamAccountsOf } from '../sign-in/session.ts';
import { accountView, clientView, type Consent, consentPage, scopeView } from './consent-page.ts';
import { newCode, openGrant, type Opening } from './open-grant.ts';
import { type FoundPending, grantableScope, organizationOf } from './pending.ts';
import { errorAnswer } from './authorization-request.ts';
import { answerTo, type ValidRedirect } from '../../model/redirect.ts';
import type { Seconds } from '../../model/store.ts';

/** A consent of an authenticated user. */
interface CodeRequest extends FoundPending {
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
  // A denial takes it, then replaces the answer, then looks for the grant: so one of the two sees the other.
  const isTaken = !(await as.records.takePending(place.hash));
  if (isTaken && (await findAnswer<Decision>(as, place))?.answer.error !== undefined)
    return redirectBack(call, place.hash, await withdrawApproval(call, answer));
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
  if (answer.code === undefined) return redirectBack(call, place.hash, answer);
  await keepAnswer(as, place, no, 'any'); // an approval came first, and may not have stored its grant yet
  return redirectBack(call, place.hash, await withdrawApproval(call, answer));
}

/** The decision as it is stored. */
export interface Decision {
  readonly redirect: ValidRedirect;
  readonly state?: string;
  /** The device's answer is not in the redirect. */
  readonly isDevice?: true;
  readonly at: Seconds;
  /** The code of the grant; absent if the user denied. */
  readonly code?: string;
  /** Who approved what: one page cannot be answered in two ways. */
  readonly said?: string;
  /** Hash of the session of the user who approved, and its cookie if the sign-in began it. */
  readonly session?: string;
  readonly cookie?: string | undefined;
  /** The error for the client if it gets no code. */
  readonly error?: OAuthError['code'];
  readonly reason?: string;
}

/** Builds an answer. */
export function decisionOf(
  { as }: Call,
  { state, device }: PendingAuthorization,
  redirect: ValidRedirect,
  { error, ...yes }: Pick<Decision, 'code' | 'said' | 'session' | 'cookie'> & { readonly error?: OAuthError },
): Decision {
  return {
    redirect,
    at: as.now(),
    ...(state === undefined ? {} : { state }),
    ...(device ? { isDevice: true } : {}),
    ...(error ? { error: error.code, reason: error.reason } : {}),
    ...yes,
  };
}

/** An approval followed by a denial: the grant ends before its code is used, and the client gets `access_denied`. */
export async function withdrawApproval({ as }: Call, { code = '', ...answer }: Decision): Promise<Decision> {
  const grantId = grantIdOf('code', code) ?? '';
  if (await as.records.findGrant(grantId)) await as.records.changeGrant(grantId, revoke('revoked', as.now()));
  return { ...answer, error: 'access_denied', reason: 'user_denied' };
}

/** Redirects the browser to the answer's URI; the flow is over. */
export function redirectBack({ as }: Call, pendingHash: string, answer: Decision): Response {
  return redirectTo(locationOf({ as }, answer), [setCookie(as, flowCookie(pendingHash), '', 0), answer.cookie]);
}

function locationOf({ as }: Pick<Call, 'as'>, { redirect, state, isDevice, code, error = 'access_denied', reason = '' }: Decision): string {
  if (isDevice) return `${as.settings.paths.device}?result=${code === undefined ? 'refused' : 'done'}`;
  if (code !== undefined) return answerTo(redirect, { code, state, iss: as.settings.issuer });
  return errorAnswer(as, redirect, state, new OAuthError(error, reason));
}

/** What to grant to which client, by which user. */
interface Granting extends Omit<Opening, 'userId' | 'props' | 'scope' | 'organization' | 'linked' | 'origin'> {
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

/** The approved scopes with the organization that they are for. */
export type ConfirmedScopes = Choice & { readonly for?: Organization };

/** The input of the confirmation page. */
type ScopeChoice = Pick<Consent, 'pending' | 'pendingId' | 'client'> & { readonly user: SignedIn; readonly choice: Choice };

/**
 * The choice as it can be granted, or the confirmation page. A user with several organizations chooses one; scopes that this user cannot grant
 * are dropped. If either changes what was approved, a short page asks for confirmation and shows the account and the remaining scopes;
 * otherwise the first click was the consent.
 *
 *   organization → grantable scopes → (nothing left: the consent page, with the reason | changed: confirm | unchanged: grant)
 */
async function confirmScopes(call: Call, { pending, pendingId, client, user, choice }: ScopeChoice): Promise<ConfirmedScopes | Response> {
  const organization = organizationOf(user, choice.organization);
  const scope = organization === 'open' ? choice.scope : await grantableScope(call, user, organization, choice.scope, client);
  const required = resourceOf(call.as.settings, pending.resource)?.requiredScopes ?? [];
  if (isShort(call.as.settings.expandScopes(scope), pending, required)) {
    const problem = { problem: call.words.confirm.nothingLeft, status: 403 };
    return withCookie(await consentPage(call, { pending, pendingId, client, session: user, ticked: choice.scope, problem }), user);
  }
  if (organization !== 'open' && scope.length === choice.scope.length)
    return {
      scope,
      remember: choice.remember === true,
      ...(organization === null ? {} : { organization: organization.id, for: organization }),
    };
  return withCookie(await askAgain(call, { pending, pendingId, client, user, choice: { ...choice, scope } }, choice.scope), user);
}

/** Without a scope that every call needs, or without any of the requested scopes, the app could do nothing. */
function isShort(scope: readonly string[], pending: PendingAuthorization, required: readonly string[]): boolean {
  return (pending.scope.length > 0 && scope.length === 0) || !required.every((one) => scope.includes(one));
}

async function askAgain(
  call: Call,
  { pending, pendingId, client, user, choice }: ScopeChoice,
  wanted: readonly string[],
): Promise<Response> {
  const { as, words } = call;
  const { settings } = as;
  const { organizations = [] } = user;
  return confirmPage({
    action: settings.paths.approve,
    pendingId,
    client: clientView(client, call),
    redirectUri: pending.redirectUri,
    redirectHost: redirectLabel(pending.redirectUri),
    resourceName: resourceOf(settings, pending.resource)?.name ?? settings.name,
    scopes: choice.scope.map((name) => scopeView(settings, words, name)),
    dropped: wanted.filter((one) => !choice.scope.includes(one)).map((name) => scopeView(settings, words, name)),
    organizations: organizations.length > 1 ? organizations.map(({ id, name }) => ({ id, name, checked: id === choice.organization })) : [],
    account: await accountView(call, user),
    remember: choice.remember === true,
    brand: settings.brand,
    words,
  });
}

function withCookie(page: Response, { cookie }: SignedIn): Response {
  if (cookie !== undefined) page.headers.append('set-cookie', cookie);
  return page;
}

/**
 * Whether the user of a session may still come in, without asking the upstream: that was done at the sign-in, and is at each refresh. Apart from
 * `core/recheck.ts`: a server without our pages has no sessions.
 */
export async function isLetIn(as: AuthServer, { login: id, standing }: Origin): Promise<boolean> {
  const login = as.settings.logins.find((one) => one.id === id);
  if (!login) return false; // the login was removed
  if (!isRedirect(login) || !login.recheck || standing === undefined) return true;
  try {
    return (await login.recheck(standing, { env: as.env, token: null })) !== 'no';
  } catch (error) {
    as.emit({ kind: 'request.failed', endpoint: 'recheck', requestId: as.secrets.id(), error });
    return true;
  }
}
