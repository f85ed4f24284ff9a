/**
 * Sign-in with a passkey, usernameless: one press, one touch. The challenge is made here, kept sealed with the step, bound to
 * this browser and this sign-in, and used up by its first answer. An entry of its own (`portcullis/passkeys`): nothing else leads here.
 *
 *   challenge → answer of the browser → passkey known → verified → account there → counter (written) → proven, two factors in one
 */
import { html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';
import { identityOf, isUsername } from '../model/account.ts';
import type { FormLogin, LoginServices, Limited, Proven, Refused, Step, StepView } from '../model/login.ts';
import { CHALLENGE_TTL } from '../model/passkey.ts';
import type { Json } from '../model/store.ts';
import type { Words } from '../pages/words/words.ts';
import { checkPasskeyOptions, makeCeremony, partyOf, type PasskeyOptions, useCeremony } from './passkey-options.ts';
import { passkeySection } from './passkey-section.ts';
import { ANSWER, type Ceremony, ceremonyFields, PASSKEY_SCRIPT } from './passkey-script.ts';
import { readAssertion, type RelyingParty, verifyAssertion, verifyRegistration } from './passkey-verifier.ts';

export type { PasskeyOptions } from './passkey-options.ts';

/** What a step keeps: what the browser was asked; for a new account also whom it is for. */
type Kept = {
  readonly ceremony: Ceremony;
  readonly challenge: string;
  readonly account?: { readonly id: string; readonly username: string };
};

const SIGN_UPS = 20;
const WINDOW = 3600;
const USERNAME = 'passkey-username';

/** Signs users in with passkeys; with `signUp: 'open'` also makes accounts that have nothing else. */
export function passkeys(options: PasskeyOptions = {}): FormLogin {
  checkPasskeyOptions(options);
  const isOpen = options.signUp === 'open';
  return {
    id: 'passkey',
    label: (words) => words.passkey.label,
    fields: (typed, words) => firstFields(isOpen, typed, words),
    async prove(read, services) {
      const party = partyOf(options, services.issuer);
      const username = isOpen ? read(USERNAME).trim() : '';
      if (username !== '') return askToMake(party, options, username, services);
      const challenge = services.secret();
      return stepOf({ ceremony: useCeremony(party, challenge), challenge });
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
    checkIssuer: (issuer) => void partyOf(options, issuer),
  };
}

/** With one try the step, and the challenge with it, is used up before the answer is looked at. */
function stepOf(kept: Kept): Step {
  return { kind: 'step', keep: kept as unknown as Json, tries: 1, ttl: CHALLENGE_TTL };
}

function viewOf({ ceremony, account }: Kept, words: Words): StepView {
  const { passkey: say } = words;
  const texts = account
    ? { title: say.makeTitle, text: say.makeText(html`<bdi>${account.username}</bdi>`), button: say.makeButton }
    : { title: say.useTitle, text: say.useText, button: say.useButton };
  return { ...texts, fields: ceremonyFields(ceremony, words), script: PASSKEY_SCRIPT };
}

function firstFields(isOpen: boolean, typed: { readonly [name: string]: string }, { passkey: say }: Words): Html {
  return html`<p class="hint">${say.explained}</p>
    ${
      isOpen &&
      html`<div class="field">
        <label for="${USERNAME}">${say.newUsername}</label>
        <input
          id="${USERNAME}"
          name="${USERNAME}"
          type="text"
          value="${typed[USERNAME]}"
          autocomplete="off"
          autocapitalize="none"
          autocorrect="off"
          spellcheck="false"
          aria-describedby="${USERNAME}-hint"
        />
        <small class="hint" id="${USERNAME}-hint">${say.newUsernameHint}</small>
      </div>`
    }`;
}

async function signIn(party: RelyingParty, answer: string, { challenge }: Kept, services: LoginServices): Promise<Proven | Refused> {
  const assertion = readAssertion(answer);
  if ('fault' in assertion) return refused(assertion.fault, 'wrong');
  const passkey = await services.passkeys.find(assertion.id);
  if (!passkey) return refused('passkey_unknown', 'unknown');
  const shown = await verifyAssertion(assertion, { party, challenge }, passkey);
  if ('fault' in shown) return refused(shown.fault, 'wrong');
  const account = await services.accounts.find(passkey.userId);
  if (!account) return refused('passkey_unknown', 'unknown');
  const outcome = await services.passkeys.use(passkey.id, shown);
  if (outcome === 'counter') return refused('passkey_counter', 'counter');
  if (outcome === 'gone') return refused('passkey_unknown', 'unknown');
  return { kind: 'proven', identity: identityOf(account, services.issuer), stamp: account.stamp, multiFactor: true };
}

async function askToMake(
  party: RelyingParty,
  options: PasskeyOptions,
  username: string,
  services: LoginServices,
): Promise<Step | Refused | Limited> {
  const retryAfter = await services.limit(`passkey-sign-up:${services.network}`, SIGN_UPS, WINDOW);
  if (retryAfter !== null) return { kind: 'limited', retryAfter };
  if (!isUsername(username)) return refused('username_bad', 'usernameBad');
  if (await services.accounts.findByUsername(username)) return refused('username_taken', 'usernameTaken');
  const [id, challenge] = [services.secret(), services.secret()];
  return stepOf({ ceremony: makeCeremony(party, options, challenge, { userId: id, username }), challenge, account: { id, username } });
}

/** The passkey first: cut off in between, it leads to no account and the user name is still free. */
async function signUp(
  party: RelyingParty,
  answer: string,
  { challenge }: Kept,
  { id: userId, username }: NonNullable<Kept['account']>,
  { passkeys: kept, accounts, issuer, now, words }: LoginServices,
): Promise<Proven | Refused> {
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
    return refused('username_taken', 'usernameTaken'); // somebody was faster
  }
}

type RefusedText = { [K in keyof Words['passkey']]: Words['passkey'][K] extends string ? K : never }[keyof Words['passkey']];

function refused(reason: string, text: RefusedText): Refused {
  return { kind: 'refused', reason, text: (words) => words.passkey[text] };
}
