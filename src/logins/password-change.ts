/**
 * A new password: by e-mail for users who forgot theirs (CWE-640), and in a section of the account page with the current one. A request by e-mail
 * gets the same response for every name, in the same time; the link is valid once, for 30 minutes, and invalid as soon as password or address
 * change; opening it changes nothing, only its form does.
 */
import { field, html, type Html, type HtmlValue } from '../lib/html.ts';
import { parseUrl } from '../lib/url.ts';
import { type Account, usernameKey } from '../model/account.ts';
import type {
  AccountSection,
  LoginPage,
  LoginPageAnswer,
  LoginPageCall,
  LoginServices,
  SectionAnswer,
  SectionCall,
} from '../model/login.ts';
import { sayIn, type Words } from '../words/words.ts';
import { formOf, newPasswordField, type PasswordRules, send, unfit } from './password-rules.ts';

const LIFE = 30 * 60;
const KIND = 'password-reset';
/** Limits: messages to one account from one network, and requests of one network. */
const RULES = { most: 3, perNetwork: 30, per: 60 * 60 };

/** The content of a link; it is not trusted before it was compared with the account's current data. */
type Reset = { readonly accountId: string; readonly stamp: string; readonly email: string };

/** The two pages. */
export function resetPages(rules: PasswordRules): readonly LoginPage[] {
  return [
    { id: 'forgot', link: (words) => words.password.forgot, answer: (call) => (call.form === null ? ask(call) : sendLink(call, rules)) },
    { id: 'reset', answer: (call) => (call.form === null ? choose(call) : set(call, rules)) },
  ];
}

async function ask({ action, words: { password: say } }: LoginPageCall): Promise<LoginPageAnswer> {
  const body = html`<p class="lead">${say.forgotHow}</p>
    ${formOf(action, [field('username', say.nameOrEmail, 'username')], say.send)}`;
  return { kind: 'page', title: say.forgotTitle, body };
}

async function sendLink(call: LoginPageCall, rules: PasswordRules): Promise<LoginPageAnswer> {
  const { services, words } = call;
  const typed = (call.form?.optional('username') ?? '').slice(0, 256);
  services.after(() => sendTo(typed, call, rules));
  return { kind: 'page', title: words.password.sentTitle, body: html`<p class="lead">${words.password.sent}</p>` };
}

const UNPROVEN = 'no account of that name has a proven address. Use helpers.accounts.create({ username, email, emailVerified: true }).';

async function sendTo(typed: string, { services, words, server }: LoginPageCall, rules: PasswordRules): Promise<void> {
  const { accounts, links, env } = services;
  // A proven address first: it belongs to one account, while any user can choose a name.
  const account = (await accounts.findByEmail(typed)) ?? (await accounts.findByUsername(typed));
  // Counted by account: a name and an address, each in many spellings, lead to the same one.
  if ((await services.attempt(KIND, account?.id ?? usernameKey(typed), RULES)) !== null) return;
  // A person who reads the message gets in: an address that was neither verified nor vouched for gets no message.
  if (account?.email === undefined || !account.emailVerified) return rules.sendEmail?.unsent?.(typed, UNPROVEN);
  const { id: accountId, stamp, email: to } = account;
  const url = `${services.pageUrl('reset')}?token=${await links.make(KIND, { accountId, stamp, email: to }, LIFE)}`;
  const [subject, text] = [words.email.resetSubject(server), words.email.reset(server, url)];
  await send(rules, { to, subject, text, url, kind: KIND }, env, words);
}

async function choose(call: LoginPageCall, token = call.query.get('token') ?? '', problem: HtmlValue = null): Promise<LoginPageAnswer> {
  const { services, words } = call;
  const account = await goodFor(token, services);
  if (!account) return dead(call);
  const hidden = html`<input type="hidden" name="token" value="${token}" />`;
  const others = await othersOf(account.id, services);
  const fields = [hidden, newPasswordField(words.password.fresh, words), others.length > 0 && alsoFields(others, words)];
  const body = formOf(services.pageUrl('reset'), fields, words.password.set, problem);
  return { kind: 'page', title: words.password.resetTitle, body, ...(problem === null ? {} : { status: 400 }) };
}

async function set(call: LoginPageCall, rules: PasswordRules): Promise<LoginPageAnswer> {
  const { services, words, form } = call;
  const token = form?.optional('token') ?? '';
  const account = await goodFor(token, services);
  if (!account) return dead(call);
  const fresh = form?.optional('new-password') ?? '';
  const problem = await unfit(fresh, rules, services.env, words);
  if (problem !== null) return choose(call, token, problem);
  const removeOthers = async (): Promise<void> => {
    if (form?.optional('others') === 'remove') await services.signIns.removeAll(account.id, ['identities', 'passkeys']);
  };
  await removeOthers(); // before the sessions end with the password, so that none is opened by what is taken away
  // The stamp makes the link valid once: it changes in the same write that sets the password.
  if (!(await services.accounts.setPassword(account.id, fresh, account.stamp))) return dead(call);
  await removeOthers(); // and after: a session may have added one meanwhile
  await services.links.take(KIND, token);
  const left = await othersOf(account.id, services);
  const body = html`<p class="lead">${words.password.done}</p>
    ${left.length > 0 && html`<p class="note">${words.password.others(listed(left))}</p>`}`;
  return { kind: 'page', title: words.password.doneTitle, body, isDone: true };
}

/** Other ways into the account, by name: an intruder may have added them. The second factor alone gives no access, and stays. */
async function othersOf(userId: string, { signIns }: LoginServices): Promise<readonly string[]> {
  const { identities, passkeys } = await signIns.list(userId);
  return [
    ...passkeys.map(({ name }) => name),
    ...identities.map(({ issuer, account }) => `${parseUrl(issuer)?.host || issuer}${account === null ? '' : ` (${account})`}`),
  ];
}

function alsoFields(others: readonly string[], { password: say }: Words): Html {
  return html`<p class="note">${say.others(listed(others))}</p>
    <label class="tick"><input type="checkbox" name="others" value="remove" /><span>${say.removeOthers}</span></label>`;
}

function listed(others: readonly string[]): Html {
  return html`${others.map((one, at) => html`${at > 0 && ', '}<bdi>${one}</bdi>`)}`;
}

/** The account that a link may still set the password of. */
async function goodFor(token: string, { links, accounts }: LoginServices): Promise<Account | null> {
  const reset = (await links.find(KIND, token)) as Reset | null;
  const account = reset && (await accounts.find(reset.accountId));
  return account && account.stamp === reset.stamp && account.email === reset.email ? account : null;
}

function dead({ words, services }: LoginPageCall): LoginPageAnswer {
  const body = html`<p class="lead">${words.password.dead}</p>
    <div class="actions"><a class="button" href="${services.pageUrl('forgot')}">${words.password.forgot}</a></div>`;
  return { kind: 'page', title: words.password.deadTitle, body, status: 400 };
}

const CHANGE_RULES = { most: 10, per: 15 * 60 };

/** The section of the account page. Afterwards every other session and every grant of the user has ended, and this browser continues with a new session. */
export function passwordSection(rules: PasswordRules): AccountSection {
  return {
    id: 'password',
    async line({ userId }, { accounts }, words) {
      const account = await accounts.find(userId);
      return account && !account.withoutPassword ? { title: words.password.title, detail: words.password.change } : null;
    },
    answer: (call) => (call.form === null ? Promise.resolve(changePage(call)) : change(call, rules)),
  };
}

function changePage(
  { path, words }: SectionCall,
  problem: HtmlValue = null,
  more: { status?: number; retryAfter?: number } = {},
  wrong: string | null = null,
): SectionAnswer {
  const say = words.password;
  const fields = [field('password', say.current, 'current-password', { type: 'password' }), newPasswordField(say.fresh, words)];
  const body = html`<p class="lead">${say.changeWhy}</p>
    ${formOf(path, fields, say.set, problem, wrong)}`;
  return { kind: 'page', title: say.change, body, ...more };
}

async function change(call: SectionCall, rules: PasswordRules): Promise<SectionAnswer> {
  const { user, services, words, form } = call;
  const { accounts } = services;
  const [present, fresh] = [form?.optional('password') ?? '', form?.optional('new-password') ?? ''];
  const account = await accounts.find(user.userId);
  if (!account || account.withoutPassword) return { kind: 'done', to: 'account' };
  // A separate limit: a person who has the session must not slow down the sign-in.
  const retryAfter = await services.attempt('password-change', user.userId, CHANGE_RULES);
  if (retryAfter !== null) return changePage(call, words.signIn.limited(sayIn(retryAfter, words)), { status: 429, retryAfter });
  if (present.length > 1024 || !(await accounts.checkPassword(account.username, present)))
    return changePage(call, words.password.wrong, { status: 403 }, 'password');
  const problem = await unfit(fresh, rules, services.env, words);
  if (problem !== null) return changePage(call, problem, { status: 400 }, 'new-password');
  const changed = await accounts.setPassword(account.id, fresh, account.stamp);
  if (!changed) return changePage(call, words.password.changedMeanwhile, { status: 409 });
  await services.succeeded('password-change', user.userId);
  return { kind: 'done', to: 'account', renew: { stamp: changed.stamp } };
}
