/**
 * Options of passkeys, the WebAuthn requests made from them, and the one script of our pages, which hands a request to the browser and puts the
 * answer into the form. Usernameless: the authenticator knows the accounts it has keys for, so the page shows no user name. User
 * verification is always required, so that a passkey is two factors in one.
 */
import { html, type Html } from '../lib/html.ts';
import { checkNames } from '../lib/check-options.ts';
import { CHALLENGE_TTL, type Passkey, userHandle } from '../model/passkey.ts';
import type { Json } from '../model/store.ts';
import type { Words } from '../words/words.ts';
import { ALGORITHMS, type RelyingParty } from './passkey-verifier.ts';

/** Options of `passkeys()`. */
export interface PasskeyOptions {
  /** The domain that passkeys are bound to: the issuer's host (default), or one above it. Passkeys made for another cannot be used. */
  readonly rpId?: string | undefined;
  /** The site's name, as devices show it. Default: the domain. */
  readonly rpName?: string | undefined;
  /** Whether new users may create an account with a passkey alone. Default `closed`. */
  readonly signUp?: 'open' | 'closed' | undefined;
}

/** Refuses options that can never work. @throws {TypeError} naming the option and the fix. */
export function checkPasskeyOptions(options: PasskeyOptions): void {
  checkNames('passkeys', options, 'rpId rpName signUp');
  const { rpId, rpName, signUp } = options;
  if (signUp !== undefined && signUp !== 'open' && signUp !== 'closed') fail('`signUp` must be "open" or "closed"');
  if (rpName !== undefined && (typeof rpName !== 'string' || rpName === '')) fail('`rpName` must be a string, the name of your site');
  if (rpId !== undefined && (typeof rpId !== 'string' || !isHost(rpId)))
    fail(`\`rpId\` must be a domain such as "mcp.example", without scheme, port and path; it is ${JSON.stringify(rpId)}`);
}

/** The relying party for an issuer. @throws {TypeError} if passkeys cannot work there, naming the fix. */
export function partyOf({ rpId }: PasskeyOptions, issuer: string): RelyingParty {
  const { origin, hostname, protocol, port } = new URL(issuer);
  if (/^[\d.]+$|^\[/.test(hostname)) {
    const fix = protocol === 'http:' ? `use http://localhost${port && `:${port}`}` : 'give the server a host name';
    fail(`cannot serve under ${issuer}, since a passkey belongs to a name and not to an IP address; ${fix}`);
  }
  const id = rpId ?? hostname;
  if (hostname !== id && !hostname.endsWith(`.${id}`))
    fail(`\`rpId\` must be the issuer's host ${hostname}, or a domain above it; it is ${JSON.stringify(id)}`);
  return { id, origin };
}

/** Asks for any passkey of this site. */
export function useCeremony(party: RelyingParty, challenge: string): Ceremony {
  return {
    how: 'get',
    publicKey: { challenge, rpId: party.id, allowCredentials: [], userVerification: 'required', timeout: CHALLENGE_TTL * 1000 },
  };
}

/** The user of a new passkey. */
export interface NewOwner {
  readonly userId: string;
  readonly username: string;
  readonly displayName?: string;
  /** The account's passkeys; a device that has one of them makes no second. */
  readonly has?: readonly Passkey[];
}

/** Asks for a new passkey. */
export function makeCeremony(
  party: RelyingParty,
  { rpName = party.id }: PasskeyOptions,
  challenge: string,
  { userId, username, displayName = username, has = [] }: NewOwner,
): Ceremony {
  return {
    how: 'create',
    publicKey: {
      challenge,
      rp: { id: party.id, name: rpName },
      user: { id: userHandle(userId), name: username, displayName },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      excludeCredentials: has.map(({ id, transports }) => ({ type: 'public-key', id, transports })),
      attestation: 'none',
      timeout: CHALLENGE_TTL * 1000,
    },
  };
}

function isHost(text: string): boolean {
  return URL.canParse(`https://${text}/`) && new URL(`https://${text}/`).hostname === text && !text.endsWith('.');
}

function fail(problem: string): never {
  throw new TypeError(`logins: passkeys() ${problem}.`);
}

/** The request to the browser: use a passkey, or create one; with the options of WebAuthn Level 3 in their JSON form. */
export type Ceremony = { readonly how: 'get' | 'create'; readonly publicKey: { readonly [option: string]: Json } };

/** The field that the answer is posted in. */
export const ANSWER = 'passkey';

/** The fields of a ceremony, and the text shown if it fails. Belongs in a form with a first button that starts it. */
export function ceremonyFields(ceremony: Ceremony, { passkey: say }: Words): Html {
  return html`<input type="hidden" id="passkey-ceremony" value="${JSON.stringify(ceremony)}" />
    <input type="hidden" id="passkey-answer" name="${ANSWER}" value="" />
    <p class="note" id="passkey-off">${say.noScript}</p>
    <div role="status">
      <p class="note" id="passkey-missing" hidden>${say.missing}</p>
      <p class="note" id="passkey-cancelled" hidden>${say.cancelled}</p>
      <p class="note" id="passkey-known" hidden>${say.known}</p>
    </div>`;
}

/**
 * The script: a constant text, allowed by its hash; all values come from the page, which says what to do without it. It starts by itself, since the user just pressed a button to come here; a browser that requires one more press
 * refuses silently, and the button is there. Byte arrays are converted by hand: the JSON methods of WebAuthn are newer than passkeys.
 */
export const PASSKEY_SCRIPT = `(() => {
  const { how, publicKey } = JSON.parse(document.getElementById('passkey-ceremony').value);
  const answer = document.getElementById('passkey-answer');
  const form = answer.form;
  const go = form.querySelector('button.main');
  let asking = false;
  let quiet;
  document.getElementById('passkey-off').remove();

  const say = (what) => {
    for (const one of ['missing', 'cancelled', 'known']) document.getElementById('passkey-' + one).hidden = one !== what;
  };
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (sign) => sign.charCodeAt(0));
  const text = (buffer) => {
    const signs = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
    return btoa(signs).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
  };

  publicKey.challenge = bytes(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
  for (const one of publicKey.excludeCredentials || []) one.id = bytes(one.id);

  const ask = async (quietly) => {
    quiet = quietly; // a press while the browser asks by itself wants to hear how that ended
    if (asking) return;
    asking = true;
    say(null);
    try {
      const { id, type, response } = await navigator.credentials[how]({ publicKey });
      const parts = {};
      for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'])
        if (response[name]) parts[name] = text(response[name]);
      if (response.getTransports) parts.transports = response.getTransports();
      answer.value = JSON.stringify({ id, type, response: parts });
      form.requestSubmit(go);
    } catch (error) {
      if (!quiet) say(error.name === 'InvalidStateError' ? 'known' : 'cancelled');
    } finally {
      asking = false;
    }
  };

  const able = window.PublicKeyCredential && navigator.credentials;
  if (!able) say('missing');
  form.addEventListener('submit', (event) => {
    if (event.submitter !== go || answer.value !== '') return;
    event.preventDefault();
    if (able) ask(false);
  });
  window.addEventListener('pageshow', () => (answer.value = '')); // come back to by the back button
  if (able) ask(true);
})();
`;
