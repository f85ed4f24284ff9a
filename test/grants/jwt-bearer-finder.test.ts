/** `trustedIssuers` as a function, and what `user` may say of a grant. */
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { AssertionRequest, FoundIssuer } from '../../src/model/assertion.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, appOn, ISSUER, RESOURCE } from '../support/app.ts';
import { type AnyClaims, makeSigner } from '../support/signer.ts';
import { answerOf, expectJson } from '../support/verdicts.ts';

const TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const IDP = 'https://idp.example';
const SECRET = 'a-secret-of-enough-characters-to-pass';
const idp = await makeSigner('ES256', 'idp');
const found: FoundIssuer = { issuer: IDP, kind: 'enterprise', jwks: { keys: [idp.publicKey as never] }, scope: ['read', 'write'] };
const workload: FoundIssuer = { ...found, kind: 'workload', user: ({ sub }) => ({ userId: String(sub) }) };

async function makeApp(trustedIssuers: NonNullable<OAuthProviderOptions['trustedIssuers']>): Promise<App> {
  const clock = makeClock();
  const clients = [{ id: 'assistant', secret: SECRET, authMethod: 'client_secret_post', grantTypes: [TYPE] }] as const;
  const fetchPublic = async (): Promise<Response> => Response.json({ keys: [idp.publicKey] });
  return appOn(memoryStore(clock), clock, { clients, trustedIssuers }, { fetchPublic });
}

async function present(app: App, claims: AnyClaims = {}, isJag = true, by: Record<string, string> = { client_id: 'assistant', client_secret: SECRET }): Promise<JsonAnswer> {
  const now = app.clock.now();
  const all = { iss: IDP, sub: 'u-1', aud: ISSUER, client_id: 'assistant', resource: RESOURCE, iat: now, exp: now + 300, jti: crypto.randomUUID(), ...claims };
  const assertion = await idp.sign(all, isJag ? { typ: 'oauth-id-jag+jwt' } : {});
  const fields = { grant_type: TYPE, assertion, ...(isJag ? by : {}) };
  return answerOf(await app.ask('POST', '/token', new URLSearchParams(fields), { 'content-type': 'application/x-www-form-urlencoded' }));
} // prettier-ignore

describe('grants/jwt-bearer with a function as trustedIssuers', () => {
  it('asks it with the issuer, the client that has proved itself, the request and the environment', async () => {
    const asked: [string, AssertionRequest][] = [];
    const app = await makeApp((...all) => (asked.push(all), found));
    expect((await present(app)).body).toMatchObject({ scope: 'read write' });
    const [iss, { client, request, env }] = asked[0] as [string, AssertionRequest];
    expect([iss, client?.id, request.method, request.url]).toEqual([IDP, 'assistant', 'POST', `${ISSUER}/token`]);
    expect(env).toHaveProperty('PORTCULLIS');
  });

  it('asks it for a workload, too, which is no client', async () => {
    const app = await makeApp((_iss, { client }) => (client === null ? workload : null));
    const { access } = await app.call(tokensOf(await present(app, { client_id: undefined }, false)).access);
    expect([access?.userId, access?.clientId]).toEqual(['u-1', 'workload:u-1']);
  });

  it('takes a workload that it names by claims alone', async () => {
    const app = await makeApp(() => ({ ...workload, user: undefined, claims: { sub: 'u-1' } }));
    expect((await present(app, { client_id: undefined }, false)).status).toBe(200);
    expectJson(await present(app, { client_id: undefined, sub: 'u-2' }, false), 'invalid_grant');
  });

  it.each<[string, FoundIssuer | null, number, string]>([
    ['no issuer', null, 400, 'assertion_issuer_untrusted'],
    ['another issuer', { ...found, issuer: 'https://other.example' }, 400, 'assertion_issuer_untrusted'],
    ['an issuer of the other kind', workload, 400, 'assertion_issuer_untrusted'],
    ['an issuer for other clients', { ...found, clients: ['other'] }, 400, 'assertion_client_beyond_issuer'],
    ['one that signs otherwise', { ...found, algorithms: ['RS256'] }, 400, 'assertion_algorithm'],
    ['one whose assertions live shorter', { ...found, maxAssertionLife: 200 }, 400, 'assertion_exp_far'],
    ['one with another audience', { ...found, audience: 'https://as.example' }, 400, 'assertion_audience'],
    ['a clock without end', { ...found, clockSkew: Infinity }, 503, 'issuer_function_failed'],
    ['a clock that is no number', { ...found, clockSkew: Number.NaN }, 503, 'issuer_function_failed'],
    ['a life that is no number', { ...found, maxAssertionLife: Number.NaN }, 503, 'issuer_function_failed'],
    ['a life as text', { ...found, maxAssertionLife: '200' } as never, 503, 'issuer_function_failed'],
    ['a clock as text', { ...found, clockSkew: '5' } as never, 503, 'issuer_function_failed'],
    ['an age of keys as text', { ...found, jwksMaxAge: '60' } as never, 503, 'issuer_function_failed'],
    ['one without keys', { issuer: IDP, kind: 'enterprise' }, 503, 'issuer_function_failed'],
    ['a misspelt member', { ...found, client: ['other'] } as never, 503, 'issuer_function_failed'],
    ['one client in place of a list', { ...found, clients: 'assistants' } as never, 503, 'issuer_function_failed'],
    ['a platform with all its workloads', { ...workload, claims: {}, user: undefined } as never, 503, 'issuer_function_failed'],
    ['keys on this machine', { issuer: IDP, kind: 'enterprise', jwksUri: 'http://localhost:9/keys' }, 503, 'issuer_function_failed'],
  ])('grants nothing when it gives %s', async (_what, given, status, reason) => {
    const app = await makeApp(() => given);
    const answer = await present(app);
    const reasons = app.events.flatMap((event) =>
      event.kind === 'request.refused' || event.kind === 'request.failed' ? [event.reason] : [],
    );
    expect([answer.status, reasons.at(-1)]).toEqual([status, reason]);
    const causes = app.events.flatMap((event) => (event.kind === 'request.failed' ? [String(event.error)] : []));
    for (const cause of causes) expect(cause).toMatch(/^TypeError: trustedIssuers: /);
    expect(causes).toHaveLength(status === 503 ? 1 : 0);
  });

  it('takes a clock that differs as far as it says, and the same assertion once all that time', async () => {
    const app = await makeApp(() => ({ ...found, clockSkew: 120 }));
    const [now, jti] = [app.clock.now(), 'once'];
    expect((await present(app, { iat: now + 119, exp: now + 200, jti })).status).toBe(200);
    app.clock.pass(319); // 200 and all but one second of the 120
    expectJson(await present(app, { iat: now + 119, exp: now + 200, jti }), 'invalid_grant');
    expect(app.events.flatMap((event) => (event.kind === 'request.refused' ? [event.reason] : [])).at(-1)).toBe('assertion_replayed');
    const strict = await makeApp(() => ({ ...found, clockSkew: 0 }));
    expectJson(await present(strict, { iat: now + 1, exp: now + 200 }), 'invalid_grant');
    expectJson(await present(strict, { iat: now - 100, exp: now }), 'invalid_grant');
  });

  it('reads keys again after the time that it says', async () => {
    let reads = 0;
    const clock = makeClock();
    const clients = [{ id: 'assistant', secret: SECRET, authMethod: 'client_secret_post', grantTypes: [TYPE] }] as const;
    const fetchPublic = async (): Promise<Response> => (reads++, Response.json({ keys: [idp.publicKey] }));
    const { jwks: _, ...keyless } = found;
    const trustedIssuers = () => ({ ...keyless, jwksUri: `${IDP}/keys`, jwksMaxAge: 100 });
    const app = await appOn(memoryStore(clock), clock, { clients, trustedIssuers }, { fetchPublic });
    for (const [seconds, times] of [[0, 1], [99, 1], [1, 2]] as const) {
      clock.pass(seconds);
      expect([(await present(app)).status, reads]).toEqual([200, times]);
    }
  }); // prettier-ignore

  it('takes a client that is not registered for the grant type only if it says so, and only with its secret', async () => {
    for (const [anyClient, status] of [[false, 400], [true, 200]] as const) {
      const app = await makeApp(() => ({ ...found, anyClient }));
      const { client, secret = '' } = await app.provider.helpers(app.env).clients.create({ name: 'Other', redirectUris: ['https://other.example/cb'], authMethod: 'client_secret_post' });
      const by = { client_id: client.id, client_secret: secret };
      expect((await present(app, { client_id: client.id }, true, by)).status).toBe(status);
      if (status === 400) expect(app.events.at(-1)).toMatchObject({ reason: 'grant_type_unregistered' });
      expectJson(await present(app, { client_id: 'assistant' }, true, by), 'invalid_grant');
      expectJson(await present(app, { client_id: client.id }, true, { ...by, client_secret: 'wrong' }), 'invalid_client', 401);
    }
  }); // prettier-ignore

  it('keeps the registration of a client that uses assertions alone', async () => {
    const app = await makeApp(() => ({ ...found, anyClient: true }));
    const { body } = await app.register({ redirect_uris: ['https://other.example/cb'], token_endpoint_auth_method: 'client_secret_post' });
    const by = { client_id: String(body['client_id']), client_secret: String(body['client_secret']) };
    for (let hour = 0; hour < 48; hour += 12) {
      expect([hour, (await present(app, { client_id: by.client_id }, true, by)).status]).toEqual([hour, 200]);
      app.clock.pass(12 * 3600);
    }
  });

  it('is not asked about an issuer that is no text', async () => {
    let asked = 0;
    const app = await makeApp(() => (asked++, found));
    for (const iss of [7, null, [IDP], undefined]) expectJson(await present(app, { iss }), 'invalid_grant');
    expect(asked).toBe(0);
  });

  it('takes an issuer with an address of its keys, and assertions that live half a minute longer than they may, but no second more', async () => {
    const { jwks: _, ...byAddress } = found;
    const app = await makeApp(() => ({ ...byAddress, jwksUri: 'https://idp.example/keys', maxAssertionLife: 270 }));
    expect((await present(app)).status).toBe(200);
    expectJson(await present(app, { exp: app.clock.now() + 301 }), 'invalid_grant');
  });

  it('asks for a retry where the function fails', async () => {
    const app = await makeApp(() => Promise.reject(new Error('directory is down')));
    const answer = await present(app);
    expect([answer.status, answer.headers.get('retry-after'), JSON.stringify(answer.body).includes('directory')]).toEqual([
      503,
      '2',
      false,
    ]);
    const seen = app.events.find(({ kind }) => kind === 'request.failed' || kind === 'request.refused');
    expect(
      JSON.stringify(seen, (_key, value: unknown) =>
        value instanceof Error ? [value.message, value.cause instanceof Error && value.cause.message] : value,
      ),
    ).toContain('directory is down');
  });

  it('never takes our own issuer', async () => {
    const app = await makeApp(() => ({ ...found, issuer: ISSUER }));
    expectJson(await present(app, { iss: ISSUER }), 'invalid_grant');
  });

  it('gives without `scope` what user says, and nothing where it says nothing', async () => {
    const { scope: _, ...open } = found;
    const chosen = await makeApp(() => ({ ...open, user: () => ({ scope: ['read'] }) }));
    expect((await present(chosen)).body['scope']).toBe('read');
    const silent = await makeApp(() => open);
    expect((await present(silent)).body['scope']).toBe('');
  });

  it('gives without `scope` no more than the request names, where it names any, and nothing where user says nothing', async () => {
    const { scope: _, ...open } = found;
    const chosen = await makeApp(() => ({ ...open, user: () => ({ scope: ['read', 'write'] }) }));
    expect((await present(chosen, {}, true, { client_id: 'assistant', client_secret: SECRET, scope: 'read' })).body['scope']).toBe('read');
    const silent = await makeApp(() => open);
    expect((await present(silent, {}, true, { client_id: 'assistant', client_secret: SECRET, scope: 'read' })).body['scope']).toBe('');
  });

  it.each([
    { userId: 7 },
    { userId: '' },
    { userId: null },
    { scope: 'read' },
    { accessTokenTTL: 0 },
    { accessTokenTTL: 1.5 },
    { accessTokenTTL: -1 },
  ])('grants nothing where user says %j', async (mapped) => {
    const app = await makeApp(() => ({ ...found, user: () => mapped as never }));
    expect((await present(app)).status).toBe(503);
    expect(app.events.some(({ kind }) => kind === 'grant.opened')).toBe(false);
  });
});

describe('grants/jwt-bearer: what `user` says', () => {
  it.each<[string, object]>([
    ['no user id', { userId: '' }],
    ['scopes that are no list', { scope: 'read' }],
    ['a scope that would be two', { scope: ['read admin'] }],
    ['a scope that is no text', { scope: [7] }],
    ['a lifetime that is a text', { accessTokenTTL: '100' }],
    ['a lifetime of nothing', { accessTokenTTL: 0 }],
  ])('grants nothing where it is %s', async (_what, said) => {
    const app = await makeApp([{ ...found, scope: ['read'], user: () => said as never }]);
    expect((await present(app)).status).toBe(503);
  });

  it('narrows the scopes, notes metadata, and sets the lifetime', async () => {
    const user: FoundIssuer['user'] = (_claims, { scope, resource, client }) => ({
      userId: 'una',
      scope: scope.filter((one) => one !== 'write').concat('admin'),
      metadata: { resource, client: client?.id ?? null },
      accessTokenTTL: 100,
    });
    const app = await makeApp([{ ...found, scope: ['read', 'write'], user }]);
    expect((await present(app, { scope: 'read write admin' })).body).toMatchObject({ scope: 'read', expires_in: 100 });
    const { grants } = await app.provider.helpers(app.env).listUserGrants('una');
    expect(grants).toMatchObject([{ metadata: { resource: RESOURCE, client: 'assistant' } }]);
  });
});
