import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp } from '../../support/app.ts';

const METHODS = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'];
const ALGS = ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'];
const PATHS = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
const documentAt = async (app: App, path: string): Promise<Record<string, unknown>> =>
  (await (await app.ask('GET', path)).json()) as Record<string, unknown>;

describe('endpoints/oauth/metadata', () => {
  it.each(PATHS)('SEC-029 SEC-106 tells at %s what this server does, and nothing more (S-004, S-005, S-008, S-009)', async (path) => {
    expect(await documentAt(await makeApp('memory'), path)).toEqual({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      registration_endpoint: `${ISSUER}/register`,
      revocation_endpoint: `${ISSUER}/revoke`,
      scopes_supported: ['read', 'write', 'offline_access'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      token_endpoint_auth_methods_supported: METHODS,
      token_endpoint_auth_signing_alg_values_supported: ALGS,
      revocation_endpoint_auth_methods_supported: METHODS,
      revocation_endpoint_auth_signing_alg_values_supported: ALGS,
      introspection_endpoint: `${ISSUER}/introspect`,
      introspection_endpoint_auth_methods_supported: METHODS.filter((one) => one !== 'none'),
      introspection_endpoint_auth_signing_alg_values_supported: ALGS,
      dpop_signing_alg_values_supported: ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'],
      pushed_authorization_request_endpoint: `${ISSUER}/par`,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    });
  });

  it('has no empty list in it (S-011)', async () => {
    const document = await documentAt(await makeApp('memory', { scopesSupported: [] }), PATHS[0] ?? '');
    expect(Object.values(document).filter((value) => Array.isArray(value) && value.length === 0)).toEqual([]);
  });

  it.each([...PATHS, '/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource'])(
    'SEC-229 answers GET, HEAD, OPTIONS and POST at %s, sets no cookie, and may be kept for a short while',
    async (path) => {
      const app = await makeApp('memory');
      const [get, head, options, post] = await Promise.all(['GET', 'HEAD', 'OPTIONS', 'POST'].map((method) => app.ask(method, path)));
      expect([get?.status, head?.status, options?.status, post?.status]).toEqual([200, 200, 204, 405]);
      expect([await head?.text(), post?.headers.get('allow')?.includes('GET')]).toEqual(['', true]);
      for (const one of [get, head])
        expect([one?.headers.get('content-type'), one?.headers.get('cache-control')]).toEqual(['application/json', 'public, max-age=300']);
      for (const one of [get, head, options, post]) expect(one?.headers.get('set-cookie')).toBeNull();
    },
  );

  it('SEC-227 advertises only what works: every endpoint answers, every method and grant type is accepted', async () => {
    const app = await makeApp('memory');
    const document = await documentAt(app, PATHS[0] ?? '');
    for (const [name, url] of Object.entries(document).filter(([key]) => key.endsWith('_endpoint')))
      expect([name, (await app.send(new Request(String(url), { method: 'POST' }))).status]).not.toEqual([name, 404]);
    for (const method of document['token_endpoint_auth_methods_supported'] as string[]) {
      if (method === 'private_key_jwt') continue; // every algorithm of it: test/clients/private-key-jwt
      const { client, code } = await app.toCode({ token_endpoint_auth_method: method });
      const fields = { grant_type: 'authorization_code', code, code_verifier: client.verifier };
      const basic = { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` };
      const answer = await (method === 'client_secret_basic' ? client.token(fields, basic) : client.redeem(code));
      expect((await app.call(tokensOf(answer).access)).status).toBe(200);
    }
    const redirect_uris = ['https://app.example/cb'];
    for (const method of ['client_secret_jwt', 'tls_client_auth'])
      expect((await app.register({ redirect_uris, token_endpoint_auth_method: method })).status).toBe(400);
    const unknown = await app.register({ redirect_uris, token_endpoint_auth_method: 'x' });
    expect([unknown.status, unknown.body['token_endpoint_auth_method']]).toEqual([201, 'client_secret_basic']);
  });
});
