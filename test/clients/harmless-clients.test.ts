/** Clients that deviate from the letter and harm no one, on a whole server: none of them may be refused or lose its registration. */
import { describe, expect, it } from 'vitest';
import { ALICE, type App, makeApp } from '../support/app.ts';
import { expectJson } from '../support/verdicts.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';

const basic = (text: string): Record<string, string> => ({ authorization: `Basic ${btoa(text)}` });

describe('a public client that sends Basic credentials with an empty secret', () => {
  const codeFor = async (app: App, metadata: Record<string, unknown> = {}) => {
    const client = await app.client(metadata);
    return { client, fields: { grant_type: 'authorization_code', code: await client.signIn(app.browser(), ALICE), code_verifier: client.verifier } };
  }; // prettier-ignore

  it('redeems, refreshes and revokes, with its id in the header alone or in the body, too (R-10)', async () => {
    const app = await makeApp('memory');
    const { client, fields } = await codeFor(app);
    const first = tokensOf(await client.token(fields, basic(`${client.id}:`)));
    const second = tokensOf(await client.token({ grant_type: 'refresh_token', refresh_token: first.refresh, client_id: client.id }, basic(`${client.id}:`)));
    expect((await app.call(second.access)).status).toBe(200);
    const sent = { 'content-type': 'application/x-www-form-urlencoded', ...basic(`${encodeURIComponent(client.id)}:`) };
    const revoked = await app.ask('POST', '/revoke', new URLSearchParams({ token: second.refresh }).toString(), sent);
    expect([revoked.status, (await app.call(second.access)).status]).toEqual([200, 401]);
  }); // prettier-ignore

  it('is no way round a secret, and spends nothing where it is refused (SEC-060, SEC-061, S-028)', async () => {
    const app = await makeApp('memory');
    for (const token_endpoint_auth_method of ['client_secret_basic', 'client_secret_post']) {
      const { client, fields } = await codeFor(app, { token_endpoint_auth_method });
      const refused = await client.token(fields, basic(`${client.id}:`));
      expectJson(refused, 'invalid_client', 401);
      expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /);
      expectJson(await client.token({ ...fields, client_secret: client.secret ?? '' }, basic(`${client.id}:`)), 'invalid_request');
      expectJson(await client.token({ ...fields, client_id: 'another' }, basic(`${client.id}:`)), 'invalid_request');
      const good = token_endpoint_auth_method === 'client_secret_basic' ? basic(`${client.id}:${client.secret}`) : undefined;
      const own = good ? fields : { ...fields, client_id: client.id, client_secret: client.secret ?? '' };
      expect((await client.token(own, good)).status).toBe(200);
    }
    const { client, fields } = await codeFor(app);
    expectJson(await client.token(fields, basic('AAAAAAAAAAAAAAAAAAAAAA:')), 'invalid_client', 401);
    const other = await app.client();
    expectJson(await client.token(fields, basic(`${other.id}:`)), 'invalid_grant');
    expect((await client.token(fields, basic(`${client.id}:`))).status).toBe(200);
  });

  it('counts as a wrong secret towards the limit of a network (S-029)', async () => {
    const app = await makeApp('memory');
    const { client, fields } = await codeFor(app, { token_endpoint_auth_method: 'client_secret_basic' });
    const statuses = [];
    for (let at = 0; at < 32; at++) statuses.push((await client.token(fields, basic(`${client.id}:`))).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
  });
});

describe('a registration with empty members', () => {
  it('gives the client that leaves them out, and it signs in (R-20, as libraries of Go and Swift write every member)', async () => {
    const app = await makeApp('memory');
    const empty = { grant_types: [], response_types: [], contacts: [], jwks_uri: '', application_type: '', client_uri: null, software_statement: '' };
    const { status, body } = await app.register({ redirect_uris: ['http://127.0.0.1:1/cb'], token_endpoint_auth_method: '', ...empty });
    expect([status, body['token_endpoint_auth_method'], body['grant_types'], body['response_types']]).toEqual([201, 'client_secret_basic', ['authorization_code', 'refresh_token'], ['code']]);
    const { tokens } = await app.signedIn(empty);
    expect((await app.call(tokens.access)).status).toBe(200);
  }); // prettier-ignore

  it('of a web client keeps the https redirect URIs beside loopback ones, and says so (SEC-011, as SDKs tell the type)', async () => {
    const app = await makeApp('memory');
    const uris = ['http://localhost:3000/cb', 'https://app.example/cb', 'http://127.0.0.1/cb'];
    const { status, body } = await app.register({ application_type: 'web', token_endpoint_auth_method: 'none', redirect_uris: uris });
    expect([status, body['redirect_uris'], body['application_type']]).toEqual([201, ['https://app.example/cb'], 'web']);
    const client = await app.client({ application_type: 'web', redirect_uris: uris });
    const page = (redirect_uri: string) => client.authorizeUrl({ redirect_uri }).then((url) => app.browser().get(url));
    expect([(await page('https://app.example/cb')).status, (await page('http://localhost:3000/cb')).status]).toEqual([200, 400]);
  });

  it('with odd values is answered with what counts, by which the client signs in (RFC 7591 §2, §3.2.1)', async () => {
    const app = await makeApp('memory');
    const odd = {
      client_name: 7, contacts: 'ops@app.example', logo_uri: false, software_version: 1.5, software_id: null, application_type: 'spa', dpop_bound_access_tokens: 'false',
      grant_types: 'authorization_code refresh_token', response_types: 'code', token_endpoint_auth_method: 'NONE',
    };
    const uris = ['http://192.168.1.20:6274/cb', 'http://127.0.0.1:6274/cb'];
    const { status, body } = await app.register({ ...odd, redirect_uris: uris });
    expect([status, body]).toMatchObject([201, {
      contacts: ['ops@app.example'], application_type: 'native', grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
      token_endpoint_auth_method: 'none', redirect_uris: ['http://127.0.0.1:6274/cb'],
    }]);
    for (const member of ['client_name', 'logo_uri', 'dpop_bound_access_tokens', 'client_secret']) expect(body).not.toHaveProperty(member);
    for (const redirect_uris of [uris, uris[1]]) {
      const client = await app.client({ ...odd, redirect_uris });
      const redirect_uri = uris[1] ?? '';
      const code = await client.signIn(app.browser(), ALICE, { redirect_uri });
      expect((await app.call(tokensOf(await client.redeem(code, { redirect_uri })).access)).status).toBe(200);
    }
    const client = await app.client({ ...odd, redirect_uris: uris });
    const page = await app.browser().get(await client.authorizeUrl({ redirect_uri: uris[0] ?? '' }));
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);
  }); // prettier-ignore

  it('whose method no one knows gets a secret, which is good in the header and in the body', async () => {
    const app = await makeApp('memory');
    for (const isBasic of [true, false]) {
      const client = await app.client({ token_endpoint_auth_method: 'client_secret' });
      const code = await client.signIn(app.browser(), ALICE);
      const own = isBasic ? { client_id: null } : { client_id: client.id, client_secret: client.secret ?? '' };
      const header = isBasic ? basic(`${client.id}:${client.secret}`) : {};
      const answer = await client.token({ grant_type: 'authorization_code', code, code_verifier: client.verifier, ...own }, header);
      expect([isBasic, answer.status]).toEqual([isBasic, 200]);
    }
  });
});

it('VS Code signs in with the slash that its registration lacks, and the other way round (R-07)', async () => {
  const app = await makeApp('memory');
  const pairs = [['http://127.0.0.1:33418', 'http://127.0.0.1:33418/'], ['http://127.0.0.1:33418/', 'http://127.0.0.1:33418']] as const; // prettier-ignore
  for (const [registered, redirect_uri] of pairs) {
    const client = await app.client({ redirect_uris: [registered] });
    const code = await client.signIn(app.browser(), ALICE, { redirect_uri });
    expect((await client.redeem(code, { redirect_uri })).status).toBe(200);
  }
});

describe('an access token in a request to the authorization server', () => {
  const METHODS = ['none', 'client_secret_post', 'client_secret_basic'] as const;
  /** A signed-in client with what it identifies itself by: in the body, and in the header. */
  const signedInBy = async (app: App, method: (typeof METHODS)[number]) => {
    const client = await app.client({ token_endpoint_auth_method: method });
    const isBasic = method === 'client_secret_basic';
    const own = {
      client_id: isBasic ? null : client.id,
      ...(method === 'client_secret_post' ? { client_secret: client.secret ?? '' } : {}),
    };
    const header = isBasic ? basic(`${client.id}:${client.secret}`) : {};
    const code = await client.signIn(app.browser(), ALICE);
    const tokens = tokensOf(await client.token({ grant_type: 'authorization_code', code, code_verifier: client.verifier, ...own }, header));
    return { client, tokens, own, header };
  };

  it('is ignored: it authenticates no client, and takes no registration away (R-09, as the TypeScript SDK and MCP Inspector send it)', async () => {
    const app = await makeApp('memory');
    for (const method of METHODS) {
      const { client, tokens, own, header } = await signedInBy(app, method);
      const after = header['authorization'] === undefined ? '' : `, ${header['authorization']}`;
      let { refresh } = tokens;
      for (const token of [`Bearer ${tokens.access}`, 'bearer expired', `DPoP ${tokens.access}`]) {
        const fields = { grant_type: 'refresh_token', refresh_token: refresh, ...own };
        const answer = await client.token(fields, { authorization: token + after });
        expect([method, token, answer.status]).toEqual([method, token, 200]);
        ({ refresh } = tokensOf(answer));
      }
    }
  });

  it('is no way round a secret, and names no client (SEC-060, SEC-063)', async () => {
    const app = await makeApp('memory');
    const { client, tokens, header } = await signedInBy(app, 'client_secret_basic');
    const fields = { grant_type: 'refresh_token', refresh_token: tokens.refresh };
    const token = `Bearer ${tokens.access}`;
    expectJson(await client.token({ ...fields, client_id: client.id }, { authorization: token }), 'invalid_client', 401);
    expectJson(await client.token(fields, { authorization: token }), 'invalid_client', 401);
    for (const odd of [`${token}, Basic x`, `${token}, ${token}`, `${token} ${header['authorization']}`, 'Negotiate x', `x ${token}`])
      expectJson(await client.token({ ...fields, client_id: client.id }, { authorization: odd }), 'invalid_client', 401);
    expect((await client.token(fields, header)).status).toBe(200);
    const { client: open, tokens: own } = await signedInBy(app, 'none');
    const empty = { grant_type: 'refresh_token', refresh_token: own.refresh, client_id: open.id };
    expect((await open.token(empty, { authorization: '' })).status).toBe(200); // an empty header counts as absent
  });
});

describe('metadata that a client looks for below the endpoint', () => {
  it.each(['oauth-authorization-server', 'openid-configuration', 'oauth-protected-resource'])('is not found at /mcp/.well-known/%s: some clients stop at a 401 (R-11)', async (name) => {
    const app = await makeApp('memory');
    for (const method of ['GET', 'HEAD'])
      for (const headers of [{}, { authorization: 'Bearer expired' }] as Record<string, string>[])
        expect((await app.ask(method, `/mcp/.well-known/${name}`, null, headers)).status).toBe(404);
    expect((await app.ask('GET', `/mcp?x=/.well-known/${name}`)).status).toBe(401);
    const { tokens } = await app.signedIn();
    expect((await app.call(tokens.access, `/mcp/.well-known/${name}`)).status).toBe(200); // the application may have something there
  }); // prettier-ignore
});

describe('a client at the token endpoint', () => {
  it('that joins its scopes by commas, or encodes them twice, stays signed in with what it means (R-05, as oauth2-client of PHP writes them)', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const page = await app.browser().get(await client.authorizeUrl({ scope: 'write,read' }));
    expect(page.text).toContain('Change your notes');
    const code = await client.signIn(app.browser(), ALICE, { scope: 'read write' });
    let { refresh } = tokensOf(await client.redeem(code, { scope: 'read,write' }));
    for (const [scope, given] of [['read,write', 'read write'], ['read, write', 'read write'], ['write%20read', 'write read'], ['read+write', 'read write'], ['read,other', 'read'], ['read,', 'read']] as const) {
      const answer = await client.refresh(refresh, { scope });
      expect([scope, answer.body['scope']]).toEqual([scope, given]);
      ({ refresh } = tokensOf(answer));
    }
    for (const scope of ['other,another', ',', 'readwrite', 'read;write']) expectJson(await client.refresh(refresh, { scope }), 'invalid_scope');
    expect((await client.refresh(refresh)).status).toBe(200);
  }); // prettier-ignore

  it('gets no more by a comma than it was granted, and a scope with one stays one scope (SEC-049)', async () => {
    const app = await makeApp('memory', { scopesSupported: { 'a,b': 'Both', a: 'One', b: 'Other' } });
    const client = await app.client();
    const scopeOf = async (scope: string) => (await client.redeem(await client.signIn(app.browser(), ALICE, { scope }))).body['scope'];
    expect([await scopeOf('a,b'), await scopeOf('b,a'), await scopeOf('a')]).toEqual(['a,b', 'b a', 'a']);
    const strict = await makeApp('memory', { unknownScopes: 'refuse' });
    const careful = await strict.client();
    expect((await strict.browser().get(await careful.authorizeUrl({ scope: 'read,write' }))).status).toBe(200);
    const { location } = await strict.browser().get(await careful.authorizeUrl({ scope: 'read,other', redirect_uri: 'http://localhost:3334/callback' }));
    expect(new URL(location ?? '').searchParams.get('error')).toBe('invalid_scope');
  }); // prettier-ignore

  it('that sends an empty access token is the client that its form names (R-09)', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    let { refresh } = tokens;
    for (const authorization of ['Bearer', 'Bearer ', 'bearer', 'DPoP ', 'Bearer undefined']) {
      const answer = await client.refresh(refresh);
      expect(answer.status).toBe(200);
      ({ refresh } = tokensOf(await client.token({ grant_type: 'refresh_token', refresh_token: tokensOf(answer).refresh, client_id: client.id }, { authorization })));
    }
    const unnamed = await client.token({ grant_type: 'refresh_token', refresh_token: refresh }, { authorization: 'Bearer' });
    expectJson(unnamed, 'invalid_client', 401);
    const odd = await client.token({ grant_type: 'refresh_token', refresh_token: refresh, client_id: client.id }, { authorization: 'Bearertoken' });
    expectJson(odd, 'invalid_client', 401);
  }); // prettier-ignore

  it('may write the port that https implies in its resource, here and at authorize (RFC 3986 §6.2.3, R-11)', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    for (const resource of ['https://mcp.example:443/mcp', 'https://mcp.example:443/mcp/']) {
      const code = await client.signIn(app.browser(), ALICE, { resource });
      const { access, refresh } = tokensOf(await client.redeem(code, { resource }));
      expect([(await app.call(access)).status, (await client.refresh(refresh, { resource })).status]).toEqual([200, 200]);
    }
    for (const resource of ['https://mcp.example:4430/mcp', 'https://mcp.example:80/mcp', 'http://mcp.example:443/mcp', 'https://mcp:443.example/mcp', 'https://mcp.example/mcp:443'])
      expect((await app.browser().get(await client.authorizeUrl({ resource }))).location).toContain('error=invalid_target');
  }); // prettier-ignore
});

it('a form that ends with a line break is read without it: the last value is the one that was meant (R-18)', async () => {
  const app = await makeApp('memory');
  const { client, tokens } = await app.signedIn();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = `grant_type=refresh_token&client_id=${client.id}&refresh_token=${tokens.refresh}`;
  for (const end of ['\r\n', '\n', '']) expect((await app.ask('POST', '/token', form + end, type)).status).toBe(200);
  expect((await app.ask('POST', '/token', `${form}%0A`, type)).status).toBe(400);
});
