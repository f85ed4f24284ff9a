import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeClock } from '../../../src/testing/clock.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { type App, appOn, ISSUER, makeApp } from '../../support/app.ts';
import { answerOf, expectJson, expectNothingWritten } from '../../support/verdicts.ts';

const FORM = 'application/x-www-form-urlencoded';
const post = (app: App, body: BodyInit | null, headers: Record<string, string> = {}, path = '/token'): Promise<Response> =>
  app.ask('POST', path, body, { 'content-type': FORM, ...headers });

/** The body that would redeem a fresh code. */
async function goodBody(app: App): Promise<{ body: string; code: string; id: string }> {
  const { client, code } = await app.toCode();
  const fields = { grant_type: 'authorization_code', code, client_id: client.id, code_verifier: client.verifier };
  return { body: new URLSearchParams(fields).toString(), code, id: client.id };
}

describe('endpoints/oauth/token', () => {
  it('answers in JSON that no cache keeps (S-026, S-035)', async () => {
    const app = await makeApp('memory');
    const response = await post(app, (await goodBody(app)).body);
    expect([response.status, response.headers.get('cache-control'), response.headers.get('pragma')]).toEqual([200, 'no-store', 'no-cache']);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'read write', resource: `${ISSUER}/mcp` });
  });

  it.each(['GET', 'PUT', 'DELETE', 'HEAD', 'PATCH'])('SEC-167 answers %s with 405 and Allow, and does no work', async (method) => {
    const app = await makeApp('memory');
    const { body } = await goodBody(app);
    for (const path of ['/token', '/register', '/revoke']) {
      const response = await expectNothingWritten(app, () => app.ask(method, `${path}?${body}`, null));
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
    expect((await post(app, body)).status).toBe(200);
  });

  it.each([
    'application/json', 'multipart/form-data; boundary=x', 'text/plain', `application/json, ${FORM}`, `${FORM}, application/json`,
    `${FORM}; charset=utf-16`, 'application/x-www-form-urlencodedx', '',
  ])('SEC-168 takes no body of the type %j', async (type) => {
    const app = await makeApp('memory');
    const { body } = await goodBody(app);
    const headers = type === '' ? {} : { 'content-type': type };
    const response = await expectNothingWritten(app, () => app.ask('POST', '/token', new TextEncoder().encode(body), headers));
    expectJson(await answerOf(response), 'invalid_request');
    expect((await post(app, body)).status).toBe(200);
  }); // prettier-ignore

  it('accepts another charset only if all bytes are ASCII (R-18)', async () => {
    const app = await makeApp('memory');
    for (const charset of ['utf8', 'us-ascii', 'ISO-8859-1', '"latin1"', 'windows-1252'])
      expect((await post(app, (await goodBody(app)).body, { 'content-type': `${FORM};charset=${charset}` })).status).toBe(200);
    const body = `${(await goodBody(app)).body}&x=\u00e9`;
    expect((await post(app, body, { 'content-type': `${FORM}; charset=utf8` })).status).toBe(200);
    const other = new TextEncoder().encode(`${(await goodBody(app)).body}&x=\u00e9`);
    expectJson(
      await answerOf(await app.ask('POST', '/token', other, { 'content-type': `${FORM}; charset=iso-8859-1` })),
      'invalid_request',
    );
  });

  it.each([`${FORM}; charset=UTF-8`, `${FORM};charset="utf-8"`, `${FORM.toUpperCase()} ; foo=bar`])('takes a form that says %s', async (type) => {
    const app = await makeApp('memory');
    expect((await post(app, (await goodBody(app)).body, { 'content-type': type })).status).toBe(200);
  }); // prettier-ignore

  it.each([
    'client_secret=x',
    'refresh_token=x',
    'code=x',
    'code_verifier=x',
    'client_id=x',
    'scope=read',
    'resource=x',
    'redirect_uri=x',
    '%63ode=x',
    'code',
    '%ff',
  ])('SEC-057 SEC-169 refuses parameters in the URL: %s (S-027)', async (query) => {
    const app = await makeApp('memory');
    const { body } = await goodBody(app);
    const refused = await expectNothingWritten(app, () => post(app, body, {}, `/token?${query}`));
    expectJson(await answerOf(refused), 'invalid_request');
    expectJson(await answerOf(await post(app, 'token=x&client_id=y', {}, `/revoke?token=x&${query}`)), 'invalid_request');
    expect((await post(app, body, {}, '/token?utm_source=x')).status).toBe(200);
  });

  it.each(['grant_type', 'client_id', 'client_secret', 'code', 'redirect_uri', 'code_verifier', 'refresh_token', 'scope'])(
    'SEC-169 refuses a request in which %s stands twice, and keeps the code (S-025)',
    async (name) => {
      const app = await makeApp('memory');
      const { body } = await goodBody(app);
      expectJson(await answerOf(await expectNothingWritten(app, () => post(app, `${body}&${name}=x&${name}=x`))), 'invalid_request');
      expect((await post(app, `${body}&foo=1&foo=2&__proto__=x&constructor=1`)).status).toBe(200);
    },
  );

  it('SEC-172 takes an empty parameter for an absent one', async () => {
    const app = await makeApp('memory');
    expect((await post(app, `${(await goodBody(app)).body}&scope=&resource=&client_secret=&redirect_uri=`)).status).toBe(200);
    expectJson(await answerOf(await post(app, 'grant_type=&client_id=x')), 'invalid_request');
    expectJson(await answerOf(await post(app, '')), 'invalid_client', 401);
  });

  it.each(['a=%', 'a=%ff', 'a=%c3%28', 'client_id=x%00y', '%00=1'])('refuses the malformed form %s', async (body) => {
    expectJson(await answerOf(await post(await makeApp('memory'), body)), 'invalid_request');
  });

  it('SEC-171 reads at most 64 KiB, with and without Content-Length', async () => {
    const app = await makeApp('memory');
    expectJson(await answerOf(await post(app, `a=${'x'.repeat(65_536)}`)), 'invalid_request', 413);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(4096).fill(97));
      },
    });
    const request = new Request(`${ISSUER}/token`, {
      method: 'POST',
      body: endless,
      headers: { 'content-type': FORM },
      duplex: 'half',
    } as RequestInit);
    expectJson(await answerOf(await app.send(request)), 'invalid_request', 413);
    expect(pulled).toBeLessThan(40);
    expectJson(await answerOf(await post(app, 'a=b', { 'content-length': '99999999' })), 'invalid_request', 413);
  });

  it.each([
    'password',
    'implicit',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'x',
    '__proto__',
    'constructor',
  ])('SEC-077 knows no grant type %s (S-032)', async (type) => {
    const app = await makeApp('memory');
    const client = await app.client();
    expectJson(await client.token({ grant_type: type, client_id: client.id }), 'unsupported_grant_type');
  });

  it('SEC-177 returns only an id for an internal error, and passes the error to the listener', async () => {
    let broken = false;
    const clock = makeClock();
    const store = memoryStore(clock);
    const machine = makeRuntime();
    const digest: typeof machine.digest = (data) => {
      if (broken) throw new Error('SELECT secret FROM /var/lib/portcullis.db');
      return machine.digest(data);
    };
    const { digestText } = machine;
    const ofText = (text: string): string => {
      if (broken) throw new Error('SELECT secret FROM /var/lib/portcullis.db');
      return digestText?.(text) ?? '';
    };
    const app = await appOn(store, clock, {}, digestText ? { digest, digestText: ofText } : { digest });
    const { body } = await goodBody(app);
    const client = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
    const url = await client.authorizeUrl();
    broken = true;
    const metadata = JSON.stringify({ redirect_uris: ['https://app.example/cb'] });
    const answers = [
      await post(app, body),
      await post(app, 'token=x&client_id=y&client_secret=z', {}, '/revoke'),
      await app.ask('POST', '/register', metadata, { 'content-type': 'application/json' }),
      await app.send(new Request(url)),
      await app.ask('POST', '/authorize/approve', 'pending=x', { 'content-type': FORM }),
      await app.ask('POST', '/login', 'username=a&password=b', { 'content-type': FORM, origin: ISSUER }),
      await app.ask('GET', '/login', null, { cookie: `__Host-portcullis-session=${'x'.repeat(43)}` }),
    ];
    for (const answer of answers) {
      const text = await answer.text();
      expect([answer.status, /SELECT|portcullis\.db|Error:|\.ts/.test(text)]).toEqual([500, false]);
      const id = /request_id":"([\w-]{12})"|<code>([\w-]{12})<\/code>/.exec(text);
      const told = app.events.findLast((event) => event.kind === 'request.failed' && event.requestId === (id?.[1] ?? id?.[2]));
      expect(told).toMatchObject({ error: expect.objectContaining({ message: expect.stringContaining('SELECT') }) });
    }
    broken = false;
    expect((await post(app, body)).status).toBe(200); // FLT-29: nothing was issued, so nothing is lost
  });

  it('SEC-176 lets browser clients of every origin read programs’ answers, and none read pages (S-023, S-024)', async () => {
    const app = await makeApp('memory');
    const headers = { origin: 'https://inspector.example' };
    for (const path of [
      '/token',
      '/register',
      '/revoke',
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-protected-resource/mcp',
    ]) {
      const preflight = await app.ask('OPTIONS', path, null, {
        ...headers,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      });
      expect([
        preflight.status,
        preflight.headers.get('access-control-allow-origin'),
        preflight.headers.get('access-control-allow-credentials'),
      ]).toEqual([204, '*', null]);
      const answer = await app.ask(path.startsWith('/.well') ? 'GET' : 'POST', path, null, headers);
      expect([answer.headers.get('access-control-allow-origin'), answer.headers.get('access-control-allow-credentials')]).toEqual([
        '*',
        null,
      ]);
    }
    expect((await post(app, 'x=y', headers)).headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    for (const [method, path] of [
      ['GET', '/authorize?client_id=x'],
      ['OPTIONS', '/authorize'],
      ['GET', '/login'],
      ['OPTIONS', '/authorize/approve'],
      ['POST', '/login'],
    ] as const) {
      for (const origin of ['https://inspector.example', 'null'])
        expect((await app.ask(method, path, null, { origin })).headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it.each([
    '/token/',
    '//token',
    '/token;x',
    '/%74oken',
    '/TOKEN',
    '/token%20',
    '/token%00',
    '/mcp%2f..',
    '/mcp;x',
    '/MCP',
    '/mcpx',
    '/mcp-v2',
    '/%6dcp',
    '/authorize/',
    '/.well-known/oauth-authorization-server/',
  ])('SEC-178 finds nothing at %s', async (path) => {
    const app = await makeApp('memory');
    for (const method of ['GET', 'POST']) expect((await app.ask(method, path)).status).toBe(404);
  });

  it.each(['/mcp/..%2ftoken', '/mcp/x/y', '/mcp/', '/x/../mcp', '/x/%2e%2e/mcp', '/./mcp'])(
    'SEC-178 keeps the guard before %s',
    async (path) => {
      const app = await makeApp('memory');
      expect((await app.ask('POST', path)).status).toBe(401);
    },
  );
});
