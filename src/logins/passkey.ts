/**
 * Sign-in with a passkey, usernameless: one press, one touch. The challenge is made here, sealed in the step, bound to
 * this browser and this sign-in, and used up by its first answer. A separate entry point (`portcullis/passkeys`): no other file imports it.
 *
 *   challenge → answer of the browser → passkey found → verified → account found → counter (written) → proven, two factors in one
 */
import { html } from '../lib/html.ts';
import { identityOf } from '../model/account.ts';
import type { FormLogin, LoginServices, Authenticated, Refused, StepView } from '../model/login.ts';
import type { Words } from '../words/words.ts';
import { checkPasskeyOptions, partyOf, type PasskeyOptions, useCeremony } from './passkey-options.ts';
import { passkeySection } from './passkey-section.ts';
import { ANSWER, ceremonyFields, PASSKEY_SCRIPT } from './passkey-script.ts';
import { type Kept, refused, signUp, signUpPage, stepOf } from './passkey-sign-up.ts';
import { library, readAssertion, type RelyingParty, verifyAssertion } from './passkey-verifier.ts';

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
  return { kind: 'proven', identity: identityOf(account, services.issuer), stamp: account.stamp, multiFactor: true };
}
