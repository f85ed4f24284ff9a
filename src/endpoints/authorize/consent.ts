/**
 * POST of the consent page. The user approves first, then authenticates with the same form or at an upstream provider
 * (`redirectToUpstream`, `callback`); then the pending authorization is taken exactly once and the code sent (`issueCode`).
 *
 *   same origin → pending → same browser → (denied | another account) → (signed in → issueCode | consent stored → redirectToUpstream, or a step)
 */
import { OAuthError } from '../../model/error.ts';
import { isForm, isRedirect } from '../../model/login.ts';
import type { Params } from '../../model/params.ts';
import { resourceOf } from '../../model/resource.ts';
import type { Choice, PendingAuthorization } from '../../model/pending-authorization.ts';
import { html, type HtmlValue } from '../../lib/html.ts';
import { repeatDecision } from './repeated-answer.ts';
import { issueCode, refuse } from './issue-code.ts';
import { expiredPage } from '../sign-in/pages.ts';
import { approvedScope, findPending, type FoundPending, otherBrowser } from './pending.ts';
import { askStep } from './step.ts';
import { consentPage, type Consent } from './consent-page.ts';
import { redirectToUpstream } from './upstream-sign-in.ts';
import { readForm, type Call } from '../endpoint.ts';
import { isSameOrigin, setCookie, withLanguage } from '../sign-in/browser-context.ts';
import { accountMark, countsFor, sessionOf, upstreamAccountsOf } from '../sign-in/session.ts';
import { nameOf, type NextStep, type NotSignedIn, signIn, type SignedIn } from '../sign-in/sign-in.ts';

/** A submitted decision, with the signed-in user. */
type Showing = FoundPending & Pick<Consent, 'session'>;

/** POST of the consent page. */
export async function submitConsent(asked: Call): Promise<Response> {
  if (!isSameOrigin(asked, false)) throw otherBrowser('cross_site');
  const form = await readForm(asked.request);
  const pendingId = form.required('pending');
  // The session is read beside it; `sessionFor` decides whether it counts.
  const [waiting, known] = await Promise.all([findPending(asked, pendingId, form.optional('client')), sessionOf(asked)]);
  const call = await withLanguage(asked, waiting?.pending.lang);
  if (!waiting) return (await repeatDecision(call, pendingId, form.optional('decision'))) ?? expiredPage(call);
  const showing: Showing = { ...waiting, session: countsFor(waiting.pending, known) };
  const decision = form.optional('with') === undefined ? form.required('decision') : 'approve'; // the button of a login approves
  if (decision === 'switch')
    return switchAccount(call, { ...showing, ticked: form.all('scope'), remember: form.optional('remember') === 'yes' });
  if (decision !== 'approve' && decision !== 'deny') throw new OAuthError('invalid_request', 'decision_unknown');
  if (decision === 'deny') return refuse(call, waiting, new OAuthError('access_denied', 'user_denied'));
  const ready = await decide(call, form, showing);
  if (ready instanceof Response) return ready;
  return issueCode(call, { ...waiting, ...ready });
}

/** The user and the approved scopes, or the page again with what is missing. */
async function decide(call: Call, form: Params, showing: Showing): Promise<{ user: SignedIn; choice: Choice } | Response> {
  const { as, words } = call;
  const ticked = form.all('scope');
  const remember = showing.pending.device === undefined && form.optional('remember') === 'yes';
  const typed = Object.fromEntries(['login', 'username', 'email', 'identifier'].map((name) => [name, form.optional(name) ?? '']));
  const organization = form.optional('organization');
  const again = (problem: HtmlValue, status: number, more: Partial<Consent> = {}): Promise<Response> =>
    consentPage(call, { ...showing, ticked, remember, organization, typed, problem: { problem, status }, ...more });
  if ((form.optional('account') ?? '') !== (await accountMark(as, showing.session))) {
    const { session } = showing;
    return again(
      session ? words.approve.nowSignedInAs(html`<bdi>${nameOf(session.claims, words)}</bdi>`) : words.approve.noLongerSignedIn,
      409,
    );
  }
  const scope = approvedScope(showing.pending, [...ticked, ...requiredOf(call, showing.pending)]);
  if (scope.length === 0 && showing.pending.scope.length > 0) return again(words.approve.tickOne, 400);
  const choice: Choice = { scope, ...(remember ? { remember } : {}), ...(organization === undefined ? {} : { organization }) };
  if (showing.session) {
    const linked = await upstreamAccountsOf(call, showing.session);
    if (linked) return { user: { ...showing.session, linked }, choice };
    await as.records.endSession(showing.session.hash); // the upstream provider no longer lets us act for the user
    return again(words.approve.noLongerSignedIn, 409, { session: null });
  }
  const user = await proveOrRedirect(call, form, { ...showing, choice });
  if (user instanceof Response) return user;
  if ('step' in user) return askStep(call, user, { pendingId: showing.pendingId, choice });
  return 'problem' in user ? again(user.problem, user.status, { problem: user }) : { user, choice };
}

/** Signs in with the form, or redirects the browser to the chosen upstream provider. */
async function proveOrRedirect(
  call: Call,
  form: Params,
  purpose: FoundPending & { readonly choice: Choice },
): Promise<SignedIn | NextStep | NotSignedIn | Response> {
  const site = form.optional('with');
  const login = call.as.settings.logins.find((one) => one.id === site);
  if (login && isRedirect(login)) return redirectToUpstream(call, login, purpose);
  if (site !== undefined && (!login || !isForm(login))) throw new OAuthError('invalid_request', 'login_unknown');
  return signIn(call, form);
}

function requiredOf({ as }: Call, pending: PendingAuthorization): readonly string[] {
  return resourceOf(as.settings, pending.resource)?.requiredScopes ?? [];
}

async function switchAccount(call: Call, showing: Consent & Showing): Promise<Response> {
  const { records } = call.as;
  const session = await sessionOf(call);
  let { pending } = showing;
  if (session) {
    await records.endSession(session.hash);
    // The next sign-in must ask for the account, at an upstream provider too: else it would be the same account again.
    const changed = await records.changePending(showing.pendingHash, ({ hint: _hint, mustProve: _proof, ...one }) => ({
      ...one,
      staleSession: session.hash,
    }));
    if (!changed) return expiredPage(call);
    pending = changed;
  }
  const page = await consentPage(call, { ...showing, pending, session: null });
  page.headers.append('set-cookie', setCookie(call.as, 'session', '', 0));
  return page;
}
