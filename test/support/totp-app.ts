/** An authenticator app: takes a secret over from the page that offers it, and shows the code of the moment. */
import { oneTimeCode, PERIOD } from '../../src/model/totp.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import type { Clock } from '../../src/testing/clock.ts';
import { ISSUER } from './app.ts';
import { fromBase32 } from './base32.ts';

/** An app with one account. */
export interface Authenticator {
  /** The code now, or so many seconds from now. */
  code(inSeconds?: number): Promise<string>;
  /** A wrong code. */
  wrong(): Promise<string>;
}

/** Reads the secret from the page's `otpauth:` link, as a phone reads it from the picture. */
export function authenticatorFor({ text }: BrowserPage, clock: Clock): Authenticator {
  const secret = /[?&](?:#38;)?secret=([A-Z2-7]+)/.exec(text)?.[1];
  if (!secret) throw new Error(`The page offers no secret: ${text.replace(/<[^>]+>/g, ' ').slice(0, 400)}`);
  const bytes = fromBase32(secret);
  const code = (inSeconds = 0): Promise<string> => oneTimeCode(bytes, Math.floor((clock.now() + inSeconds) / PERIOD));
  return { code, wrong: () => wrongCode(code) };
}

/** A code that is right at no moment within five minutes of now: a fixed text may be. */
export async function wrongCode(code: (inSeconds: number) => Promise<string>): Promise<string> {
  const right = await Promise.all(Array.from({ length: 21 }, (_, at) => code((at - 10) * PERIOD)));
  return Array.from({ length: 22 }, (_, at) => String(at).padStart(6, '0')).find((one) => !right.includes(one)) ?? '';
}

/** Sets up the second factor for the signed-in user. */
export async function setUp(
  browser: Browser,
  clock: Clock,
): Promise<{ app: Authenticator; recovery: readonly string[]; page: BrowserPage }> {
  const offer = await browser.get(`${ISSUER}/account/totp`);
  const app = authenticatorFor(offer, clock);
  const page = await browser.submit(offer, { decision: 'confirm', code: await app.code() });
  return { app, page, recovery: recoveryIn(page) };
}

/** The recovery codes on a page. */
export function recoveryIn({ text }: BrowserPage): readonly string[] {
  return [...text.matchAll(/<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})<\/code/g)].map(([, code = '']) => code);
}
