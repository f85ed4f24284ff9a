/** `trustedIssuers` as a function, and what `user` may say of a grant. */
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { AssertionRequest, FoundIssuer } from '../../src/model/trusted-issuer.ts';
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

async function present(app: App, claims: AnyClaims = {}, isJag = true): Promise<JsonAnswer> {
  const now = app.clock.now();
  const all = { iss: IDP, sub: 'u-1', aud: ISSUER, client_id: 'assistant', resource: RESOURCE, iat: now, exp: now + 300, jti: crypto.randomUUID(), ...claims };
  const assertion = await idp.sign(all, isJag ? { typ: 'oauth-id-jag+jwt' } : {});
  const fields = { grant_type: TYPE, assertion, ...(isJag ? { client_id: 'assistant', client_secret: SECRET } : {}) };
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

  it.each<[string, FoundIssuer | null, number, string]>([
    ['no issuer', null, 400, 'assertion_issuer_untrusted'],
    ['another issuer', { ...found, issuer: 'https://other.example' }, 400, 'assertion_issuer_untrusted'],
    ['an issuer of the other kind', workload, 400, 'assertion_issuer_untrusted'],
    ['an issuer for other clients', { ...found, clients: ['other'] }, 400, 'assertion_client_beyond_issuer'],
    ['one that signs otherwise', { ...found, algorithms: ['RS256'] }, 400, 'assertion_algorithm'],
    ['one whose assertions live shorter', { ...found, maxAssertionLife: 200 }, 400, 'assertion_exp_far'],
    ['one with another audience', { ...found, audience: 'https://as.example' }, 400, 'assertion_audience'],
    ['one without keys', { issuer: IDP, kind: 'enterprise' }, 503, 'issuer_function_failed'],
    ['keys on this machine', { issuer: IDP, kind: 'enterprise', jwksUri: 'http://localhost:9/keys' }, 503, 'issuer_function_failed'],
  ])('grants nothing when it gives %s', async (_what, given, status, reason) => {
    const app = await makeApp(() => given);
    const answer = await present(app);
    const reasons = app.events.flatMap((event) =>
      event.kind === 'request.refused' || event.kind === 'request.failed' ? [event.reason] : [],
    );
    expect([answer.status, reasons.at(-1)]).toEqual([status, reason]);
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
});

describe('grants/jwt-bearer: what `user` says', () => {
  it.each<[string, object]>([
    ['no user id', { userId: '' }],
    ['scopes that are no list', { scope: 'read' }],
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
