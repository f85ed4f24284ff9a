/** Every credential at every place that takes one: each is good at its own alone, whichever text is put where (SEC-036). */
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, RESOURCE } from '../support/app.ts';
import { clientClaims, makeSigner } from '../support/signer.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ASSERTION = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const GATEWAY = { client_id: 'gateway', client_secret: 'a-secret-of-enough-characters-to-pass' };
const IDP = 'https://idp.example';

async function makeWorld(accessTokenSigning: 'none' | 'ES256') {
  const [idp, worker] = await Promise.all([makeSigner(), makeSigner()]);
  const app = await makeApp('memory', {
    accessTokenSigning,
    secret: 'a-secret-of-the-server-with-more-than-32-characters',
    accessKeys: {},
    deviceAuthorizationEndpoint: '/device_authorization',
    tokenExchange: () => true,
    trustedIssuers: [{ issuer: IDP, kind: 'enterprise', jwks: { keys: [idp.publicKey] } as never, scope: ['read'] }],
    clients: [
      { id: 'tv', authMethod: 'none', grantTypes: [DEVICE] },
      {
        id: 'gateway',
        secret: GATEWAY.client_secret,
        authMethod: 'client_secret_post',
        grantTypes: [EXCHANGE, ASSERTION, 'client_credentials'],
      },
      { id: 'worker', authMethod: 'private_key_jwt', jwks: { keys: [worker.publicKey] } as never, grantTypes: ['client_credentials'] },
    ],
  });
  return { app, idp, worker };
}

const post = (app: App, path: string, fields: Record<string, string>): Promise<Response> =>
  app.ask('POST', path, new URLSearchParams(fields), FORM);
const bodyOf = async (answer: Promise<Response>): Promise<Record<string, string>> =>
  (await (await answer).json()) as Record<string, string>;

/** One of each, fresh: some doors use up what they take. */
async function credentialsOf({ app, idp, worker }: Awaited<ReturnType<typeof makeWorld>>) {
  const { client, browser, code } = await app.toCode();
  const tokens = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE)));
  const now = app.clock.now();
  const device = await bodyOf(post(app, '/device_authorization', { client_id: 'tv' }));
  const pushed = { client_id: client.id, response_type: 'code', redirect_uri: client.redirectUri, code_challenge: 'A'.repeat(43), code_challenge_method: 'S256' }; // prettier-ignore
  const helpers = app.provider.helpers(app.env);
  const claims = { iss: IDP, sub: 'una', aud: ISSUER, resource: RESOURCE, client_id: 'gateway', scope: 'read', iat: now, exp: now + 60 };
  const registered = await app.register({ redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' });
  const all = {
    code,
    ...tokens,
    'device code': device['device_code'],
    'user code': device['user_code'],
    'request URI': (await bodyOf(post(app, '/par', pushed)))['request_uri'],
    'registration token': registered.body['registration_access_token'],
    'initial access token': await helpers.clients.createInitialAccessToken(),
    key: (await helpers.keys.create({ name: 'Backup', scope: ['read'], ttl: 3600 })).key,
    session: browser.cookies.get('__Host-portcullis-session'),
    'ID-JAG': await idp.sign({ ...claims, jti: crypto.randomUUID() }, { typ: 'oauth-id-jag+jwt' }),
    'ID token': await idp.sign({ ...claims, aud: RESOURCE, nonce: 'n', jti: crypto.randomUUID() }, { typ: 'JWT' }),
    'client assertion': await worker.sign(clientClaims('worker', now)),
    verifier: client.verifier,
    secret: GATEWAY.client_secret,
  } as { readonly [kind: string]: string };
  return { all, client, registrationUri: String(registered.body['registration_client_uri']).slice(ISSUER.length) };
}

type World = Awaited<ReturnType<typeof credentialsOf>>;
const TYPE = 'urn:ietf:params:oauth:token-type:';
/** Every place, and the answer for a text put there. */
const DOORS: { readonly [door: string]: (app: App, text: string, world: World) => Promise<Response> } = {
  code: (app, code, { client }) =>
    post(app, '/token', { grant_type: 'authorization_code', client_id: client.id, code, redirect_uri: client.redirectUri, code_verifier: client.verifier }), // prettier-ignore
  'refresh token': (app, text, { client }) =>
    post(app, '/token', { grant_type: 'refresh_token', client_id: client.id, refresh_token: text }),
  'device code': (app, text) => post(app, '/token', { grant_type: DEVICE, client_id: 'tv', device_code: text }),
  'subject token': (app, text) =>
    post(app, '/token', { grant_type: EXCHANGE, ...GATEWAY, subject_token: text, subject_token_type: `${TYPE}access_token` }),
  'subject JWT': (app, text) => post(app, '/token', { grant_type: EXCHANGE, ...GATEWAY, subject_token: text, subject_token_type: `${TYPE}jwt` }), // prettier-ignore
  assertion: (app, text) => post(app, '/token', { grant_type: ASSERTION, ...GATEWAY, assertion: text }),
  'client assertion': (app, text) =>
    post(app, '/token', { grant_type: 'client_credentials', client_assertion: text, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }), // prettier-ignore
  'client secret': (app, text) => post(app, '/token', { grant_type: 'client_credentials', client_id: 'gateway', client_secret: text }),
  bearer: (app, text) => app.ask('POST', '/mcp', '{}', { authorization: `Bearer ${text}` }),
  registration: (app, text, { registrationUri }) => app.ask('GET', registrationUri, null, { authorization: `Bearer ${text}` }),
  'pushed request': (app, text, { client }) =>
    app.ask('GET', `/authorize?${new URLSearchParams({ client_id: client.id, request_uri: text })}`),
  session: (app, text) => app.ask('GET', '/account', null, { cookie: `__Host-portcullis-session=${text}` }),
};

describe('a credential', () => {
  it.each(['none', 'ES256'] as const)('is good at its own place alone, with signing %j (SEC-036, SEC-204)', async (signing) => {
    const made = await makeWorld(signing);
    const { app } = made;
    const good: string[] = [];
    for (const [door, knock] of Object.entries(DOORS)) {
      const world = await credentialsOf(made);
      for (const [kind, text] of Object.entries(world.all)) {
        expect([kind, typeof text]).toEqual([kind, 'string']);
        const { status } = await knock(app, text, world);
        if (status === 200) good.push(`${kind} at ${door}`);
        expect([kind, door, status < 500]).toEqual([kind, door, true]);
        app.clock.pass(1);
      }
      app.clock.pass(900); // for the limits
    }
    expect(good).toEqual([
      'code at code',
      'refresh at refresh token',
      'access at subject token',
      'key at subject token',
      'ID-JAG at assertion',
      'client assertion at client assertion',
      'secret at client secret',
      'access at bearer',
      'key at bearer',
      'registration token at registration',
      'request URI at pushed request',
      'session at session',
    ]);
  });

  it('of one client is no use to another (SEC-034, SEC-047)', async () => {
    const made = await makeWorld('none');
    const world = await credentialsOf(made);
    const { all, client } = world;
    const other = await made.app.client();
    const asOther: World = { ...world, client: { ...client, id: other.id } };
    for (const [door, kind] of [['code', 'code'], ['refresh token', 'refresh'], ['pushed request', 'request URI']] as const)
      expect([door, (await DOORS[door]?.(made.app, String(all[kind]), asOther))?.status]).toEqual([door, 400]);
    expect(tokensOf(await client.redeem(String(all['code']))).access).not.toBe('');
  }); // prettier-ignore
});
