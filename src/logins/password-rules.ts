/**
 * Password rules: which passwords are allowed, and the messages about passwords. Shared by the pages of the password login.
 */
import { field, errorBox, html, markWrong } from '../lib/html.ts';
import type { Html, HtmlValue } from '../lib/html.ts';
import { canBePassword } from '../model/account.ts';
import type { SendEmail } from '../model/email.ts';
import { OAuthError } from '../model/error.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Words } from '../words/words.ts';

/** Settings of the pages of the password login. */
export interface PasswordRules {
  readonly signUp: 'closed' | 'invited' | 'open';
  readonly sendEmail?: SendEmail<never>;
  /** Whether a password is in a list of breached ones. When it throws, no password is set (docs/decisions/0010). */
  readonly isBreached?: (password: string, env: never) => Awaitable<boolean>;
}

/** Why a text cannot be a password, as a text; null if it can. @throws {OAuthError} `temporarily_unavailable` if `isBreached` fails. */
export async function unfit(password: string, { isBreached }: PasswordRules, env: unknown, words: Words): Promise<HtmlValue> {
  if (!canBePassword(password)) return words.password.unfit;
  if (!isBreached) return null;
  try {
    return (await isBreached(password, env as never)) ? words.password.breached : null;
  } catch (cause) {
    throw new OAuthError('temporarily_unavailable', 'breach_list_unavailable', { cause });
  }
}

/** A message with a link to a page of ours. */
export interface Letter {
  readonly kind: 'password-reset' | 'verification' | 'account-exists';
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly url: string;
}

/** Sends a message, if `sendEmail` is set. */
export async function send({ sendEmail }: PasswordRules, letter: Letter, env: unknown, { lang, dir }: Words): Promise<void> {
  const parts = letter.text.split('\n').filter((line) => line !== '');
  const lines = parts.map((line) => (line === letter.url ? html`<p><a href="${line}">${line}</a></p>` : html`<p>${line}</p>`));
  const document = html`<!doctype html>
    <html lang="${lang}" dir="${dir}">
      <head>
        <meta charset="utf-8" />
        <title>${letter.subject}</title>
      </head>
      <body>
        ${lines}
      </body>
    </html>`;
  await sendEmail?.({ ...letter, html: document.toString(), lang }, env as never);
}

/** The field for a new password. */
export function newPasswordField(label: HtmlValue, words: Words): Html {
  return field('new-password', label, 'new-password', { type: 'password', hint: words.password.rule });
}

/** A form with one button, and the error of the last try. @param wrong the field that it is about: the first one unless given, or none. */
export function formOf(
  action: string,
  fields: readonly HtmlValue[],
  button: HtmlValue,
  problem: HtmlValue = null,
  wrong?: string | null,
): Html {
  // prettier-ignore
  const shown = html`${fields}`;
  return html`<form method="post" action="${action}" ${problem && html` aria-describedby="problem"`}>
    ${errorBox(problem)}
    <div class="part">${problem && wrong !== null ? markWrong(shown, wrong) : shown}</div>
    <div class="actions"><button class="main">${button}</button></div>
  </form>`;
}
