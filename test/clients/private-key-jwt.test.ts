import { makeStores } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeClock } from '../../src/testing/clock.ts';
import { type JsonAnswer, registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { type AnyClaims, clientClaims, makeSigner, shown, type Signer } from '../support/signer.ts';
import { expectJson } from '../support/verdicts.ts';
import { altered } from '../support/altered.ts';

const METHOD = { token_endpoint_auth_method: 'private_key_jwt' };
const signer = await makeSigner();

interface Waiting {
  readonly app: App;
  readonly client: TestClient;
  /** Sends the code with an assertion of these claims and header, and what else is to be changed. */
  redeem(claims?: AnyClaims, header?: Record<string, unknown>, changes?: Record<string, string | null>): Promise<JsonAnswer>;
  /** Sends the code with whatever is given as the assertion. */
  raw(assertion: string, changes?: Record<string, string | null>, headers?: Record<string, string>): Promise<JsonAnswer>;
}

/** A client with that key and an unspent code. */
async function withCode(by: Signer = signer, store = 'memory', keys: unknown = [by.publicKey]): Promise<Waiting> {
  const app = await makeApp(store);
  const client = await app.client({ ...METHOD, jwks: { keys } });
  const code = await client.signIn(app.browser(), ALICE);
  const raw: Waiting['raw'] = (assertion, changes = {}, headers = {}) =>
    client.token({ grant_type: 'authorization_code', code, code_verifier: client.verifier, ...shown(assertion), ...changes }, headers);
  return {
    app, client, raw,
    redeem: async (claims = {}, header = {}, changes = {}) => raw(await by.sign(clientClaims(client.id, app.clock.now(), claims), header), changes),
  }; // prettier-ignore
}

const reasonOf = ({ events }: App): string | undefined => events.findLast((one) => one.kind === 'request.refused')?.reason;

describe.each(storeNames)('clients/private-key-jwt on %s', (store) => {
  it('authenticates a client by its key, once for each assertion, under concurrent requests (S-027, S-091, S-253)', async () => {
    const { app, client, redeem } = await withCode(signer, store);
    const tokens = tokensOf(await redeem());
    expect((await app.call(tokens.access)).status).toBe(200);
    const assertion = shown(await signer.sign(clientClaims(client.id, app.clock.now())));
    const refresh = (): Promise<JsonAnswer> => client.refresh(tokens.refresh, { ...assertion, client_id: null });
    const answers = await Promise.all([refresh(), refresh(), refresh(), refresh()]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401]);
    expect(reasonOf(app)).toBe('assertion_replayed');
    app.clock.pass(89);
    expectJson(await refresh(), 'invalid_client', 401); // as long as the skew would still let it in
    app.clock.pass(10_000);
    expectJson(await refresh(), 'invalid_client', 401);
    expect(reasonOf(app)).toBe('assertion_expired');
  });
});

describe('clients/private-key-jwt: what is taken', () => {
  it.each(['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'])('SEC-227 takes %s, as metadata says', async (alg) => {
    const { redeem } = await withCode(await makeSigner(alg));
    expect((await redeem()).status).toBe(200);
  });

  it.each([
    ['the issuer with the slash that URL parsers add', { aud: `${ISSUER}/` }, {}], ['a list of one audience', { aud: [ISSUER] }, {}],
    ['the typ of the profile', {}, { typ: 'client-authentication+jwt' }], ['a plain typ', {}, { typ: 'JWT' }], ['no kid with one key', {}, { kid: undefined }],
    ['harmless headers, whose keys are not looked at', {}, { jku: 'https://evil.example/keys', jwk: { kty: 'oct', k: 'AA' }, x5u: 'https://evil.example', note: 'x' }],
  ])('SEC-203 takes %s', async (_what, claims: AnyClaims, header) => {
    expect((await (await withCode()).redeem(claims, header)).status).toBe(200);
  }); // prettier-ignore

  it('revokes for the client that signed (RFC 7009 §2.1)', async () => {
    const { app, client, redeem } = await withCode();
    const { access, refresh } = tokensOf(await redeem());
    expectJson(await client.revoke(refresh), 'invalid_client', 401);
    const assertion = await signer.sign(clientClaims(client.id, app.clock.now()));
    expect((await client.revoke(refresh, { ...shown(assertion), client_id: null })).status).toBe(200);
    expect((await app.call(access)).status).toBe(401);
  });
});

describe('clients/private-key-jwt: what is refused, with one answer for everything, and the code survives', () => {
  const now = makeClock().now();
  it.each<[string, AnyClaims, Record<string, unknown>]>([
    ['SEC-206', { exp: undefined }, {}], ['SEC-206', { exp: '1e400' }, {}], ['SEC-206', { exp: -1 }, {}], ['SEC-206', { exp: now - 30 }, {}], ['SEC-206', { exp: now + 86_400 }, {}],
    ['SEC-206', { iat: now + 31 }, {}], ['SEC-206', { nbf: now + 31 }, {}], ['SEC-206', { iat: 'now' }, {}],
    ['S-253', { aud: `${ISSUER}/token` }, {}], ['S-253', { aud: [ISSUER, 'https://other.example'] }, {}], ['S-253', { aud: undefined }, {}], ['S-253', { aud: [] }, {}],
    ['SEC-059', { iss: 'somebody' }, {}], ['SEC-059', { sub: undefined }, {}], ['SEC-059', { sub: 'AAAAAAAAAAAAAAAAAAAAAA', iss: 'AAAAAAAAAAAAAAAAAAAAAA' }, {}],
    ['SEC-059', { sub: 'https://x.example/doc', iss: 'https://x.example/doc' }, {}], ['SEC-059', { jti: undefined }, {}], ['SEC-059', { jti: '' }, {}], ['SEC-059', { jti: 7 }, {}],
    ['SEC-202', {}, { kid: 'other' }], ['SEC-202', {}, { kid: '../../key-1' }], ['SEC-202', {}, { kid: "' OR 1=1" }], ['SEC-202', {}, { kid: 7 }],
    ['SEC-203', {}, { zip: 'DEF' }], ['SEC-204', {}, { typ: 'at+jwt' }], ['SEC-204', {}, { typ: 'oauth-id-jag+jwt' }], ['SEC-204', {}, { typ: 'dpop+jwt' }], ['SEC-204', {}, { typ: 'logout+jwt' }],
  ])('%s refuses the claims %j with the header %j', async (_id, claims, header) => {
    const { redeem } = await withCode();
    const wrong = await redeem(claims, header);
    expectJson(wrong, 'invalid_client', 401);
    // R-19: a wrong audience alone is told, since it is about what was sent; everything else has one text.
    expect(wrong.body['error_description']).toMatch(/^The client is unknown or did not authenticate as it registered\.$|^The aud of a client assertion must be the issuer/);
    expect((await redeem()).status).toBe(200);
  }); // prettier-ignore

  it('SEC-201 refuses "none" in any spelling, and a MAC made with the public key', async () => {
    const { app, client, raw } = await withCode();
    const part = (value: unknown): string => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const claims = part(clientClaims(client.id, app.clock.now()));
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      expectJson(await raw(`${part({ alg })}.${claims}.`), 'invalid_client', 401);
      expectJson(await raw(`${part({ alg })}.${claims}.AAAA`), 'invalid_client', 401);
    }
    const secret = new TextEncoder().encode(JSON.stringify(signer.publicKey));
    const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const text = `${part({ alg: 'HS256', kid: 'key-1' })}.${claims}`;
    const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text)));
    const signature = btoa(String.fromCharCode(...mac))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
    expectJson(await raw(`${text}.${signature}`), 'invalid_client', 401);
  });

  it('SEC-202 refuses a key that several could be: two without kid, and two with the same', async () => {
    const other = await makeSigner('ES256', 'key-1');
    expectJson(await (await withCode(signer, 'memory', [signer.publicKey, { ...other.publicKey, kid: 'key-2' }])).redeem({}, { kid: undefined }), 'invalid_client', 401);
    expectJson(await (await withCode(signer, 'memory', [signer.publicKey, other.publicKey])).redeem(), 'invalid_client', 401);
    expect((await (await withCode(signer, 'memory', [signer.publicKey, { ...other.publicKey, kid: 'key-2' }])).redeem()).status).toBe(200);
  }); // prettier-ignore

  it('SEC-202 uses no key for what it is not for', async () => {
    for (const change of [{ use: 'enc' }, { key_ops: ['encrypt'] }, { alg: 'ES384' }, { kty: 'oct' }, { crv: 'P-384' }])
      expectJson(await (await withCode(signer, 'memory', [{ ...signer.publicKey, ...change }])).redeem(), 'invalid_client', 401);
  });

  it('SEC-205 refuses texts that are no JWT of three strict parts, long ones, and broken signatures', async () => {
    const { app, client, raw } = await withCode();
    const good = await signer.sign(clientClaims(client.id, app.clock.now()));
    const [header = '', claims = '', signature = ''] = good.split('.');
    const zeros = 'A'.repeat(86);
    const cases = ['', 'x', '..', `${header}.${claims}`, `${good}.x`, `${good}.x.x`, `${header}.${claims}.`, `${header}.${claims}.${zeros}`, `${header}=.${claims}.${signature}`,
      `${header}.${claims}.${signature}=`, `${header}.${claims} .${signature}`, good.slice(0, -2), `${header}.${claims}.${signature.slice(0, -1)}${signature.at(-1) === 'A' ? 'B' : 'A'}`,
      `${header}.${btoa('{"a":1,"a":2}').replaceAll('=', '')}.${signature}`, `${header}.${'A'.repeat(65_000)}`]; // prettier-ignore
    for (const text of cases) expect([text.slice(0, 40), (await raw(text)).status >= 400]).toEqual([text.slice(0, 40), true]);
    expect((await raw(good)).status).not.toBe(500);
  });

  it('SEC-061 takes one method for a request: an assertion with a secret, with Basic, or with another id is refused', async () => {
    const { app, client, raw } = await withCode();
    const assertion = (): Promise<string> => signer.sign(clientClaims(client.id, app.clock.now()));
    expectJson(await raw(await assertion(), { client_secret: 'x' }), 'invalid_request');
    expectJson(await raw(await assertion(), {}, { authorization: `Basic ${btoa(`${client.id}:x`)}` }), 'invalid_request');
    expectJson(await raw(await assertion(), { client_id: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'invalid_request');
    expect((await raw(await assertion(), { client_id: client.id })).status).toBe(200);
  });

  it('SEC-064 SEC-102 takes nothing less of a client that has a key: no bare id, no secret, no other type of assertion', async () => {
    const { client, raw, redeem, app } = await withCode();
    const without = { client_assertion: null, client_assertion_type: null };
    expectJson(await raw('', { ...without, client_id: client.id }), 'invalid_client', 401);
    expectJson(await raw('', { ...without, client_id: client.id, client_secret: 'x' }), 'invalid_client', 401);
    const assertion = await signer.sign(clientClaims(client.id, app.clock.now()));
    expectJson(
      await raw(assertion, { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }),
      'invalid_client',
      401,
    );
    expectJson(await raw(assertion, { client_assertion_type: null }), 'invalid_client', 401);
    expect((await redeem()).status).toBe(200);
  });

  it('SEC-064 takes no assertion of a client that has a secret or nothing', async () => {
    const app = await makeApp('memory');
    for (const method of ['none', 'client_secret_post']) {
      const client = await app.client({ token_endpoint_auth_method: method, jwks: { keys: [signer.publicKey] } });
      const assertion = await signer.sign(clientClaims(client.id, app.clock.now()));
      expectJson(await client.token({ grant_type: 'refresh_token', refresh_token: 'x', ...shown(assertion) }), 'invalid_client', 401);
    }
  });

  it('SEC-066 delays a network that guesses, but not the client on another network', async () => {
    const { app, client, raw } = await withCode();
    const bad = (await signer.sign(clientClaims(client.id, app.clock.now()))).slice(0, -4);
    for (let at = 0; at < 30; at++) expect((await raw(`${bad}AAAA`)).status).toBe(401);
    const limited = await raw(`${bad}AAAA`);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '300']);
    const good = await signer.sign(clientClaims(client.id, app.clock.now()));
    expect((await raw(good, {}, { 'x-test-address': '198.51.100.9' })).status).toBe(200);
  });

  it('SEC-057 keeps assertions out of URLs', async () => {
    const app = await makeApp('memory');
    expect((await app.ask('POST', '/token?client_assertion=x', 'grant_type=refresh_token', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(400);
  }); // prettier-ignore
});

const ID = 'https://client.example/app.json';
const KEYS = 'https://client.example/keys.json';

/** What goes wrong outside. */
interface Failing {
  keys: boolean;
  all: (() => Promise<Response> | Response) | null;
}

/** A server to whom the world outside is a table of answers, and a client known by a document with keys at another address. */
async function outside(changes: Record<string, unknown> = {}): Promise<{ app: App; client: TestClient; fetched: string[]; keys: unknown[]; fail: Failing }> {
  const clock = makeClock();
  const store = (await makeStores(clock.now))[0]!.store;
  const [fetched, keys, fail]: [string[], unknown[], Failing] = [[], [signer.publicKey], { keys: false, all: null }];
  const document = { client_id: ID, client_name: 'Keyed', redirect_uris: ['http://localhost/callback'], token_endpoint_auth_method: 'private_key_jwt', jwks_uri: KEYS, ...changes };
  const fetchPublic = async (url: string): Promise<Response> => {
    fetched.push(url);
    if (fail.all) return fail.all();
    if (url === ID) return Response.json(document);
    return url === KEYS && !fail.keys ? Response.json({ keys }) : new Response('no', { status: 500 });
  };
  const app = await appOn(store, clock, {}, { fetchPublic });
  return { app, client: await registerClient({ send: app.send, issuer: ISSUER, id: ID }), fetched, keys, fail };
} // prettier-ignore

describe('clients/private-key-jwt: keys at an address', () => {
  it('reads them once for many assertions, and the document again when it is no longer kept (S-091)', async () => {
    const { app, client, fetched } = await outside();
    const sign = (): Promise<string> => signer.sign(clientClaims(ID, app.clock.now()));
    let { refresh } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE), { ...shown(await sign()), client_id: null }));
    for (let at = 0; at < 3; at++) ({ refresh } = tokensOf(await client.refresh(refresh, shown(await sign()))));
    expect(fetched).toEqual([ID, KEYS]);
    app.clock.pass(1000);
    ({ refresh } = tokensOf(await client.refresh(refresh, shown(await sign()))));
    expect(fetched).toEqual([ID, KEYS, ID, KEYS]);
    expectJson(await client.refresh(refresh), 'invalid_client', 401); // SEC-102: never without
  });

  it('tells a client that names the token endpoint as audience what belongs there (R-19, S-253)', async () => {
    const { app, client } = await outside();
    const assertion = await signer.sign(clientClaims(ID, app.clock.now(), { aud: `${ISSUER}/token` }));
    const answer = await client.token({ grant_type: 'refresh_token', refresh_token: 'x', ...shown(assertion) });
    expectJson(answer, 'invalid_client', 401);
    expect(answer.body['error_description']).toMatch(/aud of a client assertion must be the issuer/);
  });

  it('SEC-202 looks again for a key it does not know, not more often than every half minute, and takes a rotated one', async () => {
    const { app, client, fetched, keys } = await outside();
    const next = await makeSigner('ES256', 'key-2');
    const ask = async (by: Signer): Promise<number> =>
      (await client.token({ grant_type: 'refresh_token', refresh_token: 'x', ...shown(await by.sign(clientClaims(ID, app.clock.now()))) }))
        .status;
    expect(await ask(signer)).toBe(400);
    for (let at = 0; at < 5; at++) expect(await ask(next)).toBe(401);
    expect(fetched).toEqual([ID, KEYS]);
    keys.splice(0, 1, next.publicKey);
    app.clock.pass(30);
    expect([await ask(next), await ask(signer)]).toEqual([400, 401]);
    expect(fetched).toEqual([ID, KEYS, KEYS]);
  });

  it('uses cached keys for a day while their host is down, and never reports the client as unknown (R-03)', async () => {
    const { app, client, fail } = await outside();
    const ask = async (): Promise<number> =>
      (
        await client.token({
          grant_type: 'refresh_token',
          refresh_token: 'x',
          ...shown(await signer.sign(clientClaims(ID, app.clock.now()))),
        })
      ).status;
    fail.keys = true;
    expect(await ask()).toBe(503);
    fail.keys = false;
    expect(await ask()).toBe(400); // asked for again at once, and then the refresh token is the wrong one
    fail.keys = true;
    app.clock.pass(86_000);
    expect(await ask()).toBe(400);
    app.clock.pass(500);
    expect(await ask()).toBe(503);
  });

  it('takes a known key of the last day where others have used up the limit of the network', async () => {
    const { app, client, fetched } = await outside();
    const ask = async (by: Signer = signer): Promise<number> =>
      (await client.token({ grant_type: 'refresh_token', refresh_token: 'x', ...shown(await by.sign(clientClaims(ID, app.clock.now()))) }))
        .status;
    expect(await ask()).toBe(400);
    app.clock.pass(1000);
    for (let at = 0; at < 60; at++) await app.browser().get(await (await registerClient({ send: app.send, issuer: ISSUER, id: `https://other${at}.example/app.json` })).authorizeUrl()); // prettier-ignore
    const count = fetched.length;
    expect([await ask(), await ask(await makeSigner('ES256', 'key-2')), fetched.length]).toEqual([400, 429, count]);
  });

  it('gives another process the keys that one has read, while their host is down (R-03)', async () => {
    const { app, fail, fetched } = await outside();
    const ask = async (of: Pick<App, 'send'>): Promise<number> => {
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: 'x',
        ...shown(await signer.sign(clientClaims(ID, app.clock.now()))),
      });
      return (await of.send(new Request(`${ISSUER}/token`, { method: 'POST', body }))).status;
    };
    expect(await ask(app)).toBe(400);
    fail.keys = true;
    const other = await appOn(app.inner, app.clock, {}, { fetchPublic: () => Promise.reject(new Error('ECONNRESET')) });
    expect(await ask(other)).toBe(400);
    app.clock.pass(86_500);
    expect(await ask(other)).toBe(503);
    expect(fetched).toEqual([ID, KEYS]);
  });

  const WAYS: Readonly<Record<string, () => Promise<Response> | Response>> = {
    '502': () => new Response('<html>', { status: 502 }), '503': () => new Response('', { status: 503 }), '408': () => new Response('', { status: 408 }), '425': () => new Response('', { status: 425 }), '403 of a wall': () => new Response('<html>', { status: 403 }),
    '429': () => new Response('', { status: 429 }), 'a broken connection': () => Promise.reject(new Error('ECONNRESET')), 'a name that is not found': () => Promise.reject(new Error('ENOTFOUND')),
  }; // prettier-ignore

  it.each(Object.keys(WAYS))(
    'refreshes for a client whose host answers with %s, with its last document, for seven days (R-03)',
    async (way) => {
      const world = await outside();
      const { app, client } = world;
      const sign = async (): Promise<Record<string, string>> => shown(await signer.sign(clientClaims(ID, app.clock.now())));
      let { refresh } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE), { ...(await sign()), client_id: null }));
      world.fail.all = WAYS[way] ?? null;
      app.clock.pass(3600); // neither document nor keys are fresh
      for (let at = 0; at < 3; at++) {
        const answer = await client.refresh(refresh, await sign());
        expect(answer.status).toBe(200);
        ({ refresh } = tokensOf(answer));
        app.clock.pass(7 * 3600);
      }
      app.clock.pass(86_400); // the keys are too old to be trusted, the document is not
      const late = await client.refresh(refresh, await sign());
      expect([late.status, late.headers.get('retry-after'), late.body['error']]).toEqual([503, '30', 'temporarily_unavailable']);
      app.clock.pass(6 * 86_400); // and now the document is, too
      expect((await client.refresh(refresh, await sign())).status).toBe(503);
      world.fail.all = null;
      expect((await client.refresh(refresh, await sign())).status).toBe(200); // no one was signed out
    },
  );

  it.each([404, 410, 301, 401])('ends a client whose host answers with %i, which is not an outage (R-03, SEC-096)', async (status) => {
    const world = await outside();
    const { app, client } = world;
    const sign = async (): Promise<Record<string, string>> => shown(await signer.sign(clientClaims(ID, app.clock.now())));
    const { refresh } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE), { ...(await sign()), client_id: null }));
    app.clock.pass(3600);
    world.fail.all = () => new Response('', { status });
    expectJson(await client.refresh(refresh, await sign()), 'invalid_client', 401);
    world.fail.all = () => new Response('', { status: 503 });
    expect((await client.refresh(refresh, await sign())).status).toBe(503); // nothing is left of what it said
  });

  it('goes by another document as soon as it is read, though the one before would still serve in an outage (R-03)', async () => {
    const world = await outside();
    const { app, client } = world;
    const sign = async (): Promise<Record<string, string>> => shown(await signer.sign(clientClaims(ID, app.clock.now())));
    const { refresh } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE), { ...(await sign()), client_id: null }));
    app.clock.pass(3600);
    world.fail.all = () =>
      Response.json({ client_id: 'https://client.example/other.json', client_name: 'x', redirect_uris: ['https://x.example/'] });
    expectJson(await client.refresh(refresh, await sign()), 'invalid_client', 401);
    world.fail.all = () => new Response('', { status: 502 });
    expect((await client.refresh(refresh, await sign())).status).toBe(503);
  });

  it('tells a client that pushes its request to try again, where its host is down (R-03)', async () => {
    const world = await outside({ token_endpoint_auth_method: 'none', jwks_uri: undefined });
    world.fail.all = () => new Response('', { status: 502 });
    const request = {
      client_id: ID,
      redirect_uri: 'http://localhost/callback',
      response_type: 'code',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    };
    const answer = await world.app.ask('POST', '/par', new URLSearchParams(request), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30']);
  });

  it('SEC-103 reads no keys from this very server', async () => {
    const here = await outside({ jwks_uri: `${ISSUER}/keys.json` });
    const away = await outside({ jwks_uri: 'https://internal.example/keys.json' });
    const ask = async ({ app, client }: typeof here): Promise<JsonAnswer> =>
      client.token({ grant_type: 'refresh_token', refresh_token: 'x', ...shown(await signer.sign(clientClaims(ID, app.clock.now()))) });
    expectJson(await ask(here), 'invalid_client', 401);
    expect((await ask(away)).status).toBe(503); // an outage, for all that we can tell (R-03)
    expect(here.fetched).toEqual([ID]);
  }); // prettier-ignore

  it('lets a client that offers both come with its key or without, and checks a key that is shown (ChatGPT)', async () => {
    const { app, client } = await outside({ token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] });
    const sign = (): Promise<string> => signer.sign(clientClaims(ID, app.clock.now()));
    const { refresh } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE), shown(await sign())));
    const plain = tokensOf(await client.refresh(refresh));
    expectJson(await client.refresh(plain.refresh, shown(altered(await sign()))), 'invalid_client', 401);
    expect((await client.refresh(plain.refresh, shown(await sign()))).status).toBe(200);
  });

  it('FLT-05 answers 503 if the assertion cannot be recorded, and authenticates no client', async () => {
    const { app, redeem } = await withCode();
    const { write } = app.store;
    app.store.write = () => Promise.reject(new Error('down'));
    expect((await redeem()).status).toBe(503);
    app.store.write = write;
    expect((await redeem()).status).toBe(200);
  });
});
