import { makeStores } from '#under-test';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import type { TrustedIssuer } from '../../src/model/assertion.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, appOn, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { makeProver } from '../support/prover.ts';
import { type AnyClaims, makeSigner } from '../support/signer.ts';
import { answerOf, expectJson, expectNothingWritten, lastReason } from '../support/verdicts.ts';
import { altered } from '../support/altered.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const IDP = 'https://idp.example';
const CLOUD = 'https://token.cloud.example';
const [idp, second, cloud] = await Promise.all([makeSigner('RS256', 'idp'), makeSigner('ES256', 'second'), makeSigner('ES256', 'cloud')]);
const keysOf = (signer: typeof idp): TrustedIssuer['jwks'] => ({ keys: [signer.publicKey as never] });
const enterprise: TrustedIssuer = { issuer: IDP, kind: 'enterprise', jwks: keysOf(idp)!, scope: ['read', 'write'] };
const workload: TrustedIssuer = {
  issuer: CLOUD,
  kind: 'workload',
  jwks: keysOf(cloud)!,
  scope: ['read'],
  claims: { sub: ['job-1', 'job-2'], team: 'blue' },
};
const client = (id: string, grantTypes: string[] = [TYPE]) =>
  ({ id, secret: SECRET, authMethod: 'client_secret_post', grantTypes }) as const;
const options: Partial<OAuthProviderOptions> = {
  clients: [client('assistant'), client('other'), client('unregistered', ['client_credentials'])],
  trustedIssuers: [
    enterprise,
    { ...enterprise, issuer: 'https://second.example', jwks: keysOf(second)!, scope: ['read'], clients: ['other'] },
    workload,
  ],
};
const BY = { client_id: 'assistant', client_secret: SECRET };

const send = async (app: App, fields: Record<string, string>): Promise<JsonAnswer> =>
  answerOf(
    await app.ask('POST', '/token', new URLSearchParams({ grant_type: TYPE, ...fields }), {
      'content-type': 'application/x-www-form-urlencoded',
    }),
  );
const jag = (app: App, changes: AnyClaims = {}, header: Record<string, unknown> = {}, by = idp): Promise<string> => {
  const now = app.clock.now();
  const claims = {
    iss: IDP,
    sub: 'u-1',
    aud: ISSUER,
    client_id: 'assistant',
    resource: RESOURCE,
    scope: 'read',
    iat: now,
    exp: now + 300,
    jti: crypto.randomUUID(),
  };
  return by.sign({ ...claims, ...changes }, { typ: 'oauth-id-jag+jwt', ...header });
};
const job = (app: App, changes: AnyClaims = {}, header: Record<string, unknown> = {}): Promise<string> => {
  const now = app.clock.now();
  return cloud.sign(
    { iss: CLOUD, sub: 'job-1', team: 'blue', aud: ISSUER, iat: now, exp: now + 300, jti: crypto.randomUUID(), ...changes },
    header,
  );
};

describe.each(storeNames)('grants/jwt-bearer on %s', (store) => {
  it('S-260 gives a token for an ID-JAG: the user of (issuer, subject), the resource and the scope that it names (S-264, S-265, S-269)', async () => {
    const app = await makeApp(store, options);
    const answer = await send(app, { ...BY, assertion: await jag(app, { email: 'u@corp.example', name: 'U' }) });
    expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'read', resource: RESOURCE, expires_in: 3600 });
    expect(answer.body).not.toHaveProperty('refresh_token');
    const { access } = await app.call(tokensOf(answer).access);
    expect(access).toMatchObject({ clientId: 'assistant', scope: ['read'] });
    expect(access?.props).toEqual({ claims: { sub: access?.userId, email: 'u@corp.example', name: 'U' } });
    const again = await app.call(tokensOf(await send(app, { ...BY, assertion: await jag(app) })).access);
    const somebody = await app.call(
      tokensOf(await send(app, { ...BY, assertion: await jag(app, { sub: 'u-2', email: 'u@corp.example' }) })).access,
    );
    expect(again.access?.userId).toBe(access?.userId);
    expect(somebody.access?.userId).not.toBe(access?.userId); // SEC-219: an address is no one's name
    const { grants } = await app.provider.helpers(app.env).listUserGrants(access?.userId ?? '');
    expect(grants).toHaveLength(2);
  });

  it('gives a disabled user no token until enabled', async () => {
    const app = await makeApp(store, options);
    const first = tokensOf(await send(app, { ...BY, assertion: await jag(app) }));
    const userId = (await app.call(first.access)).access?.userId ?? '';
    const { disableUser, enableUser } = app.provider.helpers(app.env);
    await disableUser(userId);
    expect((await app.call(first.access)).status).toBe(401);
    expectJson(await send(app, { ...BY, assertion: await jag(app) }), 'invalid_grant');
    expect(lastReason(app)).toBe('user_disabled');
    await enableUser(userId);
    tokensOf(await send(app, { ...BY, assertion: await jag(app) }));
  });

  it('SEC-219 S-266 accepts an assertion once, under concurrent requests', async () => {
    const app = await makeApp(store, options);
    const assertion = await jag(app);
    const answers = await Promise.all(Array.from({ length: 6 }, () => send(app, { ...BY, assertion })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400, 400, 400, 400]);
    expect(lastReason(app)).toBe('assertion_replayed');
    app.clock.pass(329);
    expectJson(await send(app, { ...BY, assertion }), 'invalid_grant');
    expectJson(await send(app, { ...BY, assertion: await jag(app, { exp: app.clock.now() - 30 }) }), 'invalid_grant');
    expect((await send(app, { ...BY, assertion: await jag(app, { exp: app.clock.now() + 2 }) })).status).toBe(200);
  });

  it('S-268 binds the token to the key that the assertion names, and gives none without a proof of that key', async () => {
    const app = await makeApp(store, options);
    const [prover, other] = [await makeProver(app.clock), await makeProver(app.clock)];
    const jkt = await calculateJwkThumbprint(prover.publicKey);
    const bound = (): Promise<string> => jag(app, { cnf: { jkt } });
    const by = async (who: typeof prover | null, assertion: string): Promise<JsonAnswer> => {
      const proof = who && (await who.proof('POST', `${ISSUER}/token`));
      const headers = { 'content-type': 'application/x-www-form-urlencoded', ...(proof === null ? {} : { dpop: proof }) };
      return answerOf(await app.ask('POST', '/token', new URLSearchParams({ grant_type: TYPE, ...BY, assertion }), headers));
    };
    expectJson(await by(null, await bound()), 'invalid_grant');
    expectJson(await by(other, await bound()), 'invalid_grant');
    for (const cnf of [null, 'jkt', jkt, [jkt], {}, { jkt, kid: 'x' }, { 'x5t#S256': jkt }, { jkt: [jkt] }]) {
      expectJson(await by(prover, await jag(app, { cnf })), 'invalid_grant');
      expect([cnf, lastReason(app)]).toEqual([cnf, 'assertion_key_differs']);
    }
    const answer = await by(prover, await bound());
    expect(answer.body).toMatchObject({ token_type: 'DPoP', scope: 'read' });
    const { access } = tokensOf(answer);
    expect((await app.call(access)).status).toBe(401);
    const dpop = await prover.proof('POST', RESOURCE, { token: access });
    expect((await app.call(null, '/mcp', { authorization: `DPoP ${access}`, dpop })).access?.cnf).toEqual({ jkt });
  });

  it('S-275 gives a workload a token without any client, for what the operator named', async () => {
    const app = await makeApp(store, options);
    const answer = await send(app, { assertion: await job(app), resource: RESOURCE });
    expect(answer.body).toMatchObject({ scope: 'read', resource: RESOURCE });
    const { access } = await app.call(tokensOf(answer).access);
    expect(access?.clientId).toBe(`workload:${access?.userId}`);
    const brought = await app.call(tokensOf(await send(app, { ...BY, assertion: await job(app, {}, { typ: 'JOSE' }) })).access);
    expect([brought.access?.clientId, brought.access?.userId]).toEqual([access?.clientId, access?.userId]);
    expect((await send(app, { assertion: await job(app, { aud: `${ISSUER}/token` }, { typ: 'JWT' }) })).status).toBe(200); // S-276
    const [first, other] = [await job(app), await job(app, { sub: 'job-2' })];
    expect((await send(app, { assertion: first })).status).toBe(200);
    expectJson(await send(app, { assertion: first }), 'invalid_grant');
    expect((await app.call(tokensOf(await send(app, { assertion: other })).access)).access?.userId).not.toBe(access?.userId);
  });
});

describe('grants/jwt-bearer: what is refused, and nothing is stored', () => {
  const now = makeClock().now();
  it.each<[string, AnyClaims, Record<string, unknown>, string]>([
    ['SEC-218', { iss: 'https://evil.example' }, {}, 'issuer_untrusted'], ['SEC-218', { iss: CLOUD }, {}, 'issuer_untrusted'], ['SEC-218', { iss: undefined }, {}, 'issuer_untrusted'], ['SEC-218', { iss: `${IDP}/` }, {}, 'issuer_untrusted'],
    ['SEC-218', { aud: 'https://other.example' }, {}, 'audience'], ['SEC-218', { aud: [ISSUER, 'https://other.example'] }, {}, 'audience'], ['SEC-218', { aud: `${ISSUER}/token` }, {}, 'audience'], ['S-262', { aud: undefined }, {}, 'audience'],
    ['SEC-218', { client_id: 'other' }, {}, 'client_differs'], ['S-263', { client_id: undefined }, {}, 'client_differs'], ['SEC-218', { resource: 'https://other.example' }, {}, 'resource'], ['S-264', { resource: [] }, {}, 'resource'], ['S-264', { resource: 7 }, {}, 'resource'],
    ['SEC-218', { exp: now + 86_400 }, {}, 'exp_far'], ['SEC-206', { exp: undefined }, {}, 'exp_missing'], ['SEC-206', { exp: now - 31 }, {}, 'expired'], ['S-261', { iat: undefined }, {}, 'iat_missing'], ['SEC-206', { iat: now + 60 }, {}, 'not_yet'],
    ['S-268', { cnf: { jkt: 'x' } }, {}, 'key_differs'], ['SEC-218', { authorization_details: [] }, {}, 'claim_not_understood'], ['S-261', { jti: undefined }, {}, 'without_jti'], ['S-261', { sub: undefined }, {}, 'without_subject'], ['S-261', { sub: '' }, {}, 'without_subject'],
    ['SEC-218', {}, { typ: 'JWT' }, 'issuer_untrusted'], ['SEC-218', {}, { typ: undefined }, 'issuer_untrusted'], ['SEC-204', {}, { typ: 'at+jwt' }, 'type'], ['SEC-204', {}, { typ: 'dpop+jwt' }, 'type'], ['SEC-204', {}, { typ: 'id-jag+jwt' }, 'type'],
    ['SEC-202', {}, { kid: 'cloud' }, 'key_unknown'], ['SEC-202', {}, { kid: 'second' }, 'key_unknown'], ['S-269', { tenant: 7 }, {}, 'tenant_malformed'], ['S-265', { scope: ['read'] }, {}, 'scope'],
  ])('%s refuses an ID-JAG with %j and the header %j: %s', async (_id, changes, header, reason) => {
    const app = await makeApp('memory', options);
    const assertion = await jag(app, changes, header);
    expectJson(await expectNothingWritten(app, () => send(app, { ...BY, assertion })), 'invalid_grant');
    expect(lastReason(app)).toBe(`assertion_${reason}`);
  }); // prettier-ignore

  it('SEC-201 SEC-205 refuses other signatures, "none", and texts that are no JWT', async () => {
    const app = await makeApp('memory', options);
    const good = await jag(app);
    const part = (value: unknown): string => btoa(JSON.stringify(value)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
    const none = `${part({ alg: 'none', typ: 'oauth-id-jag+jwt' })}.${good.split('.')[1]}.`;
    const foreign = await jag(app, {}, { kid: 'idp', alg: 'ES256' }, second);
    const reasons: unknown[] = [];
    for (const assertion of [none, foreign, altered(good), 'x', '..', `${good}.x`, 'A'.repeat(20_000)]) {
      expectJson(await send(app, { ...BY, assertion }), 'invalid_grant');
      reasons.push(lastReason(app)?.replace('assertion_', ''));
    }
    expect(reasons).toEqual(['malformed', 'key_unknown', 'signature', 'malformed', 'malformed', 'malformed', 'malformed']);
    expect((await send(app, { ...BY, assertion: good })).status).toBe(200);
  });

  it('SEC-218 S-263 refuses a client that proves nothing, is registered for other things, or is not the issuer’s to speak for', async () => {
    const app = await makeApp('memory', options);
    const assertion = await jag(app);
    const open = await app.client();
    expectJson(await send(app, { assertion }), 'invalid_client', 401);
    expectJson(await send(app, { assertion: await jag(app, { client_id: open.id }), client_id: open.id }), 'invalid_client', 401);
    expectJson(await send(app, { assertion, client_id: 'unregistered', client_secret: SECRET }), 'unauthorized_client');
    expectJson(await send(app, { assertion, client_id: 'assistant', client_secret: 'wrong' }), 'invalid_client', 401);
    const theirs = { iss: 'https://second.example' };
    expectJson(await send(app, { ...BY, assertion: await jag(app, theirs, { alg: 'ES256', kid: 'second' }, second) }), 'invalid_grant');
    expect(lastReason(app)).toBe('assertion_client_beyond_issuer');
    expectJson(await send(app, { assertion: await job(app, { iss: 'https://evil.example' }), client_id: open.id }), 'invalid_client', 401);
    expect(lastReason(app)).toBe('client_unproven');
    const other = await jag(app, { ...theirs, client_id: 'other' }, { alg: 'ES256', kid: 'second' }, second);
    expect((await send(app, { client_id: 'other', client_secret: SECRET, assertion: other })).status).toBe(200);
  });

  it('S-265 gives the scopes that the request, the assertion and the operator all name', async () => {
    const app = await makeApp('memory', options);
    const scopeOf = async (claims: AnyClaims, scope?: string): Promise<unknown> =>
      (await send(app, { ...BY, assertion: await jag(app, claims), ...(scope === undefined ? {} : { scope }) })).body['scope'] ?? 'refused';
    expect(await scopeOf({ scope: 'read write admin' })).toBe('read write');
    expect(await scopeOf({ scope: 'read write' }, 'write offline_access')).toBe('write');
    expect(await scopeOf({ scope: undefined }, 'write')).toBe('write');
    expect(await scopeOf({ scope: 'read' }, 'write')).toBe('refused');
    expect(await scopeOf({ scope: 'admin' })).toBe('');
  });

  it('S-264 takes the resource of the assertion, or the one of several that the request names, or the only one', async () => {
    const app = await makeApp('memory', { ...options, apiRoute: ['/mcp', '/tools'] });
    const resourceOf = async (resource: unknown, asked?: string): Promise<unknown> => {
      const { body } = await send(app, {
        ...BY,
        assertion: await jag(app, { resource }),
        ...(asked === undefined ? {} : { resource: asked }),
      });
      return body['resource'] ?? body['error'];
    };
    const both = [RESOURCE, `${ISSUER}/tools`];
    expect([await resourceOf(both), await resourceOf(both, `${ISSUER}/tools`)]).toEqual(['invalid_grant', `${ISSUER}/tools`]);
    expect([await resourceOf(RESOURCE, `${ISSUER}/tools`), await resourceOf(undefined)]).toEqual(['invalid_grant', undefined]); // good at both
    expect(await resourceOf(['https://other.example', RESOURCE])).toBe(RESOURCE);
    expect(await resourceOf(undefined, `${ISSUER}/tools`)).toBe(`${ISSUER}/tools`);
    expect(await resourceOf(undefined, 'https://other.example')).toBe('invalid_target');
    expect(await resourceOf(RESOURCE, 'https://other.example')).toBe('invalid_target'); // S-070, also where the assertion names one
  });

  it.each<[string, AnyClaims, Record<string, unknown>, string]>([
    ['S-275', { sub: 'job-3' }, {}, 'claim_differs'], ['S-275', { team: 'red' }, {}, 'claim_differs'], ['S-275', { team: undefined }, {}, 'claim_differs'], ['S-275', { team: ['blue'] }, {}, 'claim_differs'], ['S-275', { iss: IDP }, {}, 'issuer_untrusted'], ['S-275', { iss: 'https://evil.example' }, {}, 'issuer_untrusted'],
    ['S-275', { aud: `${ISSUER}/mcp` }, {}, 'audience'], ['S-275', { jti: undefined }, {}, 'without_jti'], ['S-275', { iat: undefined }, {}, 'iat_missing'], ['S-275', { exp: now - 31 }, {}, 'expired'], ['S-276', {}, { typ: 'oauth-id-jag+jwt' }, 'client_unproven'], ['SEC-204', {}, { typ: 'at+jwt' }, 'type'],
  ])('%s refuses a workload with %j and the header %j: %s', async (_id, changes, header, reason) => {
    const app = await makeApp('memory', options);
    const { status, body } = await expectNothingWritten(app, async () => send(app, { assertion: await job(app, changes, header) }));
    expect([status, body['error']]).toEqual(header['typ'] === 'oauth-id-jag+jwt' ? [401, 'invalid_client'] : [400, 'invalid_grant']);
    expect(lastReason(app)).toBe(reason === 'client_unproven' ? reason : `assertion_${reason}`);
  }); // prettier-ignore

  it('asks the operator’s function for the user, and refuses one that it does not know', async () => {
    const user: TrustedIssuer['user'] = ({ sub }) =>
      sub === 'u-1' ? { userId: 'employee-1', props: { claims: { sub: 'employee-1' }, desk: 7 } } : null;
    const app = await makeApp('memory', { ...options, trustedIssuers: [{ ...enterprise, user }] });
    const { access } = await app.call(tokensOf(await send(app, { ...BY, assertion: await jag(app) })).access);
    expect([access?.userId, access?.props]).toEqual(['employee-1', { claims: { sub: 'employee-1' }, desk: 7 }]);
    expectJson(
      await expectNothingWritten(app, async () => send(app, { ...BY, assertion: await jag(app, { sub: 'u-2' }) })),
      'invalid_grant',
    );
    expect(lastReason(app)).toBe('assertion_user_refused');
  });

  it('counts an assertion by issuer and id: another issuer may use the same id, and a client may send one only once in a request', async () => {
    const app = await makeApp('memory', options);
    const jti = 'the-same';
    const { access } = await app.call(tokensOf(await send(app, { ...BY, assertion: await jag(app, { jti }) })).access);
    expect(access?.props).toStrictEqual({ claims: { sub: access?.userId } });
    expect((await send(app, { assertion: await job(app, { jti }) })).status).toBe(200);
    const form = new URLSearchParams({ grant_type: TYPE, ...BY, assertion: await jag(app) });
    form.append('assertion', await jag(app));
    expectJson(
      await answerOf(await app.ask('POST', '/token', form, { 'content-type': 'application/x-www-form-urlencoded' })),
      'invalid_request',
    );
    expect(lastReason(app)).toBe('repeated_assertion');
  });

  it('S-269 keeps two tenants of one issuer apart', async () => {
    const app = await makeApp('memory', options);
    const userOf = async (claims: AnyClaims): Promise<string | undefined> =>
      (await app.call(tokensOf(await send(app, { ...BY, assertion: await jag(app, claims) })).access)).access?.userId;
    const users = [await userOf({}), await userOf({ tenant: 'a' }), await userOf({ tenant: 'b' }), await userOf({ tenant: 'a' })];
    expect([new Set(users).size, users[1] === users[3]]).toEqual([3, true]);
    const plain = await makeSecrets(app.machine).hash(`identity\n${JSON.stringify([IDP, 'u-1'])}`);
    expect((await app.inner.read(`identity:${plain}`))?.value, 'known by its own subject').toMatchObject({ userId: users[0] });
    expect(users, 'a subject that is spelled like a tenant and a subject').not.toContain(await userOf({ sub: '["a","u-1"]' }));
  });

  it('reads an issuer’s keys at their address, again when they rotate, and never where the assertion says', async () => {
    const clock = makeClock();
    const store = (await makeStores(clock.now))[0]!.store;
    const [fetched, keys]: [string[], unknown[]] = [[], [idp.publicKey]];
    const fetchPublic = async (url: string): Promise<Response> => (fetched.push(url), Response.json({ keys }));
    const { jwks: _, ...rest } = enterprise;
    const app = await appOn(store, clock, { ...options, trustedIssuers: [{ ...rest, jwksUri: `${IDP}/keys` }] }, { fetchPublic });
    expect((await send(app, { ...BY, assertion: await jag(app, {}, { jku: 'https://evil.example/keys' }) })).status).toBe(200);
    keys.push(second.publicKey);
    clock.pass(30);
    expect((await send(app, { ...BY, assertion: await jag(app, {}, { alg: 'ES256', kid: 'second' }, second) })).status).toBe(200);
    expect(fetched).toEqual([`${IDP}/keys`, `${IDP}/keys`]);
  });

  it('S-260 advertises the grant type if it is enabled, but not the trusted issuers (S-267)', async () => {
    const metadataOf = async (more: Partial<OAuthProviderOptions>): Promise<Record<string, unknown>> =>
      (await (await (await makeApp('memory', more)).ask('GET', '/.well-known/oauth-authorization-server')).json()) as Record<
        string,
        unknown
      >;
    const on = await metadataOf(options);
    expect(on['authorization_grant_profiles_supported']).toEqual(['urn:ietf:params:oauth:grant-profile:id-jag']);
    expect(on['grant_types_supported']).toContain(TYPE);
    expect(JSON.stringify(on)).not.toContain('idp.example');
    const workloads = await metadataOf({ trustedIssuers: [workload] });
    expect(workloads).not.toHaveProperty('authorization_grant_profiles_supported');
    const off = await makeApp('memory');
    expectJson(await send(off, { assertion: await jag(off) }), 'invalid_client', 401);
    expectJson(await send(off, { assertion: await jag(off), client_id: (await off.client()).id }), 'unsupported_grant_type');
  });

  it('SEC-057 keeps assertions out of URLs, and S-267 out of events', async () => {
    const app = await makeApp('memory', options);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const assertion = await jag(app);
    expect((await app.ask('POST', `/token?assertion=${assertion}`, new URLSearchParams({ grant_type: TYPE, ...BY }), form)).status).toBe(
      400,
    );
    await send(app, { ...BY, assertion });
    await send(app, { ...BY, assertion });
    expect(JSON.stringify(app.events)).not.toContain(assertion.split('.')[1]);
  });
});
