/** The page that connects an account for a tool: who it is for, what it says, and where its form leads. */
import { describe, expect, it } from 'vitest';
import { CONNECTION_LINK, type ConnectionRequest } from '../../../src/core/vault/connections.ts';
import { connection } from '../../../src/logins/upstream.ts';
import { password } from '../../../src/logins/password.ts';
import type { ConnectionLogin } from '../../../src/model/login.ts';
import { github } from '../../../src/upstreams/github.ts';
import { type AccountWorld, lastRefusal, makeAccountWorld } from '../../support/account-views.ts';
import { ISSUER } from '../../support/app.ts';
import { expectNothingWritten, expectPage } from '../../support/verdicts.ts';

const HUB = connection(github({ clientId: 'hub-client', clientSecret: 'b' })) as ConnectionLogin;
const PATH = '/account/connect';
type World = AccountWorld & { readonly link: (more?: Partial<ConnectionRequest>) => Promise<string> };

/** A server with a way to make links. @param hub the login of the other site. */
async function makeWorld(hub: ConnectionLogin = HUB): Promise<World> {
  const world = await makeAccountWorld({ logins: [password(), hub], secret: 'a-secret-of-the-server-with-more-than-32-characters' });
  const asked = { userId: world.aliceId, clientId: 'https://c.example:8443/app', provider: 'github', scopes: ['repo', 'user'], slot: 'slot', key: 'A'.repeat(43) };
  return { ...world, link: async (more = {}) => `${PATH}?link=${await world.as.links.make(CONNECTION_LINK, { ...asked, ...more } as never, 600)}` };
} // prettier-ignore

describe('endpoints/account/linked-accounts, connect', () => {
  it('says which app wants what of which account, and leads to that site in the name of the tool', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    const path = await world.link();
    const page = await browser.get(ISSUER + path);
    const { title, back, leaves, brand, status, words } = world.last.section!;
    expect([page.status, status, leaves, String(title)]).toEqual([200, 200, true, String(words.connect.title('GitHub'))]);
    expect([back, brand?.name]).toEqual([{ href: '/account', text: words.account.back }, 'mcp.example']);
    for (const text of ['<bdi>c.example:8443</bdi>', '<code>repo</code>', '<code>user</code>', '<bdi>GitHub</bdi>', `action="${path}"`]) expect(page.text).toContain(text);
    expect(page.text).not.toContain('role="alert"');
    const gone = await browser.submit(page, {});
    const to = new URL(gone.location ?? '');
    expect([gone.status, to.host, to.searchParams.get('client_id'), to.searchParams.get('scope')?.split(' ')]).toEqual([303, 'github.com', 'hub-client', expect.arrayContaining(['repo', 'user'])]);
    expect(to.searchParams.get('redirect_uri')).toBe(`${ISSUER}/authorize/callback/github`);
    const failed = await browser.get(`${ISSUER}${path}&problem=1`); // where the site answered with an error
    expect([failed.status, failed.text.includes('role="alert"'), failed.text.includes('GitHub')]).toEqual([200, true, true]);
  }); // prettier-ignore

  it('keeps for the return what the tool asked for, with the secret of the link, and nothing that signs in', async () => {
    const seen: unknown[] = [];
    const world = await makeWorld({ ...HUB, begin: async (request) => (seen.push(request), { location: 'https://github.com/x', keep: null }) as never });
    const browser = await world.enter();
    const path = await world.link({ scopes: ['gist'] });
    const gone = await browser.submit(await browser.get(ISSUER + path), {});
    expect(gone.location).toBe('https://github.com/x');
    expect(seen).toEqual([{ redirectUri: `${ISSUER}/authorize/callback/github`, state: expect.any(String), fresh: false, scopes: ['gist'] }]);
  }); // prettier-ignore

  it('names the app as it registered, else by the host of its id, else by its id', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    const { id } = await world.client({ client_name: 'Notes' });
    const appOf = async (clientId: string) => /<strong><bdi>([^<]*)<\/bdi>/.exec((await browser.get(ISSUER + (await world.link({ clientId })))).text)?.[1];
    expect([await appOf(id), await appOf('https://c.example/app'), await appOf('plain')]).toEqual(['Notes', 'c.example', 'plain']);
  }); // prettier-ignore

  it('is over without a link that is open, and for a provider that keeps no tokens any more', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    for (const query of ['', '?link=', '?link=x', `?link=${'A'.repeat(43)}`])
      expectPage(await expectNothingWritten(world, () => browser.get(ISSUER + PATH + query)));
    const other = await world.link({ provider: 'gitlab' });
    expectPage(await expectNothingWritten(world, () => browser.get(ISSUER + other)));
    expect(String(world.last.message?.title)).toBe(world.last.message?.words.message.overTitle);
    expectPage(await expectNothingWritten(world, () => world.post(browser, other, { account: 'x' })));
    const path = await world.link();
    world.clock.pass(600);
    expectPage(await browser.get(ISSUER + path));
  });

  it('is for the user of the tool alone, who has to be signed in (SEC-193)', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    const path = await world.link({ userId: 'another' });
    for (const ask of [() => browser.get(ISSUER + path), () => world.post(browser, path, { account: 'x' })]) {
      expectPage(await expectNothingWritten(world, ask), { status: 403 });
      const { title, message, mark, brand, words } = world.last.message!;
      expect([title, message, mark, brand?.name]).toEqual([words.connect.otherTitle, words.connect.other, 'alert', 'mcp.example']);
    }
    const own = await world.link();
    const stranger = world.browser();
    for (const away of [await stranger.get(ISSUER + own), await world.post(stranger, own, { account: 'x' })])
      expect([away.status, away.location]).toEqual([303, `/login?return_to=${encodeURIComponent(own)}`]);
  });

  it('takes the form of its own page alone, for the account that it showed', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    const path = await world.link();
    const page = await browser.get(ISSUER + path);
    for (const account of ['x', `${/name="account" value="([^"]+)"/.exec(page.text)?.[1]}x`])
      expectPage(await expectNothingWritten(world, () => browser.submit(page, { account })));
    expectPage(await expectNothingWritten(world, () => browser.submit(page, { account: null })));
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }] as Record<string, string>[])
      expectPage(await expectNothingWritten(world, () => browser.submit(page, {}, headers)), { status: 403 });
    const cookie = [...browser.cookies].map((one) => one.join('=')).join('; ');
    const silent = await world.ask('POST', path, 'account=x', { 'content-type': 'application/x-www-form-urlencoded', cookie });
    expect([silent.status, lastRefusal(world), await silent.text()]).toEqual([403, ['access_denied', 'cross_site'], expect.stringContaining('The request came from another site.')]);
  }); // prettier-ignore

  it('says why the site cannot be asked, and stays open', async () => {
    const answers = [[{ kind: 'refused', reason: 'account_denied', text: 'Not today.' }, 403, 'Not today.'], [{ kind: 'unavailable', reason: 'down' }, 503, 'GitHub']] as const;
    for (const [answer, status, text] of answers) {
      const world = await makeWorld({ ...HUB, begin: async () => answer as never });
      const browser = await world.enter();
      const page = await browser.get(ISSUER + (await world.link()));
      const told = await browser.submit(page, {});
      expect([told.status, told.location, world.last.section?.status]).toEqual([status, null, status]);
      expect(/role="alert"[^]*?<\/div>/.exec(told.text)?.[0]).toContain(text);
      expect((await browser.get(page.url)).status).toBe(200);
    }
  }); // prettier-ignore

  it('says that it is done, to anyone', async () => {
    const world = await makeWorld();
    const done = await world.browser().get(`${ISSUER}${PATH}?done=1`);
    const { title, message, brand, words } = world.last.message!;
    expect([done.status, title, message, brand?.name]).toEqual([200, words.connect.doneTitle, words.connect.done, 'mcp.example']);
  });
});
