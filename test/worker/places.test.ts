/** The provider of Workers: it takes the place of a request from `request.cf`, which miniflare sets as a test says. */
import { env } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import { placeOf } from '../../src/model/token.ts';
import { requestState } from '../../src/model/context.ts';
import { password } from '../../src/logins/password.ts';
import { durableObjectStore } from '../../src/stores/durable-object.ts';
import type { ObjectNamespace } from '../../src/stores/object-namespace.ts';
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { OAuthProvider } from '../../src/worker/main.ts';

const { PORTCULLIS } = env as unknown as { PORTCULLIS: ObjectNamespace };
const ISSUER = 'https://mcp.example';
const ALICE = { username: 'alice', password: 'correct horse battery' };

describe('places on Workers', () => {
  it('come from request.cf, and are in ids, in events of the endpoints, of the guard and of tools, and in the health check', async () => {
    const events: Event[] = [];
    const store = durableObjectStore(PORTCULLIS, { prefix: `${crypto.randomUUID()}-`, shards: 4, home: 'weur' });
    const provider = new OAuthProvider<unknown>({
      issuer: ISSUER,
      store: () => store,
      apiRoute: '/mcp',
      apiHandler: (_request: Request, _env: unknown, ctx) => {
        requestState(ctx).emit?.({ kind: 'call.allowed', primitive: 'tool', name: 'notes' });
        return Response.json({ user: ctx.auth.userId });
      },
      defaultHandler: async (_request, own) =>
        Response.json(await (own as { OAUTH_PROVIDER: { health(): Promise<unknown> } }).OAUTH_PROVIDER.health()),
      logins: [password({ accounts: () => [ALICE] })],
      clientRegistrationEndpoint: '/register',
      on: (event) => void events.push(event),
    });
    const from =
      (cf: object): Send =>
      (request) =>
        provider.fetch(new Request(request, { cf } as RequestInit), {}, { waitUntil: () => undefined });
    const sydney = from({ continent: 'OC', country: 'AU', colo: 'SYD', longitude: '151.2' });
    const oregon = from({ continent: 'NA', country: 'US', colo: 'PDX', longitude: '-122.6' });
    let send = oregon;
    const client = await registerClient({ send: (request) => send(request), issuer: ISSUER });
    const code = await client.signIn(makeBrowser(sydney), ALICE);
    const { access, refresh } = tokensOf(await client.redeem(code));
    const place = (token: string): string | null => placeOf(/_([\w-]{22})/.exec(token)?.[1] ?? '');
    expect([place(code), place(access)]).toEqual(['oc', 'oc']);
    const call = (as: Send, token: string): Promise<Response> =>
      as(new Request(`${ISSUER}/mcp`, { method: 'POST', body: '{}', headers: { authorization: `Bearer ${token}` } }));
    expect((await call(oregon, access)).status).toBe(200);
    expect((await call(sydney, 'nothing')).status).toBe(401);
    const moved = tokensOf(await client.refresh(refresh));
    expect(place(moved.access)).toBe('wnam');
    expect((await call(oregon, moved.access)).status).toBe(200);
    send = sydney;
    const kinds = ['client.registered', 'grant.opened', 'grant.redeemed', 'call.allowed', 'request.refused', 'grant.refreshed'];
    const regions = kinds.map((kind) => events.find((event) => event.kind === kind)?.region);
    expect(regions).toEqual(['wnam', 'oc', 'wnam', 'wnam', 'oc', 'wnam']);
    expect(await (await sydney(new Request(`${ISSUER}/health`))).json()).toEqual({ ok: true, region: 'oc' });
    expect(await (await from({})(new Request(`${ISSUER}/health`))).json()).toEqual({ ok: true });
  });
});
