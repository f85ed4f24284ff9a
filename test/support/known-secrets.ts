/**
 * A complete run with everything in it that must stay unknown to anyone who reads the store: passwords, tokens, codes, cookies, client
 * secrets, links, codes by e-mail, an authenticator's secret, tokens of another site, props; and every 32 random bytes that were drawn.
 */
import { makeRuntime } from '#under-test';
import { expect } from 'vitest';
import { base64url } from '../../src/lib/bytes.ts';
import { emailCode } from '../../src/logins/email-code.ts';
import { password } from '../../src/logins/password.ts';
import { totp } from '../../src/logins/totp.ts';
import { upstream } from '../../src/logins/upstream.ts';
import type { Store } from '../../src/model/store.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { codeOf, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ALICE, type App, appOn, ISSUER } from './app.ts';
import { makeMailbox } from './mailbox.ts';
import { setUp } from './totp-app.ts';
import { APP, awayTo, callbackOf } from './upstream-app.ts';

/** What a run leaves to be looked for. */
export interface Known {
  /** Each with what it is. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Short ones, which stand by chance in what is long enough: to be looked for as words of their own. */
  readonly codes: ReadonlyMap<string, string>;
  /** Readable on purpose: if they are not found, nothing was looked at. */
  readonly readable: readonly string[];
}

const SECRET = 'the-server-s-own-secret-of-more-than-32-characters';
const PRIVATE_NOTE = 'a-private-note-that-only-tools-may-read';
const BOB = { username: 'bob', password: 'another horse battery' } as const;
const ADA = 'ada@mail.example';

/** Lives through it on a store, from a clock of its own. */
export async function liveThrough(store: (now: () => number) => Store): Promise<Known> {
  const clock = makeClock();
  const secrets = new Map<string, string>([
    [ALICE.password, 'password'],
    [BOB.password, 'password'],
    [SECRET, 'the server\u2019s secret'],
    [PRIVATE_NOTE, 'props'],
  ]);
  const codes = new Map<string, string>();
  const { random } = makeRuntime();
  const drawing = (bytes: number): Uint8Array<ArrayBuffer> => {
    const drawn = random(bytes);
    if (bytes === 32) secrets.set(base64url(drawn), '32 random bytes');
    return drawn;
  };
  const idp = await makeFakeUpstream({ ...APP, redirectUri: callbackOf('corp'), now: clock.now });
  const listening: typeof idp.fetch = async (input, init) => {
    const answer = await idp.fetch(input, init);
    const body = (await answer.clone().json().catch(() => ({}))) as Record<string, unknown>; // prettier-ignore
    for (const name of ['access_token', 'refresh_token', 'id_token'])
      if (typeof body[name] === 'string') secrets.set(body[name], `${name} of another site`);
    return answer;
  };
  const mail = makeMailbox();
  const corp = oidc({ ...APP, issuer: idp.issuer, id: 'corp', label: 'Corp', fetch: listening });
  const logins = [
    password({ sendEmail: mail.send, signUp: 'invited' }),
    emailCode({ sendEmail: mail.send, signUp: 'open' }),
    upstream(corp, { keepTokens: true }),
  ];
  const app = await appOn(store(clock.now), clock, { logins, secret: SECRET, secondFactor: totp() }, { random: drawing });
  secrets.set(APP.clientSecret, 'client secret at another site');
  const client = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
  const keep = (what: string, ...texts: readonly string[]): void => texts.forEach((text) => secrets.set(text, what));
  keep('client secret', client.secret ?? '', client.verifier);

  const browser = app.browser();
  await redeemed(client, await client.signIn(browser, ALICE), keep);
  const { accounts } = app.provider.helpers(app.env);
  keep('link', tokenIn((await accounts.invite({ permissions: ['read'] })).url));
  const bob = await accounts.create({ ...BOB, email: 'bob@mail.example', emailVerified: true });
  await forgotten(app, mail, keep);
  await byMail(app, mail, codes);
  await throughSite(app, client, (location) => idp.visit(location), keep);
  await withAuthenticator(app, keep, codes);
  await ownPages(app, client, bob.id, keep);
  keep('cookie', ...browser.cookies.values());
  return { secrets, codes, readable: [client.id, bob.id] };
}

/** Fails where any of it stands in the text, as it is or in hexadecimal or base64. */
export function expectNothingKnown(text: string, { secrets, codes, readable }: Known): void {
  expect(readable.map((one) => text.includes(one))).toEqual(readable.map(() => true));
  const told = [...secrets].filter(([secret]) => formsOf(secret).some((form) => text.includes(form))).map(([, what]) => what);
  const short = [...codes].filter(([code]) => isCodeIn(text, code)).map(([, what]) => what);
  expect(secrets.size).toBeGreaterThan(40);
  expect([...told, ...short]).toEqual([]);
}

/** Whether a short code stands in a text on its own, wherever that is, or is written in hexadecimal or base64. */
export function isCodeIn(text: string, code: string): boolean {
  const [, ...forms] = formsOf(code);
  return new RegExp(`(?<![\\w+/-])${code}(?![\\w+/=-])`).test(text) || forms.some((form) => text.includes(form));
}

function formsOf(secret: string): readonly string[] {
  const bytes = new TextEncoder().encode(secret);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const last = secret.split('.').at(-1) ?? secret; // of a token the secret part
  return [secret, hex, base64url(bytes), ...(last.length > 20 ? [last] : [])];
}

type Keep = (what: string, ...texts: readonly string[]) => void;

async function redeemed(client: TestClient, code: string, keep: Keep): Promise<void> {
  const first = tokensOf(await client.redeem(code));
  const second = tokensOf(await client.refresh(first.refresh));
  keep('code', code);
  keep('token', first.access, first.refresh, second.access, second.refresh);
}

async function forgotten(app: App, mail: ReturnType<typeof makeMailbox>, keep: Keep): Promise<void> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login/forgot`), { username: 'bob' });
  keep('link', tokenIn((await mail.to('bob@mail.example')).url ?? ''));
}

async function byMail(app: App, mail: ReturnType<typeof makeMailbox>, codes: Map<string, string>): Promise<void> {
  const browser = app.browser();
  const page = await browser.submit(await browser.get(`${ISSUER}/login`), { email: ADA, login: 'email' });
  const code = await mail.codeFor(ADA);
  codes.set(code, 'code by e-mail');
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(code))); // which anyone finds by trying all codes
  for (const form of [base64url(hash), Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')])
    codes.set(form, 'hash of a code by e-mail');
  await browser.submit(page, { code: code === '00000000' ? '00000001' : '00000000' }); // one is used up, the right one still stands
}

async function throughSite(app: App, client: TestClient, visit: (location: string) => Promise<string>, keep: Keep): Promise<void> {
  const browser = app.browser();
  const page = await browser.get(await client.authorizeUrl());
  const back = await browser.get(await visit(await awayTo('corp', { client, browser, page })));
  await redeemed(client, codeOf(back), keep);
  keep('cookie', ...browser.cookies.values());
}

async function withAuthenticator(app: App, keep: Keep, codes: Map<string, string>): Promise<void> {
  const browser: Browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), BOB);
  const offer = await browser.get(`${ISSUER}/account/totp`);
  keep('secret of an authenticator', /[?&](?:#38;)?secret=([A-Z2-7]+)/.exec(offer.text)?.[1] ?? '');
  for (const code of (await setUp(browser, app.clock)).recovery) codes.set(code, 'recovery code');
  keep('cookie', ...browser.cookies.values());
}

async function ownPages(app: App, client: TestClient, userId: string, keep: Keep): Promise<void> {
  const helpers = app.provider.helpers(app.env);
  const request = await helpers.parseAuthRequest(new Request(await client.authorizeUrl()));
  const { redirectTo } = await helpers.completeAuthorization({ request, userId, scope: request.scope, props: { note: PRIVATE_NOTE } });
  await redeemed(client, new URL(redirectTo).searchParams.get('code') ?? '', keep);
}

function tokenIn(url: string): string {
  return new URL(url).searchParams.get('token') ?? '';
}
