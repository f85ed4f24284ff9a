/**
 * Sign-in with a passkey, usernameless: one press, one touch; and sign-up with a passkey and nothing else. The challenge is made here, sealed in
 * the step, bound to this browser and this sign-in, and used up by its first answer. A separate entry point (`portcullis/passkeys`): no other
 * file imports it.
 *
 *   challenge → answer of the browser → passkey found → verified → account found → counter (written) → proven, two factors in one
 *   sign-up: page for a user name → challenge → answer of the browser → verified → account and passkey made → proven
 */
import { field, html, type HtmlValue } from '../lib/html.ts';
import { type Account, identityOf, isOpenUsername } from '../model/account.ts';
import type {
  Authenticated,
  FormLogin,
  LoginPage,
  LoginPageAnswer,
  LoginPageCall,
  LoginServices,
  Refused,
  Step,
  StepView,
} from '../model/login.ts';
import { CHALLENGE_TTL } from '../model/passkey.ts';
import type { Json, Seconds } from '../model/store.ts';
import { sayIn, type Words } from '../words/words.ts';
import {
  ANSWER,
  type Ceremony,
  ceremonyFields,
  checkPasskeyOptions,
  makeCeremony,
  partyOf,
  PASSKEY_SCRIPT,
  type PasskeyOptions,
  useCeremony,
} from './passkey-options.ts';
import { passkeySection } from './passkey-section.ts';
import { library, readAssertion, type RelyingParty, verifyAssertion, verifyRegistration } from './passkey-verifier.ts';
import { formOf } from './password-rules.ts';

/**
 * Signs users in with passkeys (WebAuthn Level 3): one step, two factors. With `signUp: 'open'` new users can create an account that has only
 * a passkey. Needs the package `@simplewebauthn/server`.
 *
 * @throws {TypeError} at start-up for a wrong option, or for an issuer on an IP address.
 * @example
 * const app = new OAuthProvider({ apiRoute: '/mcp', apiHandler: MyMCP.Router, logins: [passkeys({ signUp: 'open' }), password()] });
 */
export function passkeys(options: PasskeyOptions = {}): FormLogin {
  checkPasskeyOptions(options);
  return {
    id: 'passkey',
    button: (words) => words.passkey.signIn,
    fields: () => html``,
    async prove(_read, services) {
      const challenge = services.secret();
      return stepOf({ ceremony: useCeremony(partyOf(options, services.issuer), challenge), challenge });
    },
    steps: {
      view: (kept, words) => viewOf(kept as Kept, words),
      async prove(read, json, services) {
        const [party, answer, kept] = [partyOf(options, services.issuer), read(ANSWER), json as Kept];
        if (answer === '') return refused('passkey_none', 'none');
        return kept.account ? signUp(party, answer, kept, kept.account, services) : signIn(party, answer, kept, services);
      },
    },
    account: [passkeySection(options)],
    pages: options.signUp === 'open' ? [signUpPage(options)] : [],
    checkIssuer: (issuer) => void partyOf(options, issuer),
    load: library,
  };
}

function viewOf({ ceremony, account }: Kept, words: Words): StepView {
  const { passkey: say } = words;
  const texts = account
    ? { title: say.makeTitle, text: say.makeText(html`<bdi>${account.username}</bdi>`), button: say.makeButton }
    : { title: say.useTitle, text: say.useText, button: say.useButton };
  return { ...texts, fields: ceremonyFields(ceremony, words), script: PASSKEY_SCRIPT };
}

async function signIn(party: RelyingParty, answer: string, { challenge }: Kept, services: LoginServices): Promise<Authenticated | Refused> {
  const assertion = readAssertion(answer);
  if ('fault' in assertion) return refused(assertion.fault, 'wrong');
  const passkey = await services.passkeys.find(assertion.id);
  if (!passkey) return refused('passkey_unknown', 'unknown');
  const shown = await verifyAssertion(assertion, { party, challenge }, passkey);
  const { userId } = passkey;
  if ('fault' in shown) return { ...refused(shown.fault, 'wrong'), userId };
  const account = await services.accounts.find(userId);
  if (!account) return refused('passkey_unknown', 'unknown');
  const outcome = await services.passkeys.use(passkey.id, shown);
  if (outcome === 'counter') return { ...refused('passkey_counter', 'counter'), userId };
  if (outcome === 'gone') return refused('passkey_unknown', 'unknown');
  return provenBy(account, services.issuer, passkey.id);
}

/** The content of a step: the request to the browser; for a new account also its user. */
type Kept = {
  readonly ceremony: Ceremony;
  readonly challenge: string;
  readonly account?: { readonly id: string; readonly username: string };
};

const SIGN_UPS = 20;
const WINDOW: Seconds = 3600;

/** With one try: the step, and the challenge with it, is used up before the answer is checked. */
function stepOf(kept: Kept): Step {
  return { kind: 'step', keep: kept as unknown as Json, tries: 1, ttl: CHALLENGE_TTL };
}

/** The page that asks for a user name. */
function signUpPage(options: PasskeyOptions): LoginPage {
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

/** Makes the account. The passkey first: if this is interrupted, it leads to no account, or the account is completed later and has its passkey. */
async function signUp(
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
  const account = await accounts.create({ username }, userId).catch(async (error: unknown) => {
    const owner = await accounts.findByUsername(username); // completes the account if the store failed halfway
    if (owner === null) throw error;
    return owner;
  });
  if (account.id === userId) return provenBy(account, issuer, made.id);
  await kept.remove(userId, made.id); // another sign-up took the name first
  return refused('username_taken', 'usernameTaken');
}

function provenBy(account: Account, issuer: string, passkey: string): Authenticated {
  return { kind: 'proven', identity: identityOf(account, issuer), stamp: account.stamp, passkey, multiFactor: true };
}

type RefusedText = { [K in keyof Words['passkey']]: Words['passkey'][K] extends string ? K : never }[keyof Words['passkey']];

/** Why a passkey was refused: a reason for the operator, and a text for the page. */
function refused(reason: string, text: RefusedText): Refused {
  return { kind: 'refused', reason, text: (words) => words.passkey[text] };
}
