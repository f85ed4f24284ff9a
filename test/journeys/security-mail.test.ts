/** Messages about the security of an account, and the link for users who did not do it. */
import { describe, expect, it } from 'vitest';
import { password } from '../../src/logins/password.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { type App, appOn, ISSUER, makeApp, optionsFor, storeNames } from '../support/app.ts';
import { makeMailbox, type Mailbox } from '../support/mailbox.ts';
import { atConsent, makeUpstreamApp, throughCorp } from '../support/upstream-app.ts';
import { expectNothingWritten, expectPage } from '../support/verdicts.ts';

const ADA = { username: 'ada', password: 'correct horse battery' };
const EMAIL = 'ada@mail.example';
const FIREFOX = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };

interface World extends App {
  readonly mailbox: Mailbox;
  readonly id: string;
}

async function world(store = 'memory', more: { readonly emailVerified?: boolean } = { emailVerified: true }): Promise<World> {
  const mailbox = makeMailbox();
  const app = await makeApp(store, { name: 'Acme', logins: [password()], securityEmails: mailbox.send });
  const { id } = await app.provider.helpers(app.env).accounts.create({ ...ADA, email: EMAIL, ...more });
  return { ...app, mailbox, id };
}
async function signIn(app: World, headers: Record<string, string> = {}): Promise<Browser> {
  const browser = app.browser();
  expect((await browser.submit(await browser.get(`${ISSUER}/login`), ADA, headers)).status).toBe(303);
  await app.settled();
  return browser;
}
const texts = ({ mailbox }: World): readonly string[] => mailbox.messages.map(({ text }) => text.split('\n')[0] ?? '');
const linkIn = ({ mailbox }: World): string => mailbox.messages.at(-1)?.url ?? '';
async function connect(app: World, browser: Browser, name: string): Promise<string> {
  const client = await app.client({ client_name: name });
  await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve' });
  await app.settled();
  return String(client.id);
}

describe.each(storeNames)('security messages on %s', (store) => {
  it('tell of a new app once, of a new place, and of another password; and the link ends every session and grant, once', async () => {
    const app = await world(store);
    const browser = await signIn(app);
    await connect(app, browser, 'Notes');
    await expect.poll(() => texts(app)).toEqual(['The app Notes was connected to your account at Acme.']); // the first place is no news
    await signIn(app, { ...FIREFOX, 'x-test-address': '198.51.100.9' });
    await expect.poll(() => texts(app).at(-1)).toContain('sign in from a new place: Firefox on Linux');
    await app.provider.helpers(app.env).accounts.setPassword(app.id, 'another long passphrase');
    await expect.poll(() => texts(app).at(-1)).toBe('The password of your account at Acme was changed.');
    expect(app.mailbox.messages[0]).toMatchObject({ kind: 'security-notice', to: EMAIL, subject: 'Security notice for your Acme account' });

    const again = app.browser();
    await again.submit(await again.get(`${ISSUER}/login`), { ...ADA, password: 'another long passphrase' });
    const stranger = app.browser(); // the link works in any browser
    const page = await stranger.get(linkIn(app));
    expect([page.status, page.text.includes('Wasn’t this you?')]).toEqual([200, true]);
    const done = await stranger.submit(page, {});
    expect([done.status, done.text.includes('Signed out everywhere')]).toEqual([200, true]);
    expect((await again.get(`${ISSUER}/account`)).location).toContain('/login');
    expect(done.headers.getSetCookie().join()).not.toContain('session'); // it signs no one in
    expect((await stranger.submit(page, {})).status).toBe(400);
    expect((await stranger.get(linkIn(app))).status).toBe(400);
  });
});

describe('security messages', () => {
  it('take the first sign-in for no new place, whatever the account heard of before it', async () => {
    const app = await world();
    await app.provider.helpers(app.env).accounts.setPassword(app.id, ADA.password);
    await expect.poll(() => texts(app)).toEqual(['The password of your account at Acme was changed.']);
    await signIn(app);
    await signIn(app, FIREFOX);
    await expect.poll(() => texts(app).slice(1)).toEqual([expect.stringContaining('sign in from a new place: Firefox on Linux')]);
  });

  it('reach users who sign in with an upstream, at the address that it has verified, about a new app and place', async () => {
    const mailbox = makeMailbox();
    const app = await makeUpstreamApp('memory', { options: { name: 'Acme', securityEmails: mailbox.send } });
    const said = (): unknown[] => mailbox.messages.map(({ to, text }) => [to, text.split('\n')[0]]);
    await throughCorp(app, await atConsent(app));
    await app.settled();
    await expect.poll(said).toEqual([['uma@corp.example', expect.stringContaining('was connected to your account at Acme')]]);
    const browser = app.browser();
    const away = await browser.submit(await browser.get(`${ISSUER}/login`), { with: 'corp' }, FIREFOX);
    expect((await browser.get(await app.idp.visit(away.location ?? ''), FIREFOX)).status).toBe(303);
    await app.settled();
    await expect.poll(() => said().at(-1)).toEqual(['uma@corp.example', expect.stringContaining('from a new place: Firefox on Linux')]);
    const stranger = app.browser();
    const page = await stranger.get(mailbox.messages.at(-1)?.url ?? '');
    expect((await stranger.submit(page, {})).text).toContain('Signed out everywhere');
    expect((await browser.get(`${ISSUER}/account`)).location).toContain('/login');
  });

  it('call a client that is known by its document by the name in it, not by its address', async () => {
    const id = 'https://client.example/app.json';
    const client = { client_id: id, client_name: 'Notes app', redirect_uris: ['http://localhost/callback'] };
    const mailbox = makeMailbox();
    const fetchPublic = async (): Promise<Response> => Response.json(client);
    const clock = makeClock();
    const app = await appOn(
      memoryStore(clock),
      clock,
      { name: 'Acme', logins: [password()], securityEmails: mailbox.send },
      { fetchPublic },
    );
    await app.provider.helpers(app.env).accounts.create({ ...ADA, email: EMAIL, emailVerified: true });
    const known = await registerClient({ send: app.send, issuer: ISSUER, redirectUri: 'http://localhost:3334/callback', id });
    await known.signIn(app.browser(), ADA);
    await app.settled();
    await expect
      .poll(() => mailbox.messages.map(({ text }) => text.split('\n')[0]))
      .toEqual(['The app Notes app was connected to your account at Acme.']);
  });

  it('change nothing when the link is opened or fetched ahead, or posted by another site', async () => {
    const app = await world();
    await connect(app, await signIn(app), 'Notes');
    await app.mailbox.to(EMAIL);
    await app.settled(); // nothing is left to be written for the sign-in
    const link = linkIn(app);
    const read = async (headers: Record<string, string> = {}): Promise<BrowserPage> => app.browser().get(link, headers);
    for (let time = 0; time < 3; time++) expectPage(await expectNothingWritten(app, read), { status: 200 });
    await expectNothingWritten(app, () => read({ 'sec-purpose': 'prefetch' }));
    const token = new URL(link).searchParams.get('token') ?? '';
    const crossSite = await expectNothingWritten(app, () =>
      app.ask('POST', '/account/not-me', new URLSearchParams({ token }).toString(), {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://evil.example',
        'sec-fetch-site': 'cross-site',
      }),
    );
    expect(crossSite.status).toBe(403);
    expect((await read()).status).toBe(200);
    app.clock.pass(7 * 86_400 + 1);
    expect((await read()).status).toBe(400);
  });

  it('tell of an app only once, and of a known place never again', async () => {
    const app = await world();
    const browser = await signIn(app);
    const client = await app.client({ client_name: 'Notes' });
    for (let time = 0; time < 2; time++) {
      await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve' });
      await app.settled();
    }
    await signIn(app);
    await signIn(app);
    await app.mailbox.to(EMAIL);
    expect(texts(app)).toHaveLength(1);
  });

  it('go to no address that was not verified, and hold no password or session', async () => {
    const app = await world('memory', { emailVerified: false });
    await connect(app, await signIn(app), 'Notes');
    await app.settled();
    expect(app.mailbox.messages).toEqual([]);
    const verified = await world();
    await connect(verified, await signIn(verified), '<b>Notes</b>');
    await verified.mailbox.to(EMAIL);
    expect(verified.mailbox.messages[0]?.html).not.toContain('<b>Notes');
    const token = new URL(linkIn(verified)).searchParams.get('token') ?? '';
    expect(JSON.stringify(verified.events)).not.toContain(token);
  });

  it('do not disturb the request if sending fails, and tell the operator', async () => {
    const app = await makeApp('memory', {
      logins: [password()],
      securityEmails: () => Promise.reject(new Error('the mail server is down')),
    });
    const { accounts } = app.provider.helpers(app.env);
    const { id } = await accounts.create({ ...ADA, email: EMAIL, emailVerified: true });
    await accounts.setPassword(id, 'another long passphrase');
    await expect.poll(() => app.events.filter(({ kind }) => kind === 'request.failed')).toMatchObject([{ endpoint: 'security-mail' }]);
  });

  it('are off without the option, and their page is not there', async () => {
    const app = await makeApp('memory');
    expect((await app.ask('GET', '/account/not-me?token=x')).status).toBe(404);
    expect(() => makeAppWith('yes')).toThrow('`securityEmails` must be a function');
  });
});

function makeAppWith(securityEmails: unknown): unknown {
  return parseOptions(optionsFor([], { securityEmails } as never));
}
