/**
 * Sign-in with a code sent by e-mail. The account is the one that the address belongs to: a person who can read mail there gets in.
 * Order: address → limits → the same page for every address, whether or not it has an account → message, after the response →
 * code, typed into the browser that asked for it (SEC-160).
 */
import { checkNames } from '../lib/check-options.ts';
import { equalTexts, fromBase64url } from '../lib/bytes.ts';
import { field, html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';
import { type Account, identityOf } from '../model/account.ts';
import { checkMailer, type Email, foldAddress, type SendEmail } from '../model/email.ts';
import type { FormLogin, Limited, LoginServices, Authenticated, Refused, Step, StepView } from '../model/login.ts';
import type { Json, Seconds } from '../model/store.ts';
import type { Words } from '../words/words.ts';

/** Options of `emailCode()`. */
export interface EmailCodeOptions<Env = unknown> {
  /** Delivers a message. It runs after the response; if it rejects, `on` gets `request.failed`. */
  readonly sendEmail: SendEmail<Env>;
  /** `closed` (the default): only verified addresses of accounts can sign in. `open`: any address can; a new one gets an account. */
  readonly signUp?: 'open' | 'closed' | undefined;
}

/** A code is short because people type it: at most 25 guesses in 15 minutes on one address from one network, of 10⁸ (SEC-160). */
const DIGITS = 8;
const TRIES = 5;
const RULES = { most: 5, perNetwork: 50, per: 15 * 60 };
const TTL: Seconds = 600;

/** The content of a step. */
const UNKNOWN =
  'no account has proven this address, and sign-up is closed. Use emailCode({ signUp: "open", … }), or helpers.accounts.create({ username, email, emailVerified: true }).';

type Kept = { readonly address: string; readonly code: string };

/**
 * Signs users in by a code sent to their e-mail address: at most 25 guesses in 15 minutes (NIST SP 800-63B §3.2.2).
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * emailCode({ sendEmail: async ({ to, subject, text }) => app.mailer.send(to, subject, text), signUp: 'closed' })
 */
export function emailCode<Env = unknown>(options: EmailCodeOptions<Env>): FormLogin {
  checkNames('emailCode', options, 'sendEmail signUp');
  const { sendEmail, signUp = 'closed' } = options ?? {};
  if (typeof sendEmail !== 'function') throw new TypeError('emailCode: `sendEmail` must be a function that sends a message.');
  if (signUp !== 'open' && signUp !== 'closed') throw new TypeError('emailCode: `signUp` must be "open" or "closed".');
  const begin = async (address: string, services: LoginServices): Promise<Limited | Step> => {
    const retryAfter = await services.attempt('email', address, RULES);
    if (retryAfter !== null) return { kind: 'limited', retryAfter };
    const code = codeFrom(services.secret());
    services.after(async () => {
      if (signUp === 'open' || (await services.accounts.findByEmail(address)))
        await sendEmail(messageOf(address, code, services), services.env as Env);
      else sendEmail.unsent?.(address, UNKNOWN);
    });
    return { kind: 'step', keep: { address, code } satisfies Kept, tries: TRIES, ttl: TTL };
  };
  return {
    id: 'email',
    label: ({ emailCode: { label } }) => label,
    next: ({ emailCode: { send } }) => send,
    fields,
    identifier: {
      accepts: (identifier) => foldAddress(identifier) !== null,
      async begin(identifier, services) {
        const address = foldAddress(identifier);
        return address === null ? addressWrong : begin(address, services);
      },
      instead: ({ emailCode: { instead } }) => instead,
    },
    async prove(read, services) {
      const address = foldAddress(read('email'));
      return address === null ? addressWrong : begin(address, services);
    },
    steps: {
      view,
      async prove(read, kept, services) {
        const { address, code } = kept as Kept;
        if (read('again') !== '') return begin(address, services);
        if (!equalTexts(read('code').replaceAll(/[\s-]/g, ''), code))
          return { ...codeWrong, userId: (await services.accounts.findByEmail(address))?.id };
        const account = (await services.accounts.findByEmail(address)) ?? (signUp === 'open' ? await signedUp(address, services) : null);
        if (!account) return { ...codeWrong, reason: 'email_unknown', text: ({ refused }: Words) => refused.email_code_wrong };
        await services.succeeded('email', address);
        return proven(account, services);
      },
    },
    checkIssuer: (issuer) => checkMailer(sendEmail, issuer, 'emailCode'),
  };
}

const addressWrong: Refused = { kind: 'refused', reason: 'email_malformed', field: 'email' };
const codeWrong: Refused = { kind: 'refused', reason: 'email_code_wrong' };

function proven(account: Account, { issuer }: LoginServices): Authenticated {
  return { kind: 'proven', identity: identityOf(account, issuer), stamp: account.stamp };
}

/** A number of {@link DIGITS} digits, each as likely as any other but for one part in 2²²⁹. */
function codeFrom(secret: string): string {
  const bytes = fromBase64url(secret) ?? new Uint8Array();
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return String(value % 10n ** BigInt(DIGITS)).padStart(DIGITS, '0');
}

/**
 * A new account for a proven address. Its name is the address, or a random one if another account has that name. If the same
 * address is proven in another browser at the same time, both get the same account.
 */
async function signedUp(address: string, { accounts, secret }: LoginServices): Promise<Account> {
  for (const username of [address, secret()]) {
    const known = await accounts.findByEmail(address);
    if (known) return known;
    if (await accounts.findByUsername(username)) continue;
    try {
      return await accounts.create({ username, email: address, emailVerified: true });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // name or address were taken in between
    }
  }
  const first = await accounts.findByEmail(address);
  if (!first) throw new Error('A proven address is taken, and has no account.');
  return first;
}

function fields(typed: { readonly [name: string]: string }, { emailCode: words }: Words): Html {
  return field('email', words.address, 'email', { id: 'email-address', type: 'email', value: typed['email'] });
}

function view(kept: Json, { emailCode: words }: Words): StepView {
  const { address } = kept as Kept;
  return {
    title: words.title,
    text: words.sent(html`<strong><bdi>${address}</bdi></strong>`),
    fields: field('code', words.code, 'one-time-code', { id: 'email-code', autofocus: true, more: { inputmode: 'numeric' } }),
    button: words.button,
    more: html`<button class="plain" name="again" value="1" formnovalidate>${words.again}</button>`,
  };
}

function messageOf(to: string, code: string, { issuer, words }: LoginServices): Email {
  const { subject, codeIs, expires, ignore } = words.emailCode;
  const { host } = new URL(issuer);
  const shown = `${code.slice(0, DIGITS / 2)} ${code.slice(DIGITS / 2)}`;
  const lines = [codeIs(host), shown, expires, ignore(host)];
  const document = html`<!doctype html>
    <html lang="${words.lang}" dir="${words.dir}">
      <body style="font:16px/1.5 sans-serif">
        <p>${lines[0]}</p>
        <p style="font-size:28px;letter-spacing:2px"><bdi>${shown}</bdi></p>
        <p>${lines[2]}</p>
        <p>${lines[3]}</p>
      </body>
    </html> `;
  return {
    kind: 'sign-in-code',
    to,
    subject: subject(shown, host),
    text: `${lines.join('\n\n')}\n`,
    html: document.toString(),
    code,
    lang: words.lang,
  };
}
