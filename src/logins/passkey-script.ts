/**
 * The one script of our pages: asks the browser for a passkey and puts the answer into the form. It is a constant text, allowed
 * by its hash; all values come from the page. The page says what to do without it, and all other sign-in methods work.
 */
import { html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';
import type { Json } from '../model/store.ts';
import type { Words } from '../words/words.ts';

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
 * The script. It starts by itself, since the user just pressed a button to come here; a browser that requires one more press
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
