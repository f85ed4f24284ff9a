/**
 * Sign-up with a passkey and nothing else: a page of its own asks for a user name, then the device makes the passkey. Also defines what
 * both passkey pages store between the request to the browser and its answer.
 */
import { field, html } from '../lib/html.ts';
import type { HtmlValue } from '../lib/html.ts';
import { identityOf, isOpenUsername } from '../model/account.ts';
import type { LoginPage, LoginPageAnswer, LoginPageCall, LoginServices, Authenticated, Refused, Step } from '../model/login.ts';
import { CHALLENGE_TTL } from '../model/passkey.ts';
import type { Json, Seconds } from '../model/store.ts';
import { sayIn, type Words } from '../words/words.ts';
import { makeCeremony, partyOf, type PasskeyOptions } from './passkey-options.ts';
import type { Ceremony } from './passkey-script.ts';
import { type RelyingParty, verifyRegistration } from './passkey-verifier.ts';
import { formOf } from './password-rules.ts';

/** The content of a step: the request to the browser; for a new account also its user. */
export type Kept = {
  readonly ceremony: Ceremony;
  readonly challenge: string;
  readonly account?: { readonly id: string; readonly username: string };
};

const SIGN_UPS = 20;
const WINDOW: Seconds = 3600;

/** With one try: the step, and the challenge with it, is used up before the answer is checked. */
export function stepOf(kept: Kept): Step {
  return { kind: 'step', keep: kept as unknown as Json, tries: 1, ttl: CHALLENGE_TTL };
}

/** The page that asks for a user name. */
export function signUpPage(options: PasskeyOptions): LoginPage {
  return {
    id: 'passkey',
    link: (words) => words.passkey.signUp,
    answer: async (call) => (call.form ? begin(call, options) : form(call)),
  };
}

function form({ words, action }: LoginPageCall, username = '', problem?: HtmlValue, wrong?: null): LoginPageAnswer & { kind: 'page' } {
  const { passkey: say, password } = words;
  const body = html`<p class="lead">${say.signUpHow}</p>
    ${formOf(action, [field('username', password.username, 'username', { value: username })], say.signUpButton, problem, wrong)}`;
  return { kind: 'page', title: say.signUp, body, ...(problem === undefined ? {} : { status: 400 }) };
}

async function begin(call: LoginPageCall, options: PasskeyOptions): Promise<LoginPageAnswer> {
  const { services, words } = call;
  const username = (call.form?.optional('username') ?? '').trim();
  const retryAfter = await services.limit(`passkey-sign-up:${services.network}`, SIGN_UPS, WINDOW);
  if (retryAfter !== null)
    return { ...form(call, username.slice(0, 300), words.signIn.limited(sayIn(retryAfter, words)), null), status: 429, retryAfter };
  if (!isOpenUsername(username)) return form(call, username.slice(0, 300), words.password.usernameUnfit);
  if (await services.accounts.findByUsername(username)) return { ...form(call, username, words.passkey.usernameTaken), status: 409 };
  const [id, challenge] = [services.secret(), services.secret()];
  const ceremony = makeCeremony(partyOf(options, services.issuer), options, challenge, { userId: id, username });
  return stepOf({ ceremony, challenge, account: { id, username } });
}

/** Makes the account. The passkey first: if this is interrupted, it leads to no account and the user name is still free. */
export async function signUp(
  party: RelyingParty,
  answer: string,
  { challenge }: Kept,
  { id: userId, username }: NonNullable<Kept['account']>,
  { passkeys: kept, accounts, issuer, now, words }: LoginServices,
): Promise<Authenticated | Refused> {
  const made = await verifyRegistration(answer, { party, challenge });
  if ('fault' in made) return refused(made.fault, 'wrong');
  if (!(await kept.add({ ...made, userId, name: words.passkey.defaultName, createdAt: now(), usedAt: now() })))
    return refused('passkey_taken', 'taken');
  try {
    const account = await accounts.create({ username }, userId);
    return { kind: 'proven', identity: identityOf(account, issuer), stamp: account.stamp, multiFactor: true };
  } catch (error) {
    await kept.remove(userId, made.id);
    const owner = await accounts.findByUsername(username);
    if (!owner || owner.id === userId) throw error;
    return refused('username_taken', 'usernameTaken'); // another sign-up took the name first
  }
}

type RefusedText = { [K in keyof Words['passkey']]: Words['passkey'][K] extends string ? K : never }[keyof Words['passkey']];

/** Why a passkey was refused: a reason for the operator, and a text for the page. */
export function refused(reason: string, text: RefusedText): Refused {
  return { kind: 'refused', reason, text: (words) => words.passkey[text] };
}
