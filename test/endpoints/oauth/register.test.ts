import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { OAuthProvider } from '../../../src/provider/oauth-provider.ts';
import type { Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { type App, appOn, makeApp, optionsFor } from '../../support/app.ts';
import { answerOf, expectJson, expectNothingWritten } from '../../support/verdicts.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const GOOD = { redirect_uris: ['https://app.example/cb'] };
const raw = async (app: App, body: BodyInit, headers: Record<string, string> = JSON_TYPE): ReturnType<typeof answerOf> =>
  answerOf(await expectNothingWritten(app, () => app.ask('POST', '/register', body, headers)));

describe('endpoints/oauth/register', () => {
  it('keeps no client in a further process whose slot could not be taken, and answers when both are written', async () => {
    const clock = makeClock();
    const inner = memoryStore(clock);
    const clients = async (): Promise<number> => (await inner.list('clients:all')).keys.length;
    let failing = '';
    const asked: string[] = [];
    const write: Store['write'] = async (key, ...all) => {
      if (/^(?:client|quota):/.test(key)) asked.push(key.split(':', 1)[0] ?? '');
      if (failing !== '' && key.startsWith(failing)) throw new Error('down');
      return inner.write(key, ...all);
    };
    const store = { atomic: true, read: inner.read.bind(inner), remove: inner.remove.bind(inner), list: inner.list.bind(inner), write } as Store; // prettier-ignore
    expect((await (await appOn(store, clock)).register(GOOD)).status).toBe(201); // the quota is written, with slots for many
    for (const [fault, status, count] of [['quota:', 503, 1], ['client:', 503, 1], ['', 201, 2]] as const) {
      failing = fault;
      asked.length = 0;
      const answer = await (await appOn(store, clock)).register(GOOD);
      expect([fault, answer.status, await clients()]).toEqual([fault, status, count]);
      expect(asked.toSorted()).toEqual(['client', 'quota']); // each once
    }
  }); // prettier-ignore

  it('answers with logo, policy, terms, contacts and names in other languages, and with none of them that were not given', async () => {
    const app = await makeApp('memory');
    const shown = {
      logo_uri: 'https://app.example/logo.png',
      policy_uri: 'https://app.example/policy',
      tos_uri: 'https://app.example/terms',
      contacts: ['team@app.example'],
      'client_name#de': 'Notizen',
      client_name: 'Notes',
    };
    expect((await app.register({ ...GOOD, ...shown })).body).toMatchObject(shown);
    const plain = (await app.register(GOOD)).body;
    for (const name of Object.keys(shown)) expect(Object.hasOwn(plain, name)).toBe(false);
  });

  it('answers with everything that was registered (RFC 7591 §3.2.1)', async () => {
    const app = await makeApp('memory');
    const given = {
      ...GOOD,
      client_name: 'App ünï',
      client_uri: 'https://app.example',
      scope: 'read',
      application_type: 'web',
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'none',
      software_id: 'x',
    };
    const { status, body } = await app.register(given);
    const { software_id: _unknown, ...kept } = given;
    expect([status, body]).toEqual([
      201,
      {
        ...kept,
        client_id: expect.any(String),
        client_id_issued_at: app.clock.now(),
        response_types: ['code'],
        registration_access_token: expect.stringMatching(/^[\w-]{43}$/),
        registration_client_uri: expect.stringContaining('/register/client?client_id='),
      },
    ]);
  });

  it('SEC-083 shows a secret once, keeps its hash alone, and lets no cache keep the answer', async () => {
    const app = await makeApp('memory');
    const { body, headers } = await app.register(GOOD);
    const row = JSON.stringify(await app.store.read(`client:${String(body['client_id'])}`));
    expect(body).toMatchObject({
      client_secret: expect.stringMatching(/^[\w-]{43}$/),
      client_secret_expires_at: 0,
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect([headers.get('cache-control'), row.includes(String(body['client_secret'])), row.includes('secretHash')]).toEqual([
      'no-store',
      false,
      true,
    ]);
  });

  it('SEC-085 makes ids that are no URL and hold no sign that keys are built with', async () => {
    const app = await makeApp('memory');
    for (let at = 0; at < 20; at++) expect((await app.register(GOOD)).body['client_id']).toMatch(/^[\w-]{22}$/);
  });

  it('SEC-073 SEC-171 reads at most 64 KiB, also without Content-Length', async () => {
    const app = await makeApp('memory');
    const big = JSON.stringify({ ...GOOD, client_name: 'x'.repeat(70_000) });
    expectJson(await raw(app, big), 'invalid_request', 413);
    const chunks = new Blob([big]).stream();
    const request = new Request('https://mcp.example/register', {
      method: 'POST',
      body: chunks,
      headers: JSON_TYPE,
      duplex: 'half',
    } as RequestInit);
    expectJson(await answerOf(await app.send(request)), 'invalid_request', 413);
  });

  it.each([
    ['text', 'hello'], ['nothing', ''], ['a list', '[]'], ['null', 'null'], ['a number', '1'], ['a deep list', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['a deep object', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`], ['a name twice', '{"redirect_uris":["https://a.example/cb"],"redirect_uris":["https://b.example/cb"]}'],
    ['a name twice, written in two ways', '{"redirect_uris":["https://a.example/cb"],"redirect_\\u0075ris":["https://b.example/cb"]}'],
    ['a name twice further down', '{"redirect_uris":["https://a.example/cb"],"jwks":{"keys":[{"a":1,"a":2}]}}'],
    ['a byte order mark', `\ufeff${JSON.stringify(GOOD)}`], ['a tail', `${JSON.stringify(GOOD)}x`], ['single quotes', "{'redirect_uris':['https://a.example/cb']}"],
  ])('SEC-074 refuses %s', async (_what, body) => {
    expectJson(await raw(await makeApp('memory'), body), 'invalid_client_metadata');
  }); // prettier-ignore

  it('SEC-074 refuses UTF-16, whatever its header says, and bytes that are no UTF-8', async () => {
    const app = await makeApp('memory');
    const utf16 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Uint16Array.from(text, (sign) => sign.charCodeAt(0)).buffer);
    for (const body of [utf16(JSON.stringify(GOOD)), utf16(`\ufeff${JSON.stringify(GOOD)}`), new Uint8Array([0x7b, 0xff, 0x7d])])
      expectJson(await raw(app, body, { 'content-type': 'application/json; charset=utf-16' }), 'invalid_client_metadata');
  });

  it('SEC-168 takes JSON alone', async () => {
    const app = await makeApp('memory');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/json', 'application/json, text/plain'])
      expectJson(await raw(app, JSON.stringify(GOOD), { 'content-type': type }), 'invalid_client_metadata');
  });

  it('SEC-080 makes a network wait after sixty registrations, one IPv6 household counting once, and no other network', async () => {
    const app = await makeApp('memory');
    const from = (address: string): Promise<Response> =>
      app.ask('POST', '/register', JSON.stringify(GOOD), { ...JSON_TYPE, 'x-test-address': address });
    for (let at = 0; at < 60; at++) expect((await from(`2001:db8::${at.toString(16)}`)).status).toBe(201);
    const limited = await from('2001:db8::ffff');
    expect([limited.status, Number(limited.headers.get('retry-after'))]).toEqual([429, 600]);
    expect((await from('2001:db8:0:1::1')).status).toBe(201);
    for (let at = 0; at < 60; at++) expect((await from(at % 2 ? '198.51.100.7' : '::ffff:198.51.100.7')).status).toBe(201);
    expect((await from('::ffff:c633:6407')).status).toBe(429);
  });

  it('deletes an unused client, and keeps one as long as its grants (SEC-081, R-15)', async () => {
    const day = 86_400;
    const app = await makeApp('memory', { refreshTokenTTL: 200 * day, refreshTokenIdleTTL: 150 * day });
    const unused = await app.client();
    const { client, tokens } = await app.signedIn({ token_endpoint_auth_method: 'client_secret_post' });
    app.clock.pass(day - 1);
    expect((await app.browser().get(await unused.authorizeUrl())).status).toBe(200);
    app.clock.pass(1);
    expect((await app.browser().get(await unused.authorizeUrl())).status).toBe(400);
    app.clock.pass(89 * day);
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
    expect((await app.browser().get(await client.authorizeUrl())).status).toBe(200);
  });

  it('has no registration where none is configured (SEC-082)', async () => {
    const { clientRegistrationEndpoint: _without, ...options } = optionsFor([]);
    const provider = new OAuthProvider(options, { runtime: makeRuntime(), address: () => undefined });
    const env = { PORTCULLIS: memoryStore() };
    expect((await provider.fetch(new Request('https://mcp.example/register', { method: 'POST' }), env)).status).toBe(404);
    const document = await (await provider.fetch(new Request('https://mcp.example/.well-known/oauth-authorization-server'), env)).json();
    expect(document).not.toHaveProperty('registration_endpoint');
  });

  it('stores no client whose slot could not be taken, though both are written at the same time', async () => {
    const clock = makeClock();
    const inner = memoryStore(clock);
    let fault: 'full' | 'down' | 'client' | null = null;
    const store: Store = {
      atomic: true,
      read: (key) => inner.read(key),
      remove: (key, when) => inner.remove(key, when),
      list: (index, after) => inner.list(index, after),
      async write(key, value, when, options) {
        if (key.startsWith('client:') && fault === 'client') throw new Error('the client is down');
        if (key !== 'quota:clients' || fault === null || fault === 'client') return inner.write(key, value, when, options);
        if (fault === 'down') throw new Error('the quota is down');
        fault = null;
        await inner.write(key, { v: 1, count: 100_000, countedAt: clock.now() }, 'any'); // others took all of them meanwhile
        return null;
      },
    };
    for (const why of ['full', 'down', 'client'] as const) {
      await (await appOn(store, clock)).register(GOOD); // the quota is known
      for (const key of (await inner.list('unused:clients')).keys) await inner.remove(key);
      const app = await appOn(store, clock); // another process, without slots of its own
      fault = why;
      expect((await app.register(GOOD)).status).toBe(503);
      expect((await inner.list('clients:all')).keys).toEqual([]);
      fault = null;
      await inner.remove('quota:clients');
    }
  });
});
