/** A value of a wrong type is refused at start-up by the name of its option, above all one that would switch a check off. */
import { describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { guard } from '../../src/guard/guard.ts';
import { checkTypes } from '../../src/lib/check-options.ts';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { policy } from '../../src/mcp/policy/policy.ts';
import { OAuthProvider } from '../../src/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { auth0, keycloak } from '../../src/upstreams/oidc.ts';
import { entra } from '../../src/upstreams/work-accounts.ts';
import { github } from '../../src/upstreams/github.ts';
import { oauth2 } from '../../src/upstreams/oauth2.ts';

const APP = { clientId: 'a', clientSecret: 'b' };
const any = (value: unknown): never => value as never;
const provider = (options: object): unknown =>
  new OAuthProvider(any({ apiRoute: '/mcp', apiHandler: () => new Response(), logins: [password()], store: memoryStore(), ...options }));
const guarded = (options: object): unknown =>
  guard(any({ resource: 'https://mcp.example/mcp', authorizationServers: ['https://as.example'], verify: async () => null, ...options }));
const issuer = (options: object): unknown =>
  provider({ scopesSupported: ['a'], trustedIssuers: [{ issuer: 'https://idp.example', kind: 'enterprise', jwksUri: 'https://idp.example/keys', scope: ['a'], ...options }] }); // prettier-ignore
const client = (options: object): unknown =>
  provider({ clients: [{ id: 'c', secret: 'x'.repeat(32), redirectUris: ['https://c.example/cb'], ...options }] });

describe('options/wrong types', () => {
  it.each([
    ['boolean', [true, false], ['true', 0, null]],
    ['string', ['', 'a'], [7, null, ['a']]],
    ['string|function', ['a', (): string => 'a'], [7, null]],
    ['function', [(): number => 1], ['a', null, {}]],
    ['string[]', [[], ['a']], ['a', [7], null, {}]],
    ['object', [{}, { a: 1 }], [[], null, 'a']],
    ['number', [1, 0.5], ['1', null]],
  ])('knows the type %s', (type, right, wrong) => {
    const known = `other value:${type}`;
    for (const value of right) expect(() => checkTypes('owner', { value }, known)).not.toThrow();
    for (const value of wrong) expect(() => checkTypes('owner', { value }, known)).toThrow(new TypeError(`owner: \`value\` must be of type ${type}.`)); // prettier-ignore
    expect(() => checkTypes('owner', {}, known)).not.toThrow();
    expect(() => checkTypes('owner', { nam: 1 }, `name ${known}`)).toThrow('did you mean `name`');
  });

  it.each([
    ['anonymous', () => guarded({ anonymous: 'false' })],
    ['authorizationServers', () => guarded({ authorizationServers: 'https://as.example' })],
    ['requiredScopes', () => guarded({ requiredScopes: 'read' })],
    ['anonymous', () => policy({ tools: { a: { anonymous: any('false') } } })],
    ['scopes', () => policy({ tools: { a: { scopes: any('read') } } })],
    ['strict', () => policy({ strict: any('true') })],
    ['joinByEmail', () => upstream(github(APP), { joinByEmail: any('false') })],
    ['mapIdentity', () => upstream(github(APP), { mapIdentity: any({}) })],
    ['emailDomains', () => upstream(github(APP), { emailDomains: any('acme.example') })],
    ['organizations', () => github({ ...APP, organizations: any('acme') })],
    ['teams', () => github({ ...APP, teams: any('acme/mcp') })],
    ['clientId', () => github({ ...APP, clientId: any(null) })],
    ['domain', () => auth0(any(APP))],
    ['tenant', () => entra(any(APP))],
    ['url', () => keycloak(any({ ...APP, realm: 'a' }))],
    ['issuer', () => oauth2(any(APP))],
    ['claims', () => issuer({ claims: 'acme' })],
    ['maxAssertionLife', () => issuer({ maxAssertionLife: '300' })],
    ['maxAssertionLife', () => issuer({ maxAssertionLife: Number.NaN })],
    ['algorithms', () => issuer({ algorithms: 'ES256' })],
    ['clients', () => issuer({ clients: 'c' })],
    ['user', () => issuer({ user: 'ada' })],
    ['redirectUris', () => client({ redirectUris: 'https://c.example/cb' })],
    ['applicationType', () => client({ applicationType: 'desktop' })],
    ['dpopBoundAccessTokens', () => client({ dpopBoundAccessTokens: 'false' })],
    ['scope', () => client({ scope: 'read' })],
    ['name', () => provider({ name: '' })],
    ['name', () => provider({ resources: { '/mcp': { name: 7 } } })],
    ['resources', () => provider({ resources: null })],
    ['clientRegistration', () => provider({ clientRegistration: true })],
    ['words', () => provider({ pages: { words: 'de' } })],
    ['unlocks', () => provider({ scopesSupported: { a: { unlocks: 'tool' } } })],
    ['languages', () => adminApi({ permission: 'admin', languages: any('de') })],
    ['language', () => adminApi(any({ permission: 'admin', language: {} }))],
  ])('names `%s` at start-up', (name, start) => {
    expect(start).toThrow(TypeError);
    expect(start).toThrow(new RegExp(`\\b${name}\\b\`? (?:must|is missing|is not an option)|\`${name}\`: the options must be an object`));
  });
});
