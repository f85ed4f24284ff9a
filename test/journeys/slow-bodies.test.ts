/** Requests whose body takes its time: who sends it is judged when it is there, so that a session which ended meanwhile changes nothing. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, vi } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { password } from '../../src/logins/password.ts';
import { totp } from '../../src/logins/totp.ts';
import { boundSessions, mcpHandler } from '../../src/mcp/index.ts';
import type { Handler } from '../../src/model/context.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { lastReason } from '../support/verdicts.ts';

const FORM = 'application/x-www-form-urlencoded';

async function signIn(app: App): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  return browser;
}

/** Sends the head of a POST at once, and the body when `meanwhile` is done, which runs while the server waits for it. */
async function slowly(
  app: App,
  browser: Browser,
  { path, type = FORM, body }: { readonly path: string; readonly type?: string; readonly body: string },
  meanwhile: () => Promise<unknown>,
): Promise<Response> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { cookie, origin: ISSUER, 'sec-fetch-site': 'same-origin', 'content-type': type };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(to) {
        await meanwhile();
        to.enqueue(new TextEncoder().encode(body));
        to.close();
      },
    },
    { highWaterMark: 0 },
  );
  return app.send(new Request(ISSUER + path, { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit));
}

const markOf = (page: BrowserPage): string => /name="account" value="([^"]+)"/.exec(page.text)?.[1] ?? '';

/** A call of a tool, whose body takes two seconds by the machine's clock, in which `meanwhile` is done. */
async function callsSlowly(app: App, token: string, meanwhile: () => Promise<unknown>): Promise<Response> {
  const { now } = Date;
  let passed = 0;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + passed);
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ring', arguments: {} } };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(to) {
        await meanwhile();
        passed = 2000;
        to.enqueue(new TextEncoder().encode(JSON.stringify(call)));
        to.close();
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  try {
    return await app.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit));
  } finally {
    clock.mockRestore();
  }
}

describe.each(storeNames)('a call that comes when its token was revoked, on %s', (store) => {
  it.each([false, true])('runs no tool, and one whose token is still good runs it (SEC-190), behind boundSessions: %s', async (isBound) => {
    const rung: string[] = [];
    const handler = mcpHandler(() => {
      const server = new McpServer({ name: 'bell', version: '1.0.0' });
      server.registerTool('ring', {}, () => (rung.push('tool'), { content: [] }));
      return server;
    });
    const bare = { fetch: async () => (rung.push('bound'), new Response('{}')) };
    const app = await makeApp(store, { apiHandler: (isBound ? boundSessions(bare) : handler) as Handler });
    const [{ tokens, client }, other] = [await app.signedIn(), await app.signedIn()];
    const answer = await callsSlowly(app, tokens.access, () => client.revoke(tokens.access));
    expect([answer.status, answer.headers.get('www-authenticate'), rung]).toEqual([401, expect.stringContaining('invalid_token'), []]);
    expect((await callsSlowly(app, other.tokens.access, async () => undefined)).status).toBe(200);
    expect(rung).toHaveLength(1);
  });
});

describe.each(storeNames)('a body that comes when its session has ended, on %s', (store) => {
  it('makes no account for an administrator who was disabled meanwhile (SEC-037)', async () => {
    const app = await makeApp(store, { admin: adminApi({ permission: 'admin' }) });
    const { accounts, disableUser } = app.provider.helpers(app.env);
    const browser = await signIn(app);
    const sent = {
      path: '/admin/api/users/create',
      type: 'application/json',
      body: JSON.stringify({ username: 'back-door', password: 'a long passphrase', permissions: ['admin'] }),
    };
    const answer = await slowly(app, browser, sent, () => disableUser(app.aliceId));
    expect([answer.status, lastReason(app)]).toEqual([401, 'admin_session_missing']);
    expect(await accounts.findByUsername('back-door')).toBeNull();
  });

  it('does nothing on the pages of administrators for one who lost the permission (SEC-037)', async () => {
    const app = await makeApp(store, { admin: adminApi({ permission: 'admin' }), accessKeys: {} });
    const { accounts, keys } = app.provider.helpers(app.env);
    const browser = await signIn(app);
    const account = markOf(await browser.get(`${ISSUER}/admin/keys`));
    const body = new URLSearchParams({ act: 'keys/create', account, name: 'Back door', ttl: '3600', resource: `${ISSUER}/mcp` });
    const answer = await slowly(app, browser, { path: '/admin/keys', body: String(body) }, () => accounts.setPermissions(app.aliceId, []));
    expect([answer.status, (await keys.list('all')).keys]).toEqual([403, []]);
  });

  it('changes no second factor and adds no passkey after the user was signed out everywhere (F-31)', async () => {
    const app = await makeApp(store, {
      logins: [password(), passkeys({ signUp: 'closed' })],
      secondFactor: totp(),
      secret: 'c2VjcmV0IG9mIHRoZSBzZXJ2ZXIsIDMyIGJ5dGVzIGxvbmc',
    });
    const { signOut } = app.provider.helpers(app.env);
    for (const [path, body] of [
      ['/account/totp', 'decision=confirm&offer=x&code=000000'],
      ['/account/passkeys', 'do=begin&name=Key'],
    ] as const) {
      const answer = await slowly(app, await signIn(app), { path, body }, () => signOut(app.aliceId));
      expect([answer.status, answer.headers.get('location')]).toEqual([303, `/login?return_to=${encodeURIComponent(path)}`]);
    }
  });
});
