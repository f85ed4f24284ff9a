/**
 * Calls of the leak tests that a server makes of itself, in the same process: thousands of them take seconds, so that a leak of a few hundred
 * bytes a call shows in the heap. The same on Node and in workerd.
 */
import { type Browser, makeBrowser, type Send } from '../../src/testing/browser.ts';
import { registerClient, type TestClient, type Tokens, tokensOf } from '../../src/testing/oauth-client.ts';
import { LINE_HEADER } from './leak-agent.ts';
import { makeProver, type Prover } from './prover.ts';
import { PEOPLE } from './session-agent.ts';

/** What the servers of these tests offer besides. */
export const OFFERED = { clientRegistrationEndpoint: '/register', deviceAuthorizationEndpoint: '/device_authorization' } as const;
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** As the servers of these tests have it. */
const ISSUER = 'http://localhost:9999';
const REDIRECT_URI = 'http://localhost:3334/callback';
const [PERSON] = PEOPLE as [(typeof PEOPLE)[number]];

/** Who calls. */
interface Own {
  readonly send: Send;
  readonly client: TestClient;
  readonly confidential: TestClient;
  /** Signs in by the cookie of a browser that is signed in, without a password. */
  signIn(client: TestClient): Promise<Tokens>;
  tokens: Tokens;
  readonly revoked: Tokens;
  /** A client of devices, and a browser that is signed in. */
  readonly device: TestClient;
  readonly browser: () => Browser;
  /** The holder of a key, with tokens that are bound to it. */
  readonly prover: Prover;
  bound: Tokens;
  /** A session of its own, with the token that it was begun with. */
  readonly session: { readonly token: string; readonly headers: Record<string, string> };
}

async function expectStatus(coming: Promise<{ readonly status: number }>, status: number): Promise<void> {
  const answer = await coming;
  if (answer instanceof Response) await answer.text();
  if (answer.status !== status) throw new Error(`Not what was wanted: ${answer.status}, not ${status}`);
}

const get = (path: string, token?: string): Request =>
  new Request(`${ISSUER}${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
const post = (path: string, body: string, headers: Record<string, string>): Request =>
  new Request(`${ISSUER}${path}`, { method: 'POST', body, headers });
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const LONG = `grant_type=authorization_code&code=${'c'.repeat(200_000)}`;

const rpc = (token: string, body: object, headers: Record<string, string>): Request =>
  post('/mcp', JSON.stringify(body), {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
  });
const toolCall = (meta?: object): object => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'quick', arguments: {}, ...(meta && { _meta: meta }) },
});
const MODERN = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const MODERN_HEADERS = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'quick' };

/** One call of each kind. */
export const CALLS: { readonly [kind: string]: (own: Own) => Promise<void> } = {
  'a guarded call': ({ send, tokens }) => expectStatus(send(get('/api', tokens.access)), 200),
  'a call of a tool, 2025': ({ send, tokens }) =>
    expectStatus(send(rpc(tokens.access, toolCall(), { 'mcp-protocol-version': '2025-11-25' })), 200),
  'a call of a tool, 2026': ({ send, tokens }) => expectStatus(send(rpc(tokens.access, toolCall(MODERN), MODERN_HEADERS)), 200),
  'a call in a session': ({ send, session }) => expectStatus(send(rpc(session.token, toolCall(), session.headers)), 200),
  'a call with an unknown token': ({ send }) => expectStatus(send(get('/api', crypto.randomUUID())), 401),
  'a call with a revoked token': ({ send, revoked }) => expectStatus(send(get('/api', revoked.access)), 401),
  'a call that is no JSON': ({ send, tokens }) =>
    expectStatus(send(post('/mcp', '{', { authorization: `Bearer ${tokens.access}`, 'content-type': 'application/json' })), 400),
  'a refresh': async (own) => {
    own.tokens = tokensOf(await own.client.refresh(own.tokens.refresh));
  },
  'a sign-in, its code and its revocation': async ({ client, signIn }) => expectStatus(client.revoke((await signIn(client)).refresh), 200),
  'an authorization request that is left': async ({ client, send }) => {
    await expectStatus(makeBrowser(send).get(await client.authorizeUrl()), 200);
  },
  'a sign-in with a password': async ({ send }) => {
    const browser = makeBrowser(send);
    const page = await browser.get(`${ISSUER}/login`);
    await expectStatus(browser.submit(page, { ...PERSON }), 303);
  },
  'a device and its revocation': async ({ send, device, browser }) => {
    const asked = await send(post('/device_authorization', `client_id=${device.id}`, FORM));
    const codes = (await asked.json()) as { readonly device_code: string; readonly user_code: string };
    await expectStatus(device.token({ grant_type: DEVICE_CODE, client_id: device.id, device_code: codes.device_code }), 400); // pending
    const own = browser();
    const page = await own.submit(await own.get(`${ISSUER}/device`), { user_code: codes.user_code });
    await expectStatus(own.submit(page, { decision: 'approve' }), 303);
    const { refresh } = tokensOf(await device.token({ grant_type: DEVICE_CODE, client_id: device.id, device_code: codes.device_code }));
    await expectStatus(device.revoke(refresh), 200);
  },
  'a pushed authorization request that is left': async ({ client, send }) => {
    const { search } = new URL(await client.authorizeUrl());
    const pushed = await send(post('/par', search.slice(1), FORM));
    const { request_uri: uri } = (await pushed.json()) as { readonly request_uri: string };
    await expectStatus(
      makeBrowser(send).get(`${ISSUER}/authorize?${new URLSearchParams({ client_id: client.id, request_uri: uri })}`),
      200,
    );
  },
  'a refresh with a proof of its key, and a call with one': async (own) => {
    const { client, prover, send } = own;
    const dpop = await prover.proof('POST', `${ISSUER}/token`);
    own.bound = tokensOf(
      await client.token({ grant_type: 'refresh_token', client_id: client.id, refresh_token: own.bound.refresh }, { dpop }),
    );
    const { access: token } = own.bound;
    const headers = { authorization: `DPoP ${token}`, dpop: await prover.proof('GET', `${ISSUER}/api`, { token }) };
    await expectStatus(send(new Request(`${ISSUER}/api`, { headers })), 200);
  },
  'a registration': ({ send }) =>
    expectStatus(send(post('/register', JSON.stringify({ redirect_uris: [REDIRECT_URI] }), { 'content-type': 'application/json' })), 201),
  'an introspection': ({ confidential: { id, secret = '' }, send, tokens }) =>
    expectStatus(
      send(post('/introspect', `client_id=${id}&client_secret=${encodeURIComponent(secret)}&token=${tokens.access}`, FORM)),
      200,
    ),
  'a code that is wrong': ({ client }) => expectStatus(client.redeem('wrong'), 400),
  'a client that is unknown': ({ send }) =>
    expectStatus(send(post('/token', `grant_type=refresh_token&refresh_token=none&client_id=${crypto.randomUUID()}`, FORM)), 401),
  'a form that is too long': ({ send }) => expectStatus(send(post('/token', LONG, FORM)), 413),
  metadata: ({ send }) => expectStatus(send(get('/.well-known/oauth-authorization-server')), 200),
};

async function beginSession(send: Send, { access: token }: Tokens): Promise<Own['session']> {
  const headers = { [LINE_HEADER]: 'current in a session', 'mcp-protocol-version': '2025-11-25' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const response = await send(rpc(token, { jsonrpc: '2.0', id: 0, method: 'initialize', params }, headers));
  await response.text();
  return { token, headers: { ...headers, 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' } };
}

/** Makes so many calls of a kind. */
export async function repeatCalls(send: Send, kind: string, times: number): Promise<void> {
  const client = await registerClient({ send, issuer: ISSUER, redirectUri: REDIRECT_URI });
  const metadata = { token_endpoint_auth_method: 'client_secret_post' };
  const confidential = await registerClient({ send, issuer: ISSUER, redirectUri: REDIRECT_URI, metadata });
  const first = makeBrowser(send);
  const tokens = tokensOf(await client.redeem(await client.signIn(first, { ...PERSON })));
  const browser = (): Browser => {
    const one = makeBrowser(send);
    for (const [name, value] of first.cookies) one.cookies.set(name, value);
    return one;
  };
  const signIn = async (one: TestClient): Promise<Tokens> => tokensOf(await one.redeem(await one.signIn(browser(), {})));
  const revoked = await signIn(client);
  await client.revoke(revoked.refresh);
  const grantTypes = ['authorization_code', 'refresh_token', DEVICE_CODE];
  const device = await registerClient({ send, issuer: ISSUER, redirectUri: REDIRECT_URI, metadata: { grant_types: grantTypes } });
  const prover = await makeProver({ now: () => Math.floor(Date.now() / 1000), pass: () => undefined });
  const code = await client.signIn(browser(), {});
  const proven = {
    grant_type: 'authorization_code',
    client_id: client.id,
    code,
    code_verifier: client.verifier,
    redirect_uri: REDIRECT_URI,
  };
  const bound = tokensOf(await client.token(proven, { dpop: await prover.proof('POST', `${ISSUER}/token`) }));
  const session = await beginSession(send, await signIn(client));
  const own: Own = { send, client, confidential, signIn, tokens, revoked, session, device, browser, prover, bound };
  const call = CALLS[kind];
  if (call === undefined) throw new Error(`There is no kind of call "${kind}".`);
  for (let made = 0; made < times; made++) {
    await call(own);
    if (made % 20 === 0) await new Promise((done) => setTimeout(done)); // what a WeakRef leads to is kept until the event loop turns
  }
}

/** Answers `/repeat?kind=…&times=…` by calls of the server itself. */
export async function answerRepeat(request: Request, send: Send): Promise<Response> {
  const { searchParams } = new URL(request.url);
  await repeatCalls(send, searchParams.get('kind') ?? '', Number(searchParams.get('times')));
  return Response.json({});
}
