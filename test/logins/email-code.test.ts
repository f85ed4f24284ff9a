import { describe, expect, it } from 'vitest';
import { consoleMailer } from '../../src/logins/console-mailer.ts';
import { emailCode, type EmailCodeOptions } from '../../src/logins/email-code.ts';
import { password } from '../../src/logins/password.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { codeOf } from '../../src/testing/oauth-client.ts';
import { type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { type Mailbox, makeMailbox } from '../support/mailbox.ts';
import { expectPage } from '../support/verdicts.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';

const ADA = 'ada@mail.example';

interface Made {
  readonly app: App;
  readonly mailbox: Mailbox;
}

async function make(store = 'memory', options: Partial<EmailCodeOptions> = { signUp: 'open' }): Promise<Made> {
  const mailbox = makeMailbox();
  return { mailbox, app: await makeApp(store, { logins: [emailCode({ sendEmail: mailbox.send, ...options })] }) };
}

/** Types an address, and gets the page that asks for the code. */
async function asked(app: App, address = ADA, browser: Browser = app.browser()): Promise<{ browser: Browser; page: BrowserPage }> {
  return { browser, page: await browser.submit(await browser.get(`${ISSUER}/login`), { email: address }) };
}

/** What stands on a page apart from its secrets. */
const plain = ({ text }: BrowserPage): string => text.replace(/value="[\w-]{43}"/g, '').replaceAll(/\S+@mail\.example/g, '');

describe.each(storeNames)('logins/email-code on %s', (store) => {
  it('signs a user up and in by a code, and recognizes the account the next time', async () => {
    const { app, mailbox } = await make(store);
    const [client, browser] = [await app.client(), app.browser()];
    const consent = await browser.get(await client.authorizeUrl({ scope: 'read' }));
    const page = await browser.submit(consent, { decision: 'approve', email: ' Ada@Mail.Example ' });
    const code = await mailbox.codeFor(ADA);
    expect(code).toMatch(/^\d{8}$/);
    const tokens = await client.redeem(codeOf(await browser.submit(page, { code: `${code.slice(0, 4)} ${code.slice(4)}` })));
    const first = (await app.call(String(tokens.body['access_token']))).access;
    expect(first?.props).toMatchObject({ claims: { email: ADA, email_verified: true } });
    const again = await asked(app);
    await app.settled();
    expect((await again.browser.submit(again.page, { code: await mailbox.codeFor(ADA) })).status).toBe(303);
    const { accounts } = app.provider.helpers(app.env);
    expect(await accounts.findByEmail(ADA)).toMatchObject({ id: first?.userId, withoutPassword: true });
  });

  it('SEC-160 gives one session to twenty uses of a code at once', async () => {
    const { app, mailbox } = await make(store);
    const { browser, page } = await asked(app);
    const code = await mailbox.codeFor(ADA);
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.submit(page, { code })));
    const sessions = answers.map(({ headers }) => headers.getSetCookie().find((line) => line.includes('-session=')));
    expect([new Set(sessions).size, sessions[0]?.length ?? 0]).toEqual([1, expect.any(Number)]); // each the same one
    expect(app.events.filter(({ kind }) => kind === 'login.succeeded')).toHaveLength(1);
  });

  it('makes one account of one address that several browsers prove at once', async () => {
    const { app, mailbox } = await make(store);
    const all = [];
    for (let count = 0; count < 4; count++) {
      const one = await asked(app);
      const sent = count + 1;
      await expect.poll(() => mailbox.messages.length, { interval: 1 }).toBe(sent);
      all.push({ ...one, code: mailbox.messages.at(-1)?.code ?? '' });
    }
    const answers = await Promise.all(all.map(({ browser, page, code }) => browser.submit(page, { code })));
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
    const users = new Set(app.events.map((event) => (event.kind === 'login.succeeded' ? event.userId : '')).filter(Boolean));
    expect(users.size).toBe(1);
  });
});

describe('logins/email-code', () => {
  it('SEC-160 takes a code from the browser that asked, by POST, once, for ten minutes, and no other code', async () => {
    const { app, mailbox } = await make();
    const { browser, page } = await asked(app);
    const code = await mailbox.codeFor(ADA);
    const step = /name="step" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect((await app.ask('GET', `/login/step?step=${step}&code=${code}`)).status).toBe(405);
    expectPage(await app.browser().submit(page, { code }), { status: 403 });
    const wrong = await browser.submit(page, { code: String((Number(code) + 1) % 1e8).padStart(8, '0') });
    expect([wrong.status, wrong.text.includes('Wrong code')]).toEqual([403, true]);
    const first = await browser.submit(page, { code });
    expect((await browser.submit(page, { code })).location).toBe(first.location); // a second click
    expectPage(await app.browser().submit(page, { code }));
    expect(app.events.filter(({ kind }) => kind === 'login.succeeded')).toHaveLength(1);
    const late = await asked(app);
    app.clock.pass(600);
    expectPage(await late.browser.submit(late.page, { code: await mailbox.codeFor(ADA) }));
  });

  it('SEC-160 allows five guesses for a code, and five codes for an address in a quarter of an hour', async () => {
    const { app, mailbox } = await make();
    const { browser, page } = await asked(app);
    await mailbox.to(ADA);
    for (let count = 0; count < 5; count++) expect((await browser.submit(page, { code: '0' })).status).toBe(403);
    expectPage(await browser.submit(page, { code: await mailbox.codeFor(ADA) }));
    for (let count = 0; count < 4; count++) expect((await asked(app)).page.status).toBe(200);
    const limited = await asked(app, 'ADA@mail.example');
    expect([limited.page.status, limited.page.headers.get('retry-after')]).toEqual([429, '900']);
    expect((await asked(app, 'grace@mail.example')).page.status).toBe(200);
    await mailbox.to('grace@mail.example');
    expect(mailbox.messages.filter(({ to }) => to === ADA)).toHaveLength(5);
    app.clock.pass(900);
    expect((await asked(app)).page.status).toBe(200);
  });

  it('sends at most fifty messages for one network in a quarter of an hour, to any addresses', async () => {
    const { app } = await make();
    for (let count = 0; count < 50; count++) expect((await asked(app, `p${count}@mail.example`)).page.status).toBe(200);
    expect((await asked(app, 'one-more@mail.example')).page.status).toBe(429);
  });

  it('sends another code when it is asked to, and takes only the newest', async () => {
    const { app, mailbox } = await make();
    const { browser, page } = await asked(app);
    const old = await mailbox.codeFor(ADA);
    const next = await browser.submit(page, { again: '1' });
    await expect.poll(() => mailbox.messages.length, { interval: 1 }).toBe(2);
    const code = await mailbox.codeFor(ADA);
    expectPage(await browser.submit(page, { code: old }));
    if (old !== code) expect((await browser.submit(next, { code: old })).status).toBe(403);
    expect((await browser.submit(next, { code })).status).toBe(303);
  });

  it('shows and does the same for a known address and an unknown one, and sends only to the known (no enumeration)', async () => {
    const { app, mailbox } = await make('memory', {});
    const { accounts } = app.provider.helpers(app.env);
    await accounts.create({ username: 'ada', email: ADA, emailVerified: true });
    await accounts.create({ username: 'named', email: 'named@mail.example' });
    const known = await asked(app);
    await mailbox.to(ADA);
    for (const address of ['nobody@mail.example', 'named@mail.example']) {
      const before = { ...app.counts };
      const unknown = await asked(app, address);
      expect([unknown.page.status, plain(unknown.page)]).toEqual([known.page.status, plain(known.page)]);
      expect(app.counts.writes - before.writes).toBeGreaterThan(0);
      expect((await unknown.browser.submit(unknown.page, { code: '12345678' })).status).toBe(403);
    }
    expect(mailbox.messages.map(({ to }) => to)).toEqual([ADA]);
    expect((await known.browser.submit(known.page, { code: await mailbox.codeFor(ADA) })).status).toBe(303);
  });

  it('signs in to the account whose address the operator vouches for, and to none that merely has it', async () => {
    const { app, mailbox } = await make();
    const { accounts } = app.provider.helpers(app.env);
    const owner = await accounts.create({ username: 'ada', email: ADA, emailVerified: true, permissions: ['admin'] });
    const squatter = await accounts.create({ username: 'grace@mail.example', password: 'lying in wait', email: 'grace@mail.example' });
    for (const [address, isOwner] of [
      [ADA, true],
      ['grace@mail.example', false],
    ] as const) {
      const { browser, page } = await asked(app, address);
      await browser.submit(page, { code: await mailbox.codeFor(address) });
      const { id } = (await accounts.findByEmail(address))!;
      expect([id === owner.id, id === squatter.id]).toEqual([isOwner, false]);
    }
  });

  it('tells the operator when a message could not be sent, and the page nothing', async () => {
    const { app } = await make('memory', { signUp: 'open', sendEmail: () => Promise.reject(new Error('mail server down')) });
    expect((await asked(app)).page.status).toBe(200);
    await expect.poll(() => app.events.map(({ kind }) => kind), { interval: 1 }).toContain('request.failed');
  });

  it.each([
    '',
    'ada',
    'ada@',
    'ada@mail',
    'a@b@mail.example',
    'ada@mail.example, eve@mail.example',
    `${'a'.repeat(250)}@mail.example`,
    'ada@mail.example\r\nBcc: eve@mail.example',
  ])('sends nothing to %j, and says that it is no address', async (address) => {
    const { app, mailbox } = await make();
    const { page } = await asked(app, address);
    expect([page.status, page.text.includes('not a valid email address'), mailbox.messages]).toEqual([403, true, []]);
  });

  it('writes the message in the language of the page, as text and as a document, with nothing of the request in it', async () => {
    const { app, mailbox } = await make();
    await asked(app);
    const message = await mailbox.to(ADA);
    const shown = `${message.code?.slice(0, 4)} ${message.code?.slice(4)}`;
    expect(message).toMatchObject({ kind: 'sign-in-code', to: ADA, lang: 'en', subject: `${shown} is your code for mcp.example` });
    for (const text of [message.text, message.html]) expect([text.includes(shown), text.includes('mcp.example')]).toEqual([true, true]);
    expect(message.html).not.toMatch(/https?:|<img|<script|<a /);
  });

  it('is shown beside other logins on one page, each with its own fields', async () => {
    const mailbox = makeMailbox();
    const { identifier: _, ...plain } = password(); // a login of the application's own has none either
    const app = await makeApp('memory', { logins: [plain, emailCode({ sendEmail: mailbox.send, signUp: 'open' })] });
    const browser = app.browser();
    const form = await browser.get(`${ISSUER}/login`);
    expect(form.text).toContain('Email code');
    const page = await browser.submit(form, { login: 'email', email: ADA, username: '', password: '' });
    expect((await browser.submit(page, { code: await mailbox.codeFor(ADA) })).status).toBe(303);
    const wrong = await browser.submit(await app.browser().get(`${ISSUER}/login`), { login: 'email', email: 'ada', username: '' });
    expect(wrong.text).toContain('value="ada"');
  });

  it('refuses to start with options that cannot be meant', () => {
    expect(() => emailCode({} as never)).toThrow('emailCode: `sendEmail` must be a function');
    expect(() => emailCode({ sendEmail: () => {}, signUp: 'yes' as never })).toThrow('emailCode: `signUp` must be "open" or "closed".');
  });

  it('prints messages on the console in development, and refuses that on a public server', async () => {
    const printed: string[] = [];
    const logins = [emailCode({ sendEmail: consoleMailer((text) => printed.push(text)), signUp: 'open' })];
    const clock = makeClock();
    const store = memoryStore({ now: clock.now });
    await expect(appOn(store, clock, { logins })).rejects.toThrow(
      'emailCode: `sendEmail` is consoleMailer(), which writes every secret to the log',
    );
    const issuer = 'http://localhost:8787';
    const app = await appOn(store, clock, { logins, issuer });
    const browser = app.browser();
    await browser.submit(await browser.get(`${issuer}/login`), { email: ADA });
    await expect.poll(() => printed.length, { interval: 1 }).toBe(1);
    expect(printed[0]).toMatch(/To: ada@mail\.example\nSubject: \d{4} \d{4} is your code for localhost:8787\n/);
  });

  it('prints on the console in development, and nowhere else, why no message was sent (N-10)', async () => {
    const printed: string[] = [];
    const sendEmail = consoleMailer((text) => printed.push(text));
    const clock = makeClock();
    const [store, issuer] = [memoryStore({ now: clock.now }), 'http://localhost:8787'];
    const app = await appOn(store, clock, { logins: [emailCode({ sendEmail }), password({ sendEmail })], issuer });
    const browser = app.browser();
    await browser.submit(await browser.get(`${issuer}/login`), { login: 'email', email: ADA });
    await expect.poll(() => printed.length, { interval: 1 }).toBe(1);
    expect(printed[0]).toContain(`portcullis: no message to ${ADA}: no account has proven this address, and sign-up is closed`);
    expect(printed[0]).toContain('emailCode({ signUp: "open", … }), or helpers.accounts.create({ username, email, emailVerified: true })');
    await browser.submit(await browser.get(`${issuer}/login/forgot`), { username: 'nobody' });
    await expect.poll(() => printed.length, { interval: 1 }).toBe(2);
    expect(printed[1]).toContain('portcullis: no message to nobody: no account of that name has a proven address');
  });
});
