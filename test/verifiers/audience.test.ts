/** Sources whose tokens name a client or a project in place of the resource: each guards one resource. */
import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { anyOf } from '../../src/verifiers/any-of.ts';
import { apiKeys } from '../../src/verifiers/api-keys.ts';
import { auth0Tokens, scalekitTokens } from '../../src/verifiers/vendors-by-resource.ts';
import { clerkTokens, cognitoTokens, supabaseTokens } from '../../src/verifiers/vendors-by-client.ts';
import { cloudflareAccessTokens, entraTokens } from '../../src/verifiers/vendors-by-application.ts';
import type { TokenSource } from '../../src/verifiers/contract.ts';
import { googleTokens } from '../../src/verifiers/google.ts';
import { verifyIntrospection } from '../../src/verifiers/introspection.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { stytchTokens } from '../../src/verifiers/stytch.ts';
import { makeApp } from '../support/app.ts';

const GUID = '11111111-2222-3333-4444-555555555555';
const opaque = { issuer: 'https://as.example', clientId: 'a', clientSecret: 'b' };
const FIXED: { readonly [name: string]: () => TokenSource } = {
  'verifyJwt with an audience': () => verifyJwt({ issuer: 'https://as.example', audience: 'api' }),
  'verifyIntrospection with an audience': () => verifyIntrospection({ ...opaque, audience: 'api' }),
  'verifyIntrospection with any audience': () => verifyIntrospection({ ...opaque, dangerouslyAcceptAnyAudience: true }),
  auth0: () => auth0Tokens({ domain: 'acme.eu.auth0.com', audience: 'api' }),
  clerk: () => clerkTokens({ domain: 'clerk.acme.example', clientIds: ['c'] }),
  cognito: () => cognitoTokens({ userPoolId: 'eu-central-1_AbCdEf123', clientIds: ['c'] }),
  entra: () => entraTokens({ tenant: GUID, clientId: GUID }),
  google: () => googleTokens({ clientIds: ['c'] }),
  scalekit: () => scalekitTokens({ domain: 'acme.scalekit.com', resourceId: 'res_1' }),
  stytch: () => stytchTokens({ domain: 'acme.customers.stytch.com', projectId: 'project-live-1' }),
  supabase: () => supabaseTokens({ domain: 'abc.supabase.co', clientIds: ['c'] }),
  'one of several': () => anyOf(apiKeys({ prefix: 'acme_', find: () => null }), stytchTokens({ domain: 'a.customers.stytch.com', projectId: 'project-live-1' })),
}; // prettier-ignore
const handler = (): Response => new Response('here');
const make = (options: Partial<OAuthProviderOptions>): Promise<unknown> => makeApp('memory', options);

describe('a token source with a fixed audience', () => {
  it.each(Object.keys(FIXED))('guards one route of one server, and no two: %s (F-55)', async (name) => {
    const source = FIXED[name] as () => TokenSource;
    await expect(make({ externalTokens: source() })).resolves.toBeTruthy();
    await expect(make({ externalTokens: source(), apiRoute: ['/mcp', '/other'], apiHandler: handler })).rejects.toThrow(
      /`externalTokens` would take one token at several resources.*several routes/,
    );
    const tenants = { acme: { issuer: '/acme' }, globex: { issuer: '/globex' } };
    await expect(make({ externalTokens: source(), tenants })).rejects.toThrow(TypeError);
    const own = { acme: { issuer: '/acme', externalTokens: source() }, globex: { issuer: '/globex' } };
    await expect(make({ tenants: own })).resolves.toBeTruthy();
  });

  it.each(Object.keys(FIXED))('guards one resource, where guards stand alone: %s (F-55)', (name) => {
    const source = (FIXED[name] as () => TokenSource)();
    expect(() => [guard({ resource: 'https://a.example/mcp', ...source }), guard({ resource: 'https://a.example/mcp', ...source })]).not.toThrow();
    expect(() => guard({ resource: 'https://b.example/mcp', ...source })).toThrow(/guards https:\/\/a\.example\/mcp already/);
  }); // prettier-ignore

  it('is absent if tokens name the resource: such a source may guard several (F-55)', async () => {
    const sources = [auth0Tokens({ domain: 'acme.eu.auth0.com' }), verifyJwt({ issuer: 'https://as.example' }), verifyIntrospection(opaque), cognitoTokens({ userPoolId: 'eu-central-1_AbCdEf123' })];
    for (const externalTokens of sources) await expect(make({ externalTokens, apiRoute: ['/mcp', '/other'], apiHandler: handler })).resolves.toBeTruthy();
  }); // prettier-ignore

  it('that reads a header of its own is no external source (F-57)', async () => {
    const externalTokens = cloudflareAccessTokens({ domain: 'acme.cloudflareaccess.com', audience: 'a'.repeat(64) });
    await expect(make({ externalTokens })).rejects.toThrow(/`externalTokens` cannot be a source that reads a header of its own/);
  });
});
