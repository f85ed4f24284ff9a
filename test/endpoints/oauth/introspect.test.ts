import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../../src/testing/oauth-client.ts';
import { verifyIntrospection } from '../../../src/verifiers/introspection.ts';
import { type App, ISSUER, makeApp, RESOURCE, storeNames } from '../../support/app.ts';
import { answerOf, expectJson } from '../../support/verdicts.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const clients = [
  { id: 'notes', secret: SECRET, introspects: ['/mcp'] },
  { id: 'other', secret: SECRET, introspects: ['https://other.example/mcp'] },
  { id: 'robot', secret: SECRET, authMethod: 'client_secret_post', scope: ['read'] },
] as const;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const basic = (id: string): Record<string, string> => ({ authorization: `Basic ${btoa(`${id}:${SECRET}`)}` });
const ask = async (app: App, token: string, headers: Record<string, string>, more: Record<string, string> = {}) =>
  answerOf(await app.ask('POST', '/introspect', new URLSearchParams({ token, ...more }), { ...FORM, ...headers }));

describe.each(storeNames)('endpoints/introspect on %s', (store) => {
  it('tells the resource server of a token what it is worth, until it ends (RFC 7662 §2.2)', async () => {
    const app = await makeApp(store, { clients });
    const { client, tokens } = await app.signedIn();
    const answer = await ask(app, tokens.access, basic('notes'));
    expect(answer.body).toEqual({
      active: true, iss: ISSUER, sub: app.aliceId, client_id: client.id, aud: RESOURCE, scope: 'read write',
      exp: app.clock.now() + 3600, token_type: 'Bearer',
    }); // prettier-ignore
    expect(answer.headers.get('cache-control')).toContain('no-store');
    await client.revoke(tokens.refresh);
    expect((await ask(app, tokens.access, basic('notes'))).body).toEqual({ active: false });
  });

  it('SEC-071 tells nothing to a caller without a client, a public client, or a client that is not the token’s resource server', async () => {
    const app = await makeApp(store, { clients });
    const { client, tokens } = await app.signedIn();
    for (const more of [{}, { client_id: client.id }, { client_id: 'notes' }, { client_id: 'notes', client_secret: `${SECRET}x` }])
      expectJson(await ask(app, tokens.access, {}, more as Record<string, string>), 'invalid_client', 401);
    expect((await ask(app, tokens.access, basic('other'))).body).toEqual({ active: false });
    for (const dead of ['x', tokens.refresh, `${tokens.access}x`, tokens.access.replace(/.$/, '~'), '__proto__'])
      expect((await ask(app, dead, basic('notes'))).body).toEqual({ active: false });
    app.clock.pass(3600);
    expect((await ask(app, tokens.access, basic('notes'))).body).toEqual({ active: false });
    expectJson(await answerOf(await app.ask('POST', `/introspect?token=${tokens.access}`, '', { ...FORM, ...basic('notes') })), 'invalid_request');
  }); // prettier-ignore

  it('describes a client’s own token, but none of another client', async () => {
    const app = await makeApp(store, { clients });
    const robot = { client_id: 'robot', client_secret: SECRET };
    const given = await answerOf(
      await app.ask('POST', '/token', new URLSearchParams({ grant_type: 'client_credentials', ...robot }), FORM),
    );
    expect((await ask(app, tokensOf(given).access, {}, robot)).body).toMatchObject({ active: true, sub: 'client:robot' });
    expect((await ask(app, (await app.signedIn()).tokens.access, {}, robot)).body).toEqual({ active: false });
  });

  it('serves a guard on another server that uses our verifier', async () => {
    const app = await makeApp(store, { clients });
    const { client, tokens } = await app.signedIn();
    const { verify } = verifyIntrospection({
      issuer: ISSUER,
      clientId: 'notes',
      clientSecret: SECRET,
      cache: 0,
      now: app.clock.now,
      fetch: (input, init) => app.send(new Request(input, init)),
    });
    expect(await verify(tokens.access, RESOURCE)).toMatchObject({ userId: app.aliceId, clientId: client.id, scope: ['read', 'write'] });
    await client.revoke(tokens.access);
    expect(await verify(tokens.access, RESOURCE)).toBeNull();
  });
});

describe('the client option `introspects`', () => {
  it('refuses at start-up an introspecting client with an unknown resource, or without authentication', async () => {
    await expect(makeApp('memory', { clients: [{ id: 'a', secret: SECRET, introspects: ['mcp'] }] })).rejects.toThrow(/`introspects` holds "mcp"/);
    await expect(makeApp('memory', { clients: [{ id: 'a', authMethod: 'none', introspects: ['/mcp'] }] })).rejects.toThrow(/proves who it is/);
  }); // prettier-ignore
});
