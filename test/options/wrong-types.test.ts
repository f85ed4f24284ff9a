/** A value of a wrong type is refused at start-up by the name of its option, above all one that would switch a check off. */
import { describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { guard } from '../../src/guard/guard.ts';
import { checkNames } from '../../src/lib/names.ts';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { policy } from '../../src/mcp/policy/policy.ts';
import { OAuthProvider } from '../../src/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { auth0 } from '../../src/upstreams/auth0.ts';
import { entra } from '../../src/upstreams/entra.ts';
import { github } from '../../src/upstreams/github.ts';
import { keycloak } from '../../src/upstreams/keycloak.ts';
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
    ['true or false', 'flag?', [true, false], ['true', 0, null]],
    ['a string', 'text"', ['', 'a'], [7, null, ['a']]],
    ['a string that is not empty', 'text!', ['a'], [undefined, '', 7, null]],
    ['a string or a function', 'text"()', ['a', (): string => 'a'], [7, null]],
    ['a function', 'call()', [(): number => 1], ['a', null, {}]],
    ['a list of strings', 'list[]', [[], ['a']], ['a', [7], null, {}]],
    ['an object', 'map{}', [{}, { a: 1 }], [[], null, 'a']],
    ['a number above 0', 'number#', [1, 0.5], [0, -1, Number.NaN, Infinity, '1', null]],
  ])('knows %s by the mark of %s', (what, known, right, wrong) => {
    const name = known.replace(/\W+$/, '');
    for (const value of right) expect(() => checkNames('owner', { [name]: value }, `other ${known}`)).not.toThrow();
    for (const value of wrong) expect(() => checkNames('owner', { [name]: value }, `other ${known}`)).toThrow(new TypeError(`owner: \`${name}\` must be ${what}.`)); // prettier-ignore
    expect(() => checkNames('owner', { nam: 1 }, `name ${known}`)).toThrow('did you mean `name`');
  });

  it.each([
    ['anonymous', () => guarded({ anonymous: 'false' })],
    ['tokenOf', () => guarded({ tokenOf: 'x-token' })],
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
    expect(start).toThrow(new RegExp(`\\b${name}\\b\`? (?:must|is not an option)|\`${name}\`: the options must be an object`));
  });
});
