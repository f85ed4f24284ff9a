/** The page of linked logins: what it shows, that a link needs a recent sign-in, and that the last way to sign in stays. */
import { describe, expect, it } from 'vitest';
import { listsOfIdentity } from '../../../src/core/records/records.ts';
import { connection, upstream } from '../../../src/logins/upstream.ts';
import { accountMark } from '../../../src/endpoints/sign-in/session.ts';
import { password } from '../../../src/logins/password.ts';
import type { RedirectLogin } from '../../../src/model/login.ts';
import { github } from '../../../src/upstreams/github.ts';
import { google } from '../../../src/upstreams/work-accounts.ts';
import { type AccountWorld, lastRefusal, makeAccountWorld } from '../../support/account-views.ts';
import { ISSUER } from '../../support/app.ts';
import { START } from '../../support/grants.ts';
import { expectNothingWritten, expectPage } from '../../support/verdicts.ts';

const CREDENTIALS = { clientId: 'hub-client', clientSecret: 'b' };
const HUB = upstream(github(CREDENTIALS)) as RedirectLogin;
const PATH = '/account/sign-ins';
const PAGE = ISSUER + PATH;

interface World extends AccountWorld {
  /** Links an identity to a user; its id. */
  readonly linked: (id: string, more?: { userId?: string; issuer?: string; account?: string }) => Promise<string>;
  readonly left: () => Promise<readonly string[]>;
}

/** @param hub the login of the other site. */
async function makeWorld(hub: RedirectLogin = HUB): Promise<World> {
  const logins = [password(), hub, connection(google(CREDENTIALS))];
  const world = await makeAccountWorld({ logins, secret: 'a-secret-of-the-server-with-more-than-32-characters' });
  return {
    ...world,
    post: async (browser, path, fields) =>
      world.post(browser, path, { account: await accountMark(world.as, { userId: world.aliceId }), ...fields }),
    async linked(id, { userId = world.aliceId, issuer = 'https://github.com', account } = {}) {
      const record = { v: 1, userId, issuer, ...(account && { account }), createdAt: START - 7 * 86_400 } as const;
      await world.as.store.write(`identity:${id}`, record, 'absent', { index: listsOfIdentity(userId, account ?? '') });
      return id;
    },
    left: async () => (await world.as.store.list('identities:/all')).keys.map((key) => key.slice('identity:'.length)).toSorted(),
  };
}
const alertIn = (text: string): string | undefined => /role="alert"[^]*?<\/div>/.exec(text)?.[0];

describe('endpoints/account/linked-accounts, logins', () => {
  it('shows the linked logins by host and account, and the sites that can be linked', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    await world.linked('one', { account: 'alice-at-hub' });
    await world.linked('two', { issuer: 'urn:corp' });
    await world.linked('old', { issuer: 'corp' });
    await world.linked('three', { userId: 'another', account: 'someone else' });
    const page = await browser.get(PAGE);
    const { title, back, leaves, brand, status, words } = world.last.section!;
    expect([page.status, status, leaves, title, back]).toEqual([200, undefined, true, words.account.signIns, { href: '/account', text: words.account.back }]);
    expect(brand?.name).toBe('mcp.example');
    for (const text of ['<bdi>github.com</bdi>', '<bdi>alice-at-hub</bdi>', '<bdi>urn:corp</bdi>', '<bdi>corp</bdi>', 'name="join" value="github"', `action="${PATH}"`]) expect(page.text).toContain(text);
    expect([...page.text.matchAll(/name="part" value="(\w+)"/g)].map(([, id = '']) => id).toSorted()).toEqual(['old', 'one', 'two']);
    expect(page.text).toContain('September 14, 2026');
    for (const text of ['someone else', 'value="google"', 'role="alert"']) expect(page.text).not.toContain(text); // a connection signs no one in
    const taken = await browser.get(`${PAGE}?taken=1`); // back from a site whose account is another user's
    expect([taken.status, alertIn(taken.text)]).toEqual([200, expect.stringContaining(words.account.taken)]);
  }); // prettier-ignore

  it('links the identity that its site names to this user, and comes back', async () => {
    const seen: unknown[] = [];
    const world = await makeWorld({
      ...HUB,
      begin: async (request) => (seen.push(request), { location: `https://hub.example/?state=${request.state}`, keep: null }),
      finish: async () => ({ kind: 'proven', identity: { issuer: 'https://hub.example', subject: '7', claims: { preferred_username: 'ally' } } }),
    });
    const browser = await world.enter();
    const gone = await browser.submit(await browser.get(PAGE), { join: 'github' });
    expect([gone.status, gone.location]).toEqual([303, expect.stringContaining('https://hub.example/?state=')]);
    expect(seen).toEqual([{ redirectUri: `${ISSUER}/authorize/callback/github`, state: expect.any(String), fresh: false }]);
    const { searchParams } = new URL(gone.location ?? '');
    const back = await browser.get(`${ISSUER}/authorize/callback/github?state=${searchParams.get('state')}&code=x`);
    expect([back.status, back.location]).toEqual([303, PATH]);
    const [id = ''] = await world.left();
    expect((await world.as.store.read(`identity:${id}`))?.value).toMatchObject({ userId: world.aliceId, issuer: 'https://hub.example', account: 'ally' });
  }); // prettier-ignore

  it('knows no other login than those of sites, and says where a site cannot be asked', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    for (const join of ['password', 'google', 'x']) {
      expectPage(await expectNothingWritten(world, () => world.post(browser, PATH, { join })));
      expect(lastRefusal(world)).toEqual(['invalid_request', 'login_unknown']);
    }
    for (const [answer, status, text] of [[{ kind: 'refused', reason: 'account_denied', text: 'Not today.' }, 403, 'Not today.'], [{ kind: 'unavailable', reason: 'down' }, 503, '>R&#38;D is not']] as const) {
      const shut = await makeWorld({ ...HUB, label: 'R&D', begin: async () => answer as never });
      const told = await shut.post(await shut.enter(), PATH, { join: 'github' });
      expect([told.status, told.location, shut.last.section?.status, alertIn(told.text)]).toEqual([status, null, status, expect.stringContaining(text)]);
    }
  }); // prettier-ignore

  it('changes nothing where another user has signed in since the page was shown', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    await world.linked('one');
    const page = await browser.get(PAGE);
    const [account = ''] = /(?<=name="account" value=")[^"]+/.exec(page.text) ?? [];
    expect(account).toBe(await accountMark(world.as, { userId: world.aliceId }));
    for (const fields of [{ part: 'one' }, { join: 'github' }] as Record<string, string>[]) {
      const other = await accountMark(world.as, { userId: 'another' });
      const shown = await expectNothingWritten(world, () => world.post(browser, PATH, { ...fields, account: other }));
      expect([shown.status, shown.location, world.last.section?.status, alertIn(shown.text)]).toEqual([409, null, 409, undefined]);
      expectPage(await expectNothingWritten(world, () => world.post(browser, PATH, { ...fields, account: '' })));
      expect(lastRefusal(world)).toEqual(['invalid_request', 'missing_account']);
    }
    expect(await world.left()).toEqual(['one']);
  });

  it('removes a linked login of this user, and no other', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    await world.linked('one');
    await world.linked('two', { userId: 'another' });
    for (const part of ['two', 'x']) {
      const back = await expectNothingWritten(world, () => world.post(browser, PATH, { part }));
      expect([back.status, back.location]).toEqual([303, PATH]);
    }
    expect(await world.left()).toEqual(['one', 'two']);
    const done = await world.post(browser, PATH, { part: 'one' });
    expect([done.status, done.location, await world.left()]).toEqual([303, PATH, ['two']]);
    expect(world.events.at(-1)).toMatchObject({ kind: 'factor.changed', factor: 'identity', userId: world.aliceId, what: 'removed' });
    expectPage(await world.post(browser, PATH, {}));
    expect(lastRefusal(world)[0]).toBe('invalid_request');
  });

  it('keeps the last way to sign in of a user without an account', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    await world.linked('one');
    expect((await browser.get(PAGE)).text).toContain('name="part"'); // she has a password
    await world.as.store.remove(`account:${world.aliceId}`); // as if the user came from the other site
    const page = await browser.get(PAGE);
    expect(page.text).not.toContain('name="part"');
    const kept = await expectNothingWritten(world, () => world.post(browser, PATH, { part: 'one' }));
    expect([kept.status, alertIn(kept.text), await world.left()]).toEqual([409, expect.stringContaining(world.last.section!.words.account.lastWay), ['one']]);
    const gone = await expectNothingWritten(world, () => world.post(browser, PATH, { part: 'x' }));
    expect([gone.status, gone.location]).toEqual([303, PATH]); // which is gone, as after a second click
    await world.linked('two');
    expect((await browser.get(PAGE)).text).toContain('name="part"');
    expect((await world.post(browser, PATH, { part: 'one' })).status).toBe(303);
    expect([(await world.post(browser, PATH, { part: 'two' })).status, await world.left()]).toEqual([409, ['two']]);
  }); // prettier-ignore

  it('keeps one of the last two that two windows remove at once (F-31)', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    for (const id of ['one', 'two', 'three']) await world.linked(id);
    await world.as.store.remove(`account:${world.aliceId}`);
    const answers = await Promise.all(['one', 'two', 'three'].map((part) => world.post(browser, PATH, { part })));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['303', '303', '409']);
    expect(await world.left()).toHaveLength(1);
  });

  it('changes nothing by a sign-in of more than ten minutes ago, without a session, or for a form of another site', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    await world.linked('one');
    const cookie = [...browser.cookies].map((one) => one.join('=')).join('; ');
    const silent = await world.ask('POST', PATH, 'part=one', { 'content-type': 'application/x-www-form-urlencoded', cookie });
    expect([silent.status, lastRefusal(world), await silent.text()]).toEqual([403, ['access_denied', 'cross_site'], expect.stringContaining('The request came from another site.')]);
    for (const ask of [() => world.browser().get(PAGE), () => world.post(world.browser(), PATH, { part: 'one' })])
      expect((await ask()).location).toBe('/login?return_to=%2Faccount%2Fsign-ins');
    world.clock.pass(601);
    for (const fields of [{ part: 'one' }, { join: 'github' }] as Record<string, string>[]) {
      const again = await world.post(browser, `${PATH}?taken=1`, fields);
      expect([again.status, again.location]).toEqual([303, '/login?return_to=%2Faccount%2Fsign-ins&again=1']);
    }
    expect(await world.left()).toEqual(['one']);
    expect((await browser.get(PAGE)).status).toBe(200);
  }); // prettier-ignore
});
