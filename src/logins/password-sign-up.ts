/**
 * Sign-up: open, by invitation, or not at all. If messages can be sent, an account needs a verified address: the user
 * types the address, and the person with the link from the message chooses the password. A name that is an address always needs that.
 */
import { field, html } from '../lib/html.ts';
import type { HtmlValue } from '../lib/html.ts';
import { type Account, foldUsername, identityOf, isOpenUsername } from '../model/account.ts';
import { foldAddress } from '../model/email.ts';
import type { LoginPage, LoginPageAnswer, LoginPageCall } from '../model/login.ts';
import { sayIn } from '../words/words.ts';
import { formOf, newPasswordField, type PasswordRules, send, unfit } from './password-rules.ts';

const LIFE = 60 * 60;
const RULES = { most: 3, perNetwork: 30, per: 60 * 60 };
const PER_NETWORK = 30;
const WINDOW = 60 * 60;

/** What a link allows: to create the account with that id, once. */
type Admission = {
  readonly accountId: string;
  readonly email?: string;
  readonly name?: string;
  readonly permissions?: readonly string[];
  readonly returnTo?: string;
};

/** The page; an empty list if sign-up is closed. */
export function signUpPages(rules: PasswordRules): readonly LoginPage[] {
  if (rules.signUp === 'closed') return [];
  const page: LoginPage = { id: 'sign-up', answer: (call) => (call.form === null ? show(call, rules) : submit(call, rules)) };
  return [rules.signUp === 'open' ? { ...page, link: (words) => words.password.signUp } : page];
}

/** A link with what it allows. */
interface Pass {
  readonly kind: 'invitation' | 'sign-up';
  readonly token: string;
  readonly admission: Admission;
}

async function show(call: LoginPageCall, rules: PasswordRules): Promise<LoginPageAnswer> {
  const token = call.query.get('token');
  if (token !== null) {
    const pass = await passOf(token, call);
    return pass ? form(call, pass) : dead(call);
  }
  if (rules.signUp === 'invited') return told(call, call.words.password.invitedOnly);
  return rules.sendEmail ? askAddress(call) : form(call, null);
}

async function submit(call: LoginPageCall, rules: PasswordRules): Promise<LoginPageAnswer> {
  const token = call.form?.optional('token');
  const pass = token === undefined ? null : await passOf(token, call);
  if (token !== undefined && !pass) return dead(call);
  if (!pass && rules.signUp === 'invited') return told(call, call.words.password.invitedOnly);
  return pass || !rules.sendEmail ? create(call, rules, pass) : sendLink(call, rules);
}

function askAddress({ action, words: { password: say } }: LoginPageCall, problem: HtmlValue = null, value = ''): LoginPageAnswer {
  const body = html`<p class="lead">${say.signUpHow}</p>
    ${formOf(action, [field('email', say.email, 'email', { type: 'email', value })], say.send, problem)}`;
  return { kind: 'page', title: say.signUpTitle, body, ...(problem === null ? {} : { status: 400 }) };
}

/** The same response for an address that has an account; only the reader of the message is told. */
async function sendLink(call: LoginPageCall, rules: PasswordRules): Promise<LoginPageAnswer> {
  const { services, words } = call;
  const typed = call.form?.optional('email') ?? '';
  const email = foldAddress(typed);
  if (email === null) return askAddress(call, words.password.emailUnfit, typed.slice(0, 254));
  services.after(() => sendTo(email, call, rules));
  return { kind: 'page', title: words.password.sentTitle, body: html`<p class="lead">${words.password.signUpSent}</p>` };
}

async function sendTo(to: string, { services, words, server, signIn, returnTo }: LoginPageCall, rules: PasswordRules): Promise<void> {
  if ((await services.attempt('sign-up', to, RULES)) !== null) return;
  const { accounts, links, issuer, env } = services;
  if ((await accounts.findByEmail(to)) ?? (await accounts.findByUsername(to))) {
    const url = new URL(signIn, issuer).href; // a path tenant's issuer has a path, which `signIn` already contains
    const [subject, text] = [words.email.knownSubject(server), words.email.known(server, url)];
    return send(rules, { to, subject, text, url, kind: 'account-exists' }, env, words);
  }
  const token = await links.make('sign-up', { accountId: services.newId(), email: to, returnTo }, LIFE);
  const url = `${services.pageUrl('sign-up')}?token=${token}`;
  const [subject, text] = [words.email.signUpSubject(server), words.email.signUp(server, url)];
  return send(rules, { to, subject, text, url, kind: 'verification' }, env, words);
}

function form(
  { action, words }: LoginPageCall,
  pass: Pass | null,
  problem: HtmlValue = null,
  typed: Typed = {},
  status = 400,
  wrong = 'username',
): LoginPageAnswer {
  const say = words.password;
  const email = pass?.admission.email;
  const fields = [
    pass && html`<input type="hidden" name="token" value="${pass.token}" />`,
    email === undefined
      ? field('username', say.username, 'username', { value: typed.username ?? '' })
      : html`<p class="lead">${say.creating(html`<bdi>${email}</bdi>`)}</p>`,
    field('name', say.name, 'name', { value: typed.name ?? pass?.admission.name ?? '' }),
    newPasswordField(say.password, words),
  ];
  const body = formOf(action, fields, say.create, problem, wrong);
  return { kind: 'page', title: say.signUpTitle, body, ...(problem === null ? {} : { status }) };
}

interface Typed {
  readonly username?: string;
  readonly name?: string;
}

async function create(call: LoginPageCall, rules: PasswordRules, pass: Pass | null): Promise<LoginPageAnswer> {
  const { services, words } = call;
  const { issuer, env } = services;
  const read = (name: string): string => call.form?.optional(name) ?? '';
  const retryAfter = await services.limit(`sign-up-network:${services.network}`, PER_NETWORK, WINDOW);
  if (retryAfter !== null) return { ...told(call, words.signIn.limited(sayIn(retryAfter, words))), status: 429, retryAfter };
  const { email, permissions = [], returnTo } = pass?.admission ?? {};
  const typed = { username: read('username').slice(0, 300), name: read('name').trim().slice(0, 200) };
  const username = foldUsername(email ?? typed.username);
  if (email === undefined && !isOpenUsername(username)) return form(call, pass, words.password.usernameUnfit, typed);
  const problem = await unfit(read('new-password'), rules, env, words);
  if (problem !== null) return form(call, pass, problem, typed, 400, 'new-password');
  const made = {
    username,
    password: read('new-password'),
    permissions,
    ...(typed.name === '' ? {} : { name: typed.name }),
    ...(email === undefined ? {} : { email, emailVerified: true as const }),
  };
  const account = await tryCreate(call, made, pass?.admission.accountId);
  if (account === 'taken') return email === undefined ? form(call, pass, words.password.taken, typed, 409) : dead(call);
  if (account === 'spent') return dead(call);
  if (pass) await services.links.take(pass.kind, pass.token);
  return {
    kind: 'proven',
    proven: { kind: 'proven', identity: identityOf(account, issuer), stamp: account.stamp },
    ...(returnTo === undefined ? {} : { returnTo }),
  };
}

/** The id is in the link: of simultaneous uses only one creates the account, and a used link creates no other. */
async function tryCreate(
  { services: { accounts } }: LoginPageCall,
  account: Parameters<typeof accounts.create>[0],
  id: string | undefined,
): Promise<Account | 'taken' | 'spent'> {
  const isTaken = async ({ username, email }: typeof account): Promise<boolean> =>
    (await accounts.findByUsername(username)) !== null || (email !== undefined && (await accounts.findByEmail(email)) !== null);
  if (id !== undefined && (await accounts.find(id))) return 'spent';
  if (await isTaken(account)) return 'taken';
  try {
    return await accounts.create(account, id);
  } catch (error) {
    if (id !== undefined && (await accounts.find(id))) return 'spent';
    if (await isTaken(account)) return 'taken';
    if (id !== undefined && error instanceof TypeError) return 'spent'; // the account that the link created was removed
    throw error;
  }
}

async function passOf(token: string, { services: { links } }: LoginPageCall): Promise<Pass | null> {
  for (const kind of ['invitation', 'sign-up'] as const) {
    const admission = (await links.find(kind, token)) as Admission | null;
    if (admission) return { kind, token, admission };
  }
  return null;
}

function dead({ words }: LoginPageCall): LoginPageAnswer {
  return {
    kind: 'page',
    title: words.password.deadTitle,
    body: html`<p class="lead">${words.password.dead}</p>`,
    status: 400,
    isDone: true,
  };
}

function told({ words }: LoginPageCall, text: HtmlValue): LoginPageAnswer & { kind: 'page' } {
  return { kind: 'page', title: words.password.signUpTitle, body: html`<p class="lead">${text}</p>` };
}
