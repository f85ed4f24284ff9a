import { makeRuntime } from '#under-test';
import { describe, expect, it, vi } from 'vitest';
import { type Context, requestState } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, appOn, ISSUER, makeApp, optionsFor, RESOURCE } from '../support/app.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';

describe('provider/oauth-provider', () => {
  it('may be passed around as a bare fetch function', async () => {
    const { fetch } = new OAuthProvider(optionsFor([]), { runtime: makeRuntime(), address: () => undefined });
    expect((await fetch(new Request(`${ISSUER}/.well-known/oauth-authorization-server`), { PORTCULLIS: memoryStore() })).status).toBe(200);
  });

  it('answers 404 that no cache keeps where nothing is', async () => {
    const response = await (await makeApp('memory')).ask('GET', '/nowhere');
    expect([response.status, response.headers.get('cache-control'), await response.text()]).toEqual([404, 'no-store', 'Not found']);
  });

  it('lets the longest route decide (SEC-112)', async () => {
    const say = (text: string) => (): Response => new Response(text);
    const { apiRoute: _route, apiHandler: _handler, ...rest } = optionsFor([]);
    const clock = makeClock();
    const store = memoryStore(clock);
    const app = await appOn(store, clock);
    const two = new OAuthProvider(
      { ...rest, apiHandlers: { '/mcp': say('mcp'), '/mcp/admin': say('admin') } },
      { runtime: { ...makeRuntime(), now: clock.now }, address: () => undefined },
    );
    const { tokens } = await app.signedIn();
    const ask = async (path: string): Promise<string> => {
      const response = await two.fetch(new Request(ISSUER + path, { headers: { authorization: `Bearer ${tokens.access}` } }), {
        PORTCULLIS: store,
      });
      return response.status === 200 ? response.text() : String(response.status);
    };
    expect([await ask('/mcp'), await ask('/mcp/x'), await ask('/mcp/admin'), await ask('/mcp/admin/x')]).toEqual([
      'mcp',
      'mcp',
      '401',
      '401',
    ]);
  });

  it('uses the configured issuer, for any Host header (SEC-108)', async () => {
    const app = await makeApp('memory');
    const { tokens } = await app.signedIn();
    const document = await (
      await app.send(new Request('https://evil.example/.well-known/oauth-authorization-server', { headers: { host: 'evil.example' } }))
    ).text();
    expect([document.includes('evil'), document.includes(`"issuer":"${ISSUER}"`)]).toEqual([false, true]);
    const refused = await app.send(
      new Request('https://evil.example/mcp', { method: 'POST', headers: { 'x-forwarded-host': 'evil.example' } }),
    );
    expect(refused.headers.get('www-authenticate')).toContain(`resource_metadata="${ISSUER}/`);
    expect(tokens.access).toMatch(/^access_/);
  });

  it('sets the caller on every request, and nothing without a token (S-127)', async () => {
    const app = await makeApp('memory');
    const [one, two] = [await app.signedIn(), await app.signedIn()];
    const calls = await Promise.all([one, two, one, two].map(({ tokens }) => app.call(tokens.access)));
    expect(calls.map(({ access }) => access?.clientId)).toEqual([one.client.id, two.client.id, one.client.id, two.client.id]);
    expect((await app.call(null)).access).toBeNull();
  });

  it('lets every serialised origin be allowed, and read the answer (R-14)', async () => {
    const allowed = ['tauri://localhost', 'chrome-extension://abcdefghijklmnop', 'null'];
    const app = await makeApp('memory', { allowedOrigins: allowed });
    const { tokens } = await app.signedIn();
    for (const origin of allowed) {
      const { status, response } = await app.call(tokens.access, '/mcp', { origin });
      expect([status, response.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    }
    for (const origin of ['tauri://evil', 'chrome-extension://other', 'https://localhost'])
      expect((await app.call(tokens.access, '/mcp', { origin })).status).toBe(403);
    const all = await makeApp('memory', { allowedOrigins: ['*'] });
    const open = (await all.signedIn()).tokens.access;
    expect((await all.call(open, '/mcp', { origin: 'null' })).response.headers.get('access-control-allow-origin')).toBe('null');
  });

  it('lets any header be asked for at public endpoints without credentials (R-21)', async () => {
    const app = await makeApp('memory', { accessTokenSigning: 'ES256', secret: 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=' });
    const asked = 'authorization, traceparent, ngrok-skip-browser-warning';
    const paths = [
      '/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource/mcp', '/token', '/register', '/revoke', '/jwks', '/par',
    ]; // prettier-ignore
    for (const path of paths) {
      const headers = {
        origin: 'https://anybody.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': asked,
      };
      const answer = await app.ask('OPTIONS', path, null, headers);
      expect([path, answer.status, answer.headers.get('access-control-allow-headers')]).toEqual([path, 204, asked]);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
    expect((await app.ask('OPTIONS', '/token')).headers.get('access-control-allow-headers')).toContain('Content-Type');
  });

  it('SEC-134 SEC-176 refuses a foreign page before it looks at the token', async () => {
    const app = await makeApp('memory', { allowedOrigins: ['https://app.example'] });
    const { tokens } = await app.signedIn();
    const statusFrom = async (origin: string): Promise<number> => (await app.call(tokens.access, '/mcp', { origin })).status;
    expect([
      await statusFrom('https://evil.example'),
      await statusFrom('null'),
      await statusFrom('https://app.example'),
      await statusFrom(ISSUER),
    ]).toEqual([403, 403, 200, 200]);
    const preflight = await app.ask('OPTIONS', '/mcp', null, {
      origin: 'https://app.example',
      'access-control-request-headers': 'authorization',
    });
    expect([
      preflight.status,
      preflight.headers.get('access-control-allow-headers'),
      preflight.headers.get('access-control-allow-credentials'),
    ]).toEqual([204, 'authorization', null]);
    expect(
      (await app.ask('OPTIONS', '/mcp', null, { origin: 'https://evil.example' })).headers.get('access-control-allow-origin'),
    ).toBeNull();
  });

  it('takes an answer on every store and with two providers at once for one truth (S-055)', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const [one, two] = [await appOn(store, clock), await appOn(store, clock)];
    const { client, code } = await one.toCode();
    const body = new URLSearchParams({ grant_type: 'authorization_code', code, client_id: client.id, code_verifier: client.verifier });
    const [a, b] = await Promise.all([one.ask('POST', '/token', body.toString(), FORM), two.ask('POST', '/token', body.toString(), FORM)]);
    expect([a.status, b.status].toSorted((x, y) => x - y)).toEqual([200, 400]);
    const again = await client.signIn(one.browser(), ALICE, { resource: RESOURCE });
    const tokens = tokensOf(await client.redeem(again));
    expect((await two.call(tokens.access)).status).toBe(200);
    await client.revoke(tokens.refresh);
    expect((await two.call(tokens.access)).status).toBe(401);
  });

  it('tells the listener once of a request, however often its token is refused later', async () => {
    const told: string[] = [];
    const seen: boolean[] = [];
    let revoke: () => Promise<unknown> = async () => undefined;
    const app = await makeApp('memory', {
      on: (event) => void (event.kind === 'request.refused' && told.push(event.reason)),
      apiHandler: async (_request: Request, _env: unknown, ctx: Context) => {
        await revoke();
        for (let times = 0; times < 2; times++) seen.push((await requestState(ctx).stillGood?.()) ?? true);
        return Response.json({});
      },
    });
    const { client, tokens } = await app.signedIn();
    revoke = () => client.revoke(tokens.refresh);
    await app.call(tokens.access);
    expect([seen, told]).toEqual([[false, false], ['grant_revoked']]);
    expect((await app.call(tokens.access)).status).toBe(401); // another request is told of
    expect(told).toHaveLength(2);
  });

  it.each([
    ['throws', (): never => throwing()],
    ['rejects', async (): Promise<never> => throwing()],
  ])('keeps answering when the listener %s, and says so', async (_how, on) => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const app = await makeApp('memory', { on });
      expect((await app.call((await app.signedIn()).tokens.access)).status).toBe(200);
      expect(printed.mock.calls).toContainEqual(['portcullis: the `on` listener failed', expect.objectContaining({ message: 'listener' })]);
    } finally {
      printed.mockRestore();
    }
  });
});

function throwing(): never {
  throw new Error('listener');
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
