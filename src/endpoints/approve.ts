/**
 * Approve: what the person decided on the consent page. Approve → prove → issue: the yes and the sign-in come in one
 * form, the ticket is taken exactly once, and only then a grant is opened and the code sent.
 *
 *   same origin → ticket → same browser → (no | another account) → signed in → ticket taken → grant → still signed in → redirect
 */
import { findClient } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { OAuthError } from '../model/error.ts';
import type { Params } from '../model/params.ts';
import { answerTo, findRedirect } from '../model/redirect.ts';
import { approvedScope, type Ticket } from '../model/ticket.ts';
import { grantIdOf } from '../model/token.ts';
import { revoke } from '../model/transition.ts';
import { equalTexts } from '../lib/bytes.ts';
import { requestOverPage } from '../pages/message.ts';
import { errorAnswer } from './authorization-request.ts';
import { flowCookie } from './authorize.ts';
import { accountMark, consentPage, type Consent } from './consent-page.ts';
import { cookieOf, isSameOrigin, readForm, sessionOf, setCookie, type Call } from './endpoint.ts';
import { openGrant } from './open-grant.ts';
import { nameOf, signIn, type SignedIn } from './sign-in.ts';

/** POST of the consent page. */
export async function approve(call: Call): Promise<Response> {
  const { as } = call;
  if (!isSameOrigin(call, false)) throw foreign('cross_site');
  const form = await readForm(call.request);
  const handle = form.required('ticket');
  const handleHash = await as.keys.hash(handle);
  const ticket = await as.records.findTicket(handleHash);
  const client = ticket && (ticket.described ?? (await findClient(as, ticket.clientId)));
  if (!ticket || !client) return over(call);
  if (!equalTexts(await as.keys.hash(cookieOf(call, flowCookie(handleHash)) ?? ''), ticket.browserHash)) throw foreign('another_browser');
  const redirect = findRedirect(client, ticket.redirectUri); // it must still be good
  const session = await sessionOf(call);
  const showing: Consent = { ticket, handle, client, session };
  const decision = form.required('decision');
  if (decision === 'switch') return switchAccount(call, showing);
  if (decision !== 'approve' && decision !== 'deny') throw new OAuthError('invalid_request', 'decision_unknown');
  if (decision === 'deny') {
    if (!(await as.records.takeTicket(handleHash))) return over(call);
    as.emit({ kind: 'consent.denied', clientId: client.id });
    return leave(call, handleHash, errorAnswer(as, redirect, ticket.state, new OAuthError('access_denied', 'user_denied')));
  }
  const ready = await decide(call, form, showing);
  if (ready instanceof Response) return ready;
  if (!(await as.records.takeTicket(handleHash))) return over(call);
  const code = await openGrant(as, {
    ...ticket,
    client,
    userId: ready.user.userId,
    props: { claims: ready.user.claims },
    scope: ready.scope,
  });
  if (await endedMeanwhile(as, code, ready.user)) return over(call);
  const location = answerTo(redirect, { code, state: ticket.state, iss: as.settings.issuer });
  return leave(call, handleHash, location, ready.user.cookie);
}

/** The user and the scopes of a yes, or the page once more with what is missing. */
async function decide(call: Call, form: Params, showing: Consent): Promise<{ user: SignedIn; scope: readonly string[] } | Response> {
  const { as } = call;
  const ticked = form.all('scope');
  const typed = { login: form.optional('login') ?? '', username: form.optional('username') ?? '' };
  const again = (text: string, status: number, more: Partial<Consent> = {}, retryAfter?: number): Promise<Response> =>
    consentPage(as, { ...showing, ticked, typed, ...more, problem: { text, status, retryAfter } });
  if ((form.optional('account') ?? '') !== (await accountMark(as, showing.session))) {
    const now = showing.session ? `You are now signed in as ${nameOf(showing.session.claims)}.` : 'You are no longer signed in.';
    return again(`${now} Look at the request once more and decide.`, 409);
  }
  const scope = approvedScope(showing.ticket, [...ticked, ...requiredOf(call, showing.ticket)]);
  if (scope.length === 0 && showing.ticket.scope.length > 0) return again('Tick at least one line, or deny the request.', 400);
  if (showing.session) return { user: showing.session, scope };
  const user = await signIn(call, form);
  return 'problem' in user ? again(user.problem, user.status, {}, user.retryAfter) : { user, scope };
}

function requiredOf({ as }: Call, ticket: Ticket): readonly string[] {
  return as.settings.resources.find((one) => one.uri === ticket.resource)?.scopes ?? [];
}

async function switchAccount(call: Call, showing: Consent): Promise<Response> {
  const session = await sessionOf(call);
  if (session) await call.as.records.endSession(session.hash);
  const page = await consentPage(call.as, { ...showing, session: null });
  page.headers.append('set-cookie', setCookie(call.as, 'session', '', 0));
  return page;
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

function leave({ as }: Call, handleHash: string, location: string, cookie?: string): Response {
  const answer = new Response(null, {
    status: 303,
    headers: { location, 'cache-control': 'no-store, private', 'referrer-policy': 'no-referrer' },
  });
  answer.headers.append('set-cookie', setCookie(as, flowCookie(handleHash), '', 0));
  if (cookie !== undefined) answer.headers.append('set-cookie', cookie);
  return answer;
}

function over({ as }: Call): Response {
  return requestOverPage({ brand: { name: as.settings.name } });
}

function foreign(reason: string): OAuthError {
  return new OAuthError('access_denied', reason, {
    status: 403,
    hint: 'This page was opened in another browser, or the request came from another site. Go back to the app and start again.',
  });
}
