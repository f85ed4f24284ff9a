/** The account page as its template gets it, and its forms: what each shows and changes, of this user alone. */
import { describe, expect, it } from 'vitest';
import { sessionsOf } from '../../../src/core/users/sessions.ts';
import { connection, upstream } from '../../../src/logins/upstream.ts';
import { html } from '../../../src/lib/html.ts';
import { password } from '../../../src/logins/password.ts';
import { keyClientId } from '../../../src/model/token.ts';
import type { Grant } from '../../../src/model/grant.ts';
import type { AccountSection, SectionAnswer, SectionCall } from '../../../src/model/login.ts';
import { github } from '../../../src/upstreams/github.ts';
import { type AccountWorld, lastRefusal, makeAccountWorld } from '../../support/account-views.ts';
import { ALICE, ISSUER } from '../../support/app.ts';
import { openGrant, START } from '../../support/grants.ts';
import { expectNothingWritten, expectPage } from '../../support/verdicts.ts';

const PAGE = `${ISSUER}/account`;
const HUB = github({ clientId: 'a', clientSecret: 'b' });

/** Stores grants of Alice. */
async function granted(world: AccountWorld, ...grants: Partial<Grant>[]): Promise<void> {
  for (const one of grants) await world.as.records.openGrant(openGrant({ userId: world.aliceId, clientId: 'https://c.example/app', ...one }));
} // prettier-ignore

const markIn = ({ last }: AccountWorld): string => last.account?.account.mark ?? '';

describe('endpoints/account/account, the page', () => {
  it('shows who is signed in, where its forms go, and of each app everything that it may do, once', async () => {
    const world = await makeAccountWorld();
    const browser = await world.enter();
    const acme = { id: 'acme', name: 'Acme' };
    await granted(
      world,
      { id: 'g1', scope: ['read', 'offline_access'], organization: acme, createdAt: START + 5, usedAt: START + 50 },
      { id: 'g2', scope: ['read', 'write', 'odd'], organization: acme, createdAt: START + 3, usedAt: START + 60 },
      { id: 'g3', scope: [], clientId: keyClientId('g3'), key: { kind: 'personal', name: 'Backup' } },
      { id: 'g4', scope: ['read'], userId: 'another' },
      { id: 'g5', scope: ['read'], clientId: 'gone' },
    );
    const page = await browser.get(PAGE);
    const { account, apps, ...rest } = world.last.account!;
    expect(account).toEqual({ name: 'Alice', detail: undefined, mark: expect.stringMatching(/^[\w-]{16}$/) });
    const known = { name: undefined, host: undefined, organizations: [], since: START, used: START };
    expect(apps).toHaveLength(3);
    expect(apps).toEqual(
      expect.arrayContaining([
        { id: 'https://c.example/app', name: undefined, host: 'c.example', scopes: ['Read your notes', 'Change your notes', 'odd'], organizations: ['Acme'], since: START + 3, used: START + 60 },
        { ...known, id: keyClientId('g3'), name: 'Backup', host: '', scopes: [] },
        { ...known, id: 'gone', scopes: ['Read your notes'] },
      ]),
    );
    expect(rest).toMatchObject({ action: '/account', signOut: '/login', lines: [{ path: '/account/password' }], more: undefined, status: 200 });
    expect(page.status).toBe(200);
    expect(page.text).toContain('<bdi>mcp.example</bdi>'); // the brand
  }); // prettier-ignore

  it('names a registered app as it called itself, and says an address of the user', async () => {
    const world = await makeAccountWorld();
    await world.as.accounts.setEmail(world.aliceId, 'alice@acme.example', { verified: true });
    const browser = await world.enter();
    const { id } = await world.client({ client_name: 'Notes' });
    await granted(world, { id: 'g1', clientId: id, scope: ['read'] });
    await browser.get(PAGE);
    expect(world.last.account).toMatchObject({ account: { detail: 'alice@acme.example' }, apps: [{ id, name: 'Notes', host: undefined }] });
    const identity = { issuer: 'https://door.example', subject: 'ada', claims: { name: 'Ada', email: 7 } };
    const odd = await makeAccountWorld({
      logins: [{ id: 'door', fields: () => html``, prove: async () => ({ kind: 'proven', identity }) }],
    });
    await (await odd.enter()).get(PAGE);
    expect(odd.last.account?.account).toMatchObject({ name: 'Ada', detail: undefined });
  });

  it('goes on with the list of apps where the store says', async () => {
    const world = await makeAccountWorld({}, 2);
    const browser = await world.enter();
    await granted(world, ...['1', '2', '3'].map((at) => ({ id: `g${at}`, clientId: `c${at}` })));
    await browser.get(PAGE);
    expect([world.last.account?.apps.length, world.last.account?.more]).toEqual([2, '/account?after=from%202']);
    await browser.get(ISSUER + world.last.account!.more!);
    expect([world.last.account?.apps.length, world.last.account?.more]).toEqual([1, undefined]);
    await browser.get(`${PAGE}?after=`);
    expect(world.last.account?.apps).toHaveLength(2);
  });

  it('shows each browser of the user, and which one it is', async () => {
    const world = await makeAccountWorld();
    const browser = await world.enter({ 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' });
    const plain = { v: 1, userId: world.aliceId, claims: {}, createdAt: START - 9, expiresAt: START + 900 } as const;
    await world.as.records.openSession('other', plain);
    await world.as.records.openSession('foreign', { ...plain, userId: 'another' });
    await world.as.records.openSession('seen', { ...plain, seenAt: START - 1 });
    await browser.get(PAGE);
    const mark = expect.stringMatching(/^[\w-]{22}$/);
    const old = { mark, here: false, network: undefined, since: START - 9 };
    expect(world.last.account?.sessions).toEqual([
      { mark, here: true, browser: 'Firefox', system: 'Linux', network: '192.0.2.0/24', since: START, seen: START },
      { ...old, seen: START - 1 },
      { ...old, seen: START - 9 },
    ]);
  });

  it('leads to the pages that logins, the second factor, other sites and access keys add', async () => {
    const section = (id: string, line: AccountSection['line']): AccountSection => ({ id, line, answer: async () => ({ kind: 'sign-in-again' }) });
    const asked: unknown[] = [];
    const colour = section('colour', async (user, services, words) => (asked.push([user, services.issuer, words.lang]), { title: 'Colour', detail: 'blue' }));
    const login = { ...password(), account: [colour, section('none', async () => null)] };
    const lines = async (more: object) => {
      const world = await makeAccountWorld(more);
      const browser = await world.enter();
      await browser.get(PAGE);
      return { world, browser, lines: world.last.account?.lines };
    };
    const first = await lines({ logins: [login, connection(HUB)], secret: 'a-secret-of-the-server-with-more-than-32-characters' });
    expect(first.lines).toEqual([{ title: 'Colour', detail: 'blue', path: '/account/colour' }]); // a connection signs no one in
    expect(asked).toEqual([[{ userId: first.world.aliceId, claims: expect.objectContaining({ name: 'Alice' }) }, ISSUER, 'en']]);
    const { lines: all, world, browser } = await lines({ logins: [login, upstream(HUB)], secret: 'a-secret-of-the-server-with-more-than-32-characters', accessKeys: {} });
    const say = world.last.account!.words;
    const sites = { title: say.account.signIns, detail: say.account.signInsWhy, path: '/account/sign-ins' };
    const keys = { title: say.accessKey.title, detail: say.accessKey.none, path: '/account/keys' };
    expect(all).toEqual([{ title: 'Colour', detail: 'blue', path: '/account/colour' }, sites, keys]);
    await granted(world, { id: 'k', clientId: keyClientId('k'), key: { kind: 'personal', name: 'Backup' } });
    await browser.get(PAGE);
    expect(world.last.account?.lines.at(-1)).toEqual({ ...keys, detail: 1 });
    expect((await lines({ accessKeys: { personal: false } })).lines).toMatchObject([{ path: '/account/password' }]);
  }); // prettier-ignore
});

describe('endpoints/account/account, the forms', () => {
  it('change nothing without a session, for another account than the page showed, or of another kind', async () => {
    const world = await makeAccountWorld();
    const browser = await world.enter();
    await granted(world, { id: 'g1' });
    await browser.get(PAGE);
    const account = markIn(world);
    const refused = (fields: Record<string, string>) => expectNothingWritten(world, () => world.post(browser, '/account', fields));
    const away = await expectNothingWritten(world, () => world.post(world.browser(), '/account', { account, decision: 'disconnect-all' }));
    expect([away.status, away.location]).toEqual([303, '/login?return_to=%2Faccount']);
    for (const other of ['', 'x', `${account}x`]) {
      const shown = await refused({ account: other, decision: 'disconnect-all' });
      expect([shown.status, world.last.account?.status]).toEqual([other === '' ? 400 : 409, other === '' ? 200 : 409]);
    }
    expectPage(await refused({ account, decision: 'other' }));
    expect(lastRefusal(world)).toEqual(['invalid_request', 'decision_unknown']);
    for (const fields of [{ account }, { decision: 'disconnect-all' }, { account, decision: 'disconnect' }, { account, decision: 'end-session' }] as Record<string, string>[])
      expectPage(await refused(fields));
    const foreign = await world.ask('POST', '/account', new URLSearchParams({ account, decision: 'disconnect-all' }), { 'content-type': 'application/x-www-form-urlencoded', cookie: [...browser.cookies].map((one) => one.join('=')).join('; ') });
    expect([foreign.status, lastRefusal(world), await foreign.text()]).toEqual([403, ['access_denied', 'cross_site'], expect.stringContaining('The request came from another site.')]);
    expect(await world.as.records.findGrant('g1')).toMatchObject({ ended: null });
  }); // prettier-ignore

  it('end what they name, and lead back to the page', async () => {
    const world = await makeAccountWorld();
    const browser = await world.enter();
    await granted(world, { id: 'g1', clientId: 'c1' }, { id: 'g2', clientId: 'c2' }, { id: 'g3', clientId: 'c3' });
    await world.as.records.openSession('other', { v: 1, userId: world.aliceId, claims: {}, createdAt: START - 9, expiresAt: START + 900 });
    await browser.get(PAGE);
    const { sessions } = world.last.account!;
    const left = async (): Promise<readonly string[]> => {
      const found = await Promise.all(['g1', 'g2', 'g3'].map((id) => world.as.records.findGrant(id)));
      return found.flatMap((grant) => (grant && !grant.ended ? [grant.id] : []));
    };
    const press = async (fields: Record<string, string>) => {
      const { status, location, headers } = await world.post(browser, '/account', { account: markIn(world), ...fields });
      return [status, location, headers.getSetCookie()];
    };
    const back = [303, '/account', []];
    expect([await press({ decision: 'disconnect', client: 'c2' }), await left()]).toEqual([back, ['g1', 'g3']]);
    expect([await press({ decision: 'end-session', session: sessions.find(({ here }) => !here)!.mark }), await left()]).toEqual([back, ['g1', 'g3']]);
    expect(await world.as.records.findSession('other')).toBeNull();
    expect(await press({ decision: 'end-session', session: 'x' })).toEqual(back);
    expect([await press({ decision: 'disconnect-all' }), await left()]).toEqual([back, []]);
    expect((await browser.get(PAGE)).status).toBe(200);
  }); // prettier-ignore

  it('sign out everywhere, in this browser too, and end the apps only where that is ticked', async () => {
    for (const apps of [false, true]) {
      const world = await makeAccountWorld();
      const [browser, other] = [await world.enter(), await world.enter()];
      await granted(world, { id: 'g1' });
      await browser.get(PAGE);
      const fields = { account: markIn(world), decision: 'sign-out-everywhere', ...(apps ? { apps: '1' } : {}) };
      const out = await world.post(browser, '/account', fields);
      expect([out.status, out.location]).toEqual([303, '/login?signed-out=1']);
      expect(out.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-portcullis-session=; .*Max-Age=0/i)]);
      expect([(await other.get(PAGE)).location, (await world.as.store.list(`sessions:${world.aliceId}`)).keys]).toEqual(['/login?return_to=%2Faccount', []]);
      const grant = await world.as.records.findGrant('g1');
      expect(grant?.ended?.reason).toBe(apps ? 'user_signed_out' : undefined);
    }
  }); // prettier-ignore
});

describe('endpoints/account/account, a section', () => {
  /** A section that gives this answer, and what it was asked. */
  async function makeWorld(answer: (call: SectionCall) => Promise<SectionAnswer>) {
    const calls: SectionCall[] = [];
    const section: AccountSection = { id: 'colour', line: async () => null, answer: async (call) => (calls.push(call), answer(call)) };
    const world = await makeAccountWorld({ logins: [{ ...password(), account: [section] }] });
    return { world, calls, browser: await world.enter() };
  }

  it('is told who asks, what was sent, and how recent the sign-in is', async () => {
    const { world, calls, browser } = await makeWorld(async () => ({ kind: 'done', to: 'section' }));
    const read = await browser.get(`${PAGE}/colour?shade=dark`);
    const sent = await world.post(browser, '/account/colour', { colour: 'red' });
    expect([read, sent].map(({ status, location, headers }) => [status, location, headers.getSetCookie()])).toEqual([[303, '/account/colour', []], [303, '/account/colour', []]]);
    const [first, second] = calls as [SectionCall, SectionCall];
    expect([first.user, first.path, first.form, first.query.get('shade'), first.words.lang, first.services.issuer]).toEqual([
      { userId: world.aliceId, claims: expect.objectContaining({ sub: world.aliceId, name: 'Alice' }) }, '/account/colour', null, 'dark', 'en', ISSUER,
    ]);
    expect(second.form?.required('colour')).toBe('red');
    world.clock.pass(300);
    await browser.get(`${PAGE}/colour`);
    expect([calls[2]!.isRecent(300), calls[2]!.isRecent(299), await calls[2]!.isSignedIn()]).toEqual([true, false, true]);
    for (const { hash } of await sessionsOf(world.as, world.aliceId)) await world.as.records.endSession(hash);
    expect(await calls[2]!.isSignedIn()).toBe(false);
  }); // prettier-ignore

  it('is asked nothing by a form of another site or without a session', async () => {
    const { world, calls, browser } = await makeWorld(async () => ({ kind: 'done', to: 'account' }));
    const cookie = [...browser.cookies].map((one) => one.join('=')).join('; ');
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const foreign = await world.ask('POST', '/account/colour', 'colour=red', { ...type, cookie });
    expect([foreign.status, lastRefusal(world), await foreign.text()]).toEqual([403, ['access_denied', 'cross_site'], expect.stringContaining('The request came from another site.')]);
    expect((await world.post(world.browser(), '/account/colour', { colour: 'red' })).location).toBe('/login?return_to=%2Faccount%2Fcolour');
    expect(calls).toEqual([]);
    expect((await world.post(browser, '/account/colour', { colour: 'red' })).location).toBe('/account');
  }); // prettier-ignore

  it('shows its page with a way back, its status, and the one script that it brings', async () => {
    const script = 'document.title = "x";';
    const { world, browser } = await makeWorld(async ({ query }) => ({ kind: 'page', title: 'Colour', body: html`<p>Blue</p>`, status: 409, ...(query.has('script') ? { script } : {}) }));
    const plain = await browser.get(`${PAGE}/colour`);
    expect([plain.status, plain.headers.get('content-security-policy')]).toEqual([409, expect.not.stringContaining('script-src')]);
    expect(world.last.section).toMatchObject({ title: 'Colour', status: 409, back: { href: '/account', text: world.last.section!.words.account.back }, brand: { name: 'mcp.example' } });
    expect(world.last.section?.script).toBeUndefined();
    const hash = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script)))));
    const page = await browser.get(`${PAGE}/colour?script=1`);
    expect([page.text, page.headers.get('content-security-policy')]).toEqual([expect.stringContaining(script), expect.stringContaining(`'sha256-${hash}'`)]);
  }); // prettier-ignore

  it('renews the session only for the stamp that the account has', async () => {
    let stamp = 'another';
    const { world, browser: changed } = await makeWorld(async () => ({ kind: 'done', to: 'account', renew: { stamp } }));
    const gone = await world.post(changed, '/account/colour', {});
    expect([gone.location, gone.headers.getSetCookie(), (await changed.get(PAGE)).status]).toEqual(['/account', [], 303]);
    const browser = await world.enter();
    const old = browser.cookies.get('__Host-portcullis-session');
    stamp = (await world.as.accounts.findByUsername(ALICE.username))!.stamp;
    expect((await world.post(browser, '/account/colour', {})).location).toBe('/account');
    expect(browser.cookies.get('__Host-portcullis-session')).not.toBe(old);
    expect((await browser.get(PAGE)).status).toBe(200);
  });
});
