import { describe, expect, it } from 'vitest';
import type { BrowserPage } from '../../../src/testing/browser.ts';
import { codeOf, registerClient } from '../../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, RESOURCE as MCP } from '../../support/app.ts';
import { expectNothingWritten, expectPage, expectRedirect } from '../../support/verdicts.ts';

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const WEB = 'https://app.example/cb';

/** Sends an authorization request of a client with these redirect URIs, from the browser of someone who is signed in; nothing may be stored when it is refused. */
async function refused(app: App, uris: readonly string[], changes: Record<string, string | null>): Promise<BrowserPage> {
  const [client, browser] = [await app.client({ redirect_uris: uris }), app.browser()];
  const url = await client.authorizeUrl({ redirect_uri: uris[0] ?? null, ...changes });
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  return expectNothingWritten(app, () => browser.get(url));
}

/** An authorization request with a query written by hand. */
async function raw(app: App, query: (id: string) => string): Promise<BrowserPage> {
  const client = await app.client();
  return app.browser().get(`${ISSUER}/authorize?${query(client.id)}`);
}

const usual = (id: string): string =>
  `client_id=${id}&response_type=code&redirect_uri=http://localhost:3334/callback&code_challenge=${CHALLENGE}&code_challenge_method=S256&state=st4te`;

describe('endpoints/authorize/authorize: no redirect before a user has acted', () => {
  const WRONG = [
    { prompt: 'none' }, { prompt: 'none login' }, { response_type: 'token' }, { response_type: null }, { response_mode: 'fragment' },
    { code_challenge: null, code_challenge_method: null }, { code_challenge_method: 'plain' }, { resource: 'https://other.example' },
    { scope: 'a"b' }, { request: 'x' }, { request_uri: 'https://internal/' }, { dpop_jkt: 'x' },
  ] as Record<string, string | null>[]; // prettier-ignore

  it.each(WRONG)(
    'shows a page with a link back for a self-registered client without a signed-in user: %j (F-38, S-047)',
    async (changes) => {
      const app = await makeApp('memory');
      const client = await app.client({ redirect_uris: [WEB] });
      const url = await client.authorizeUrl({ redirect_uri: WEB, ...changes });
      const page = await app.browser().get(url);
      expectPage(page);
      expect([...page.headers.getSetCookie()]).toEqual([]);
      const [, href = '', host] = /<a href="([^"]+)" rel="noreferrer">Back to <bdi>([^<]+)<\/bdi>/.exec(page.text) ?? [];
      const back = new URL(href.replaceAll('&#38;', '&'));
      expect([host, back.origin + back.pathname, back.searchParams.get('state'), back.searchParams.get('iss')]).toEqual([
      'app.example', WEB, 'st4te', ISSUER,
    ]); // prettier-ignore
      expect(back.searchParams.get('error')).toMatch(/^[a-z_]+$/);
      expect(app.events.at(-1)).toMatchObject({ kind: 'request.refused', endpoint: 'authorize', code: back.searchParams.get('error') });
    },
  );

  it.each(WRONG)('redirects to preregistered clients, to loopback, and for a signed-in user: %j (F-38)', async (changes) => {
    const configured = { id: 'known', redirectUris: [WEB], authMethod: 'none' } as const;
    const app = await makeApp('memory', { clients: [configured] });
    const known = await registerClient({ send: app.send, issuer: ISSUER, redirectUri: WEB, id: 'known' });
    expect((await app.browser().get(await known.authorizeUrl(changes))).location).toContain(`${WEB}?error=`);
    const native = await app.client();
    expect((await app.browser().get(await native.authorizeUrl(changes))).location).toContain('http://localhost:3334/callback?error=');
    const [unknown, browser] = [await app.client({ redirect_uris: [WEB] }), app.browser()];
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    expect((await browser.get(await unknown.authorizeUrl({ redirect_uri: WEB, ...changes }))).location).toContain(`${WEB}?error=`);
  });
});

describe('endpoints/authorize/authorize: PKCE, scope, resource, response type', () => {
  it.each([
    ['SEC-021', { code_challenge: null, code_challenge_method: null }], ['SEC-021', { code_challenge: '' }],
    ['SEC-022', { code_challenge_method: 'plain' }], ['SEC-022', { code_challenge_method: null }], ['SEC-022', { code_challenge_method: 's256' }],
    ['SEC-022', { code_challenge_method: 'S512' }], ['SEC-022', { code_challenge_method: 'S256 ' }],
    ['SEC-027', { code_challenge: `${CHALLENGE}=` }], ['SEC-027', { code_challenge: 'a'.repeat(44) }], ['SEC-027', { code_challenge: 'ab'.repeat(32) }],
    ['SEC-027', { code_challenge: `${CHALLENGE.slice(1)}+` }], ['SEC-222', { response_mode: 'fragment' }], ['SEC-222', { response_mode: 'form_post' }],
    ['SEC-222', { response_mode: 'web_message' }], ['SEC-222', { response_type: null }],
  ] as [string, Record<string, string | null>][])('%s tells the client invalid_request for %j (S-050, S-051)', async (_id, changes) => {
    expectRedirect(await refused(await makeApp('memory'), [WEB], changes), 'invalid_request');
  }); // prettier-ignore

  it('SEC-021 asks a confidential client for a challenge too', async () => {
    const app = await makeApp('memory');
    const client = await app.client({ token_endpoint_auth_method: 'client_secret_basic' });
    expectRedirect(await app.browser().get(await client.authorizeUrl({ code_challenge: null })), 'invalid_request');
  });

  it.each(['token', 'id_token', 'code token', 'code id_token token', 'none', 'CODE'])('SEC-222 refuses the response type %j, in the query (S-032)', async (type) => {
    expectRedirect(await refused(await makeApp('memory'), [WEB], { response_type: type }), 'unsupported_response_type');
  }); // prettier-ignore

  it('SEC-221 fetches no request object: it says that it knows none', async () => {
    const app = await makeApp('memory');
    expectRedirect(await refused(app, [WEB], { request: 'eyJhbGciOiJub25lIn0.e30.' }), 'request_not_supported');
    expectRedirect(await refused(app, [WEB], { request_uri: 'https://internal/' }), 'request_uri_not_supported');
  });

  it.each([
    'https://other.example/mcp',
    `${MCP}#frag`,
    '/mcp',
    'https://user@mcp.example/mcp',
    `${MCP}//`,
    'https://mcp.example/MCP',
    'https://mcp.example',
    'urn:x',
    'x',
  ])('SEC-111 tells the client invalid_target for the resource %j (S-070)', async (resource) => {
    expectRedirect(await refused(await makeApp('memory'), [WEB], { resource }), 'invalid_target');
  });

  it('takes a resource that is named twice, and refuses several instead of taking the first (R-08, SEC-111, S-025)', async () => {
    expectRedirect(
      await raw(await makeApp('memory'), (id) => `${usual(id)}&resource=${MCP}&resource=https://other.example`),
      'invalid_target',
    );
    const several = await raw(await makeApp('memory'), (id) => `${usual(id)}&resource=${MCP}&resource=https://other.example`);
    expect(new URL(several.location ?? '').searchParams.get('error_description')).toContain('several resources');
    const twice = await raw(await makeApp('memory'), (id) => `${usual(id)}&resource=${MCP}&resource=${MCP}`);
    expect([twice.status, twice.location]).toEqual([200, null]);
  });

  it.each(['HTTPS://MCP.EXAMPLE/mcp', 'https://mcp.example/mcp'])(
    'SEC-115 takes %s for the resource it means (S-072)',
    async (resource) => {
      const app = await makeApp('memory');
      const client = await app.client();
      const code = await client.signIn(app.browser(), ALICE, { resource });
      expect((await client.redeem(code)).body['resource']).toBe(MCP);
    },
  );

  it('SEC-113 binds the token of a client that names no resource to the configured one (S-073)', async () => {
    const one = await makeApp('memory');
    const { tokens } = await one.signedIn();
    expect((await one.call(tokens.access)).access?.resource).toBe(MCP);
  });

  it('SEC-173 refuses a hostile scope of any length', async () => {
    const app = await makeApp('memory');
    const many = Array.from({ length: 10_000 }, (_, at) => `s${at}`).join(' ');
    for (const scope of ['x'.repeat(50_000), many, 'read "write"', 'read\\write', 'read\u0001', 'réad', 'read\twrite'])
      expectRedirect(await refused(app, [WEB], { scope }), 'invalid_scope');
  });

  it('asks for the scopes it offers where none is named, and leaves out those it does not know (S-034)', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const none = await app.browser().get(await client.authorizeUrl());
    expect([none.text.includes('Read your notes'), none.text.includes('Change your notes')]).toEqual([true, true]);
    const some = await app.browser().get(await client.authorizeUrl({ scope: 'read openid offline_access' }));
    expect([some.text.includes('Read your notes'), some.text.includes('Change your notes'), some.text.includes('openid')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('SEC-172 takes an empty parameter for an absent one', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const browser = app.browser();
    const page = await browser.get(`${await client.authorizeUrl({ state: '' })}&scope=&resource=&response_mode=&request=&prompt=`);
    const back = await browser.submit(page, { decision: 'approve', ...ALICE });
    expect([back.status, new URL(back.location ?? '').searchParams.has('state')]).toEqual([303, false]);
  });
});

describe('endpoints/authorize/authorize: state, repeats, limits', () => {
  it.each([
    'x'.repeat(2048), 'a b+c&d=e%20"<>\'\\;', 'line\r\nSet-Cookie: x=1', 'ünï-✓-𝄞', '<script>alert(1)</script>',
  ])('SEC-151 gives the state back exactly, encoded: %j (S-033)', async (state) => {
    const app = await makeApp('memory');
    const client = await app.client();
    const browser = app.browser();
    const back = await browser.submit(await browser.get(await client.authorizeUrl({ state })), { decision: 'approve', ...ALICE });
    expect(new URL(back.location ?? '').searchParams.getAll('state')).toEqual([state]);
    expect(back.location).toMatch(/^[\x21-\x7e]+$/);
    expectRedirect(await browser.get(await client.authorizeUrl({ state, response_type: 'token' })), 'unsupported_response_type', state);
  }); // prettier-ignore

  it.each(['%00', '%ff', '%c3%28', '%zz'])('SEC-151 shows a page for the state %s, which it could not give back', async (state) => {
    expectPage(await raw(await makeApp('memory'), (id) => usual(id).replace('st4te', state)));
  }); // prettier-ignore

  it('sends a state that is too long back with the error (R-19)', async () => {
    const state = 'y'.repeat(4097);
    const app = await makeApp('memory');
    const client = await app.client();
    expectRedirect(await app.browser().get(await client.authorizeUrl({ state })), 'invalid_request', state);
  });

  it('answers HEAD as GET, without a body, and begins nothing (R-19)', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const url = await client.authorizeUrl();
    const writes = app.counts.writes;
    const head = await app.ask('HEAD', url.slice(ISSUER.length));
    expect([head.status, await head.text(), app.counts.writes - writes]).toEqual([200, '', 0]);
    expect((await app.ask('GET', url.slice(ISSUER.length))).status).toBe(200);
    const unknown = await app.ask('HEAD', url.slice(ISSUER.length).replace(client.id, 'nobody'));
    expect([unknown.status, await unknown.text()]).toEqual([400, '']);
    expect((await app.ask('HEAD', '/authorize/approve')).status).toBe(405);
  });

  it('SEC-151 invents no state where none was sent', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const browser = app.browser();
    const back = await browser.submit(await browser.get(await client.authorizeUrl({ state: null })), { decision: 'approve', ...ALICE });
    expect(new URL(back.location ?? '').searchParams.has('state')).toBe(false);
    expectRedirect(
      await browser.get(await client.authorizeUrl({ state: null, response_type: 'token' })),
      'unsupported_response_type',
      null,
    );
  });

  it.each(['client_id', 'redirect_uri', 'state'])('SEC-169 shows a page where %s stands twice (S-025)', async (name) => {
    const app = await makeApp('memory');
    expectPage(await raw(app, (id) => `${usual(id)}&${name}=x`));
    expectPage(await raw(app, (id) => `${name}=&${usual(id)}`));
  });

  it.each(['response_type', 'code_challenge', 'code_challenge_method', 'scope', 'response_mode', 'request', 'nonce'])(
    'SEC-169 tells the client where %s stands twice, and looks at no unknown parameter (S-025)',
    async (name) => {
      const app = await makeApp('memory');
      expectRedirect(await raw(app, (id) => `${usual(id)}&${name}=read&${name}=read`), 'invalid_request');
      expect((await raw(app, (id) => `${usual(id)}&foo=1&foo=2&__proto__=x&constructor=y`)).status).toBe(200);
    },
  );

  it('takes the request by POST as well, in a form (S-022)', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const body = new URL(await client.authorizeUrl()).search.slice(1);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await app.ask('POST', '/authorize', body, form)).status).toBe(200);
    expect((await app.ask('POST', '/authorize', body, { 'content-type': 'text/plain' })).status).toBe(400);
  });

  it('SEC-106 names the issuer exactly once, as the metadata does, on success and on error (S-046, S-004)', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const { issuer } = (await (await app.ask('GET', '/.well-known/oauth-authorization-server')).json()) as { issuer: string };
    const browser = app.browser();
    const page = await browser.get(await client.authorizeUrl());
    const answers = [
      (await browser.get(await client.authorizeUrl({ response_type: 'token' }))).location,
      (await browser.submit(page, { decision: 'deny' })).location,
      (await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve', ...ALICE })).location,
    ];
    for (const location of answers) expect(new URL(location ?? '').searchParams.getAll('iss')).toEqual([issuer]);
  });

  it('SEC-138 sets one cookie before the approval: that of the flow', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const page = await app.browser().get(await client.authorizeUrl());
    expect(page.headers.getSetCookie().map((line) => line.split('=')[0])).toEqual([expect.stringMatching(/^__Host-portcullis-flow-/)]);
  });

  it('makes a network wait that starts too many sign-ins, and no other one', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const from = async (address: string): Promise<BrowserPage> =>
      app.browser().get(await client.authorizeUrl(), { 'x-test-address': address });
    for (let at = 0; at < 300; at++) expect((await from('198.51.100.7')).status).toBe(200);
    const limited = await from('198.51.100.7');
    expectPage(limited, { status: 429 });
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await from('203.0.113.9')).status).toBe(200);
  });

  it('SEC-224 takes no identity from the request: the signed-in user grants', async () => {
    const app = await makeApp('memory');
    const { accounts } = app.provider.helpers(app.env);
    const mallory = await accounts.create({ username: 'mallory', password: 'mallory horse battery' });
    const client = await app.client();
    const browser = app.browser();
    const page = await browser.get(`${await client.authorizeUrl()}&user_id=${app.aliceId}&sub=${app.aliceId}`, {
      'x-user-id': app.aliceId,
    });
    const code = codeOf(
      await browser.submit(page, {
        decision: 'approve',
        username: 'mallory',
        password: 'mallory horse battery',
        user_id: app.aliceId,
        userId: app.aliceId,
      }),
    );
    const token = (await client.redeem(code, { user_id: app.aliceId })).body['access_token'];
    expect((await app.call(String(token))).access?.userId).toBe(mallory.id);
  });
});
