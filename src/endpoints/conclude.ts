/**
 * Conclude: the end of every sign-in, whichever login proved who it is. The ticket is taken exactly once, the grant is
 * opened, and the browser goes back to the client.
 *
 *   settled → ticket taken → consent kept → grant → still signed in → redirect
 */
import type { AuthServer } from '../core/auth-server.ts';
import { noteAnswered, wasAnswered } from '../core/went-through.ts';
import type { Client } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';
import { answerTo, type ValidRedirect } from '../model/redirect.ts';
import { type Choice, DEVICE_TTL, type Ticket } from '../model/ticket.ts';
import { grantIdOf } from '../model/token.ts';
import { revoke } from '../model/transition.ts';
import { requestDonePage, requestOverPage } from '../pages/message.ts';
import { toldDevice } from './device-answer.ts';
import type { Call } from './endpoint.ts';
import { cookieOf, flowCookie, setCookie } from './visitor.ts';
import { linkedOf } from './linked.ts';
import { type Opening, openGrant } from './open-grant.ts';
import { settle, type Settled } from './settle.ts';
import type { SignedIn } from './sign-in.ts';

/** A yes with its proof. */
export interface Conclusion {
  readonly ticket: Ticket;
  readonly handle: string;
  readonly client: Client;
  readonly redirect: ValidRedirect;
  readonly user: SignedIn;
  readonly choice: Choice;
}

/** Opens the grant and sends the code; or asks once more, where the identity changes what was agreed to. */
export async function conclude(call: Call, conclusion: Conclusion): Promise<Response> {
  const { as } = call;
  const { ticket, handle, client, redirect, user } = conclusion;
  const choice = await settle(call, conclusion);
  if (choice instanceof Response) return choice;
  const handleHash = await as.keys.hash(handle);
  if (!(await as.records.takeTicket(handleHash))) return overOrDone(call, handleHash);
  await noteAnswered(as, handleHash, ticket.browserHash);
  const { scope, remember = false, organization } = choice;
  await as.consents.keep({ ...ticket, client, userId: user.userId }, { organization, asked: ticket.scope, granted: scope, remember });
  const code = await grantTo(call, { ...ticket, ...(ticket.device ? { codeTtl: DEVICE_TTL } : {}), client, user, choice });
  if (code === null) return over(call);
  if (ticket.device) return leave(call, handleHash, await toldDevice(call, ticket.device, code), user.cookie);
  return leave(call, handleHash, answerTo(redirect, { code, state: ticket.state, iss: as.settings.issuer }), user.cookie);
}

/** What is to be granted, to whom, by whom. */
export interface Granting extends Omit<Opening, 'userId' | 'props' | 'scope' | 'organization' | 'linked'> {
  readonly user: SignedIn;
  readonly choice: Settled;
}

/** Opens a grant for somebody who is signed in, and gives its code; null where the person was signed out meanwhile. */
export async function grantTo(call: Call, { user, choice, ...opening }: Granting): Promise<string | null> {
  const { as } = call;
  const { scope, for: organization } = choice;
  const permissions = organization?.permissions ?? user.permissions;
  const where = organization ? { organization: { id: organization.id, name: organization.name } } : {};
  const props = { claims: user.claims, ...(permissions ? { permissions } : {}), ...where };
  const linked = user.linked ?? (await linkedOf(call, user)) ?? [];
  const code = await openGrant(as, { ...opening, userId: user.userId, props, scope, ...where, linked });
  if (!(await endedMeanwhile(as, code, user))) return code;
  await as.consents.forget(user.userId, opening.client.id);
  return null;
}

/**
 * Signing a user out ends the sessions first and the grants after: a grant written too late to be among them finds its
 * session gone, and ends itself. So nothing in flight outlives a removed account or a new password (SEC-037, SEC-053).
 */
async function endedMeanwhile(as: AuthServer, code: string, user: SignedIn): Promise<boolean> {
  if (await as.records.findSession(user.hash)) return false;
  await as.records.changeGrant(grantIdOf('code', code) ?? '', revoke('user_signed_out', as.now()));
  return true;
}

/** Sends the browser back to the client; the flow is over. */
export function leave({ as }: Call, handleHash: string, location: string, cookie?: string): Response {
  const answer = new Response(null, {
    status: 303,
    headers: { location, 'cache-control': 'no-store, private', 'referrer-policy': 'no-referrer' },
  });
  answer.headers.append('set-cookie', setCookie(as, flowCookie(handleHash), '', 0));
  if (cookie !== undefined) answer.headers.append('set-cookie', cookie);
  return answer;
}

/** The page for a form that came a second time: a double click is told that it worked, and gets no second code (SEC-128). */
export async function overOrDone(call: Call, handleHash: string): Promise<Response> {
  const { as, words } = call;
  const browserHash = await as.keys.hash(cookieOf(call, flowCookie(handleHash)) ?? '');
  return (await wasAnswered(as, handleHash, browserHash)) ? requestDonePage({ brand: as.settings.brand, words }) : over(call);
}

/** The page for a request that is not open any more. */
export function over({ as, words }: Call): Response {
  return requestOverPage({ brand: as.settings.brand, words });
}

/** The error for a form or a return that is not this browser's own. */
export function foreign(reason: string): OAuthError {
  return new OAuthError('access_denied', reason, {
    status: 403,
    hint: 'This page was opened in another browser, or the request came from another site. Go back to the app and start again.',
  });
}
