/** What newcomers wrote that nothing told them was wrong: each is refused at the start, with the option and what to write instead. */
import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import { emailCode } from '../../src/logins/email-code.ts';
import { existingSession, login } from '../../src/logins/own-login.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { password } from '../../src/logins/password.ts';
import { totp } from '../../src/logins/totp.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { boundSessions, cachedPermissions, catalogue, McpAgent, mcpHandler, mount, policy, sessions, tool } from '../../src/mcp/index.ts';
import type { FetchObject } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { mcpAuthRouter, requireBearerAuth } from '../../src/mcp-sdk-v1/index.ts';
import { expressGuard, nodeListener, serve } from '../../src/node/index.ts';
import { OAuthProvider as OldProvider } from '../../src/workers-oauth-provider/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import * as sites from '../../src/upstreams/index.ts';
import * as verifiers from '../../src/verifiers/index.ts';
import { McpServer } from '@modelcontextprotocol/server';

/** As JavaScript, which knows no types. */
type Loose = (...given: unknown[]) => unknown;
const loose = (value: unknown): Loose => value as Loose;
const good = { apiRoute: '/mcp', apiHandler: (): Response => new Response(), logins: [password()], store: memoryStore() };

/** The message of the TypeError that this throws. */
function messageOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

const provider =
  (options: object): (() => unknown) =>
  () =>
    new OAuthProvider({ ...good, ...options } as never);
const github = sites.github({ clientId: 'id', clientSecret: 'secret' });

describe('OAuthProvider refuses at the start (N-14)', () => {
  it.each([
    ['a login that was not called', { logins: [password] }, '`logins` holds a function; call it: password()'],
    ['a site in place of a login', { logins: [github] }, '`logins` holds the site github itself; write upstream(github({ … }))'],
    [
      'a second factor among the logins',
      { logins: [password(), totp()] },
      '`logins` holds a second factor; give it as `secondFactor: totp()`',
    ],
    ['nothing among the logins', { logins: [undefined] }, '`logins` holds a value that is not a login'],
    ['a login without its list', { logins: password() }, '`logins` must be a list: write logins: [password()]'],
    ['a list of second factors', { secondFactor: [totp()] }, '`secondFactor` must be what totp() returns, not a list of it'],
    ['a second factor that was not called', { secondFactor: totp }, '`secondFactor` must be what totp() returns'],
    ['a login as the second factor', { secondFactor: password() }, '`secondFactor` is a way to sign in; put it into `logins`'],
    ['scopes in one text', { scopesSupported: 'a b' }, "`scopesSupported` must be a list of scopes such as ['notes:read', 'notes:write']"],
    ['scopes that are no texts', { scopesSupported: ['a', 5] }, '`scopesSupported` must be a list'],
    ['required scopes in one text', { requiredScopes: 'a b' }, '`requiredScopes` must be a list'],
    ['a misspelt option', { scopesSuported: ['a'] }, '`scopesSuported` is not an option of OAuthProvider; did you mean `scopesSupported`'],
    ['an option in other capitals', { accessTokenTtl: 60 }, 'did you mean `accessTokenTTL`'],
    ['an option that is like no other', { xyzzy: 1 }, '`xyzzy` is not an option of OAuthProvider; remove it, or check its spelling'],
  ])('%s', (_name, options, message) => {
    expect(messageOf(provider(options))).toContain(message);
  });
});

describe('a factory refuses at the start (N-14)', () => {
  it.each([
    ['password', () => loose(password)({ accounts: [{ username: 'ada' }] }), 'password: `accounts` must be a function of the environment'],
    ['password', () => loose(password)({ signup: 'open' }), 'password: `signup` is not an option; did you mean `signUp`'],
    ['password', () => loose(password)([]), 'password: the options must be an object, such as { accounts: … }'],
    ['emailCode', () => loose(emailCode)({ sendMail: () => {} }), 'emailCode: `sendMail` is not an option; did you mean `sendEmail`'],
    ['emailCode', () => loose(emailCode)(), 'emailCode: `sendEmail` must be a function'],
    ['passkeys', () => loose(passkeys)({ rpID: 'x' }), 'passkeys: `rpID` is not an option; did you mean `rpId`'],
    ['existingSession', () => loose(existingSession)({ find: () => null, loginUrl: '/' }), '`loginUrl` is not an option'],
    ['login', () => loose(login)({ id: 'x', lable: 'x' }), 'login: `lable` is not an option; did you mean `label`'],
    ['upstream', () => loose(upstream)(sites.github), 'upstream: the first argument must be a site of portcullis/upstreams'],
    [
      'upstream',
      () => loose(upstream)(github, { emailDomain: ['a.example'] }),
      '`emailDomain` is not an option; did you mean `emailDomains`',
    ],
    ['policy', () => loose(policy)({ tool: {} }), 'policy: `tool` is not an option; did you mean `tools`'],
    ['policy', () => loose(policy)({ tools: { a: { scope: ['x'] } } }), 'tools.a: `scope` is not an option; did you mean `scopes`'],
    [
      'tool',
      () => loose(tool)({ name: 'a', permission: ['x'], handler: () => ({}) }),
      '`permission` is not an option; did you mean `permissions`',
    ],
    ['catalogue', () => loose(catalogue)([], { stict: true }), 'catalogue: `stict` is not an option'],
    [
      'cachedPermissions',
      () => loose(cachedPermissions)(() => [], { second: 0 }),
      'cachedPermissions: `second` is not an option; did you mean `seconds`',
    ],
    ['totp', () => loose(totp)({ required: true }), 'totp: it has no options'],
    [
      'nodeListener',
      () => loose(nodeListener)({ fetch() {} }, { trustProxy: true }),
      'nodeListener: trustProxy must be a number, at least 0',
    ],
    ['nodeListener', () => loose(nodeListener)({ fetch() {} }, { bodyLimit: '4mb' }), 'nodeListener: bodyLimit must be a number'],
    [
      'nodeListener',
      () => loose(nodeListener)({ fetch() {} }, { maxRequests: NaN }),
      'nodeListener: maxRequests must be a number, at least 1',
    ],
    [
      'nodeListener',
      () => loose(nodeListener)({ fetch() {} }, { requestTimeout: 0 }),
      'nodeListener: requestTimeout must be a number, at least 1',
    ],
    [
      'nodeListener',
      () => loose(nodeListener)({ fetch() {} }, { origin: 'https://a.example/' }),
      'nodeListener: origin must be scheme and host alone',
    ],
    ['nodeListener', () => loose(nodeListener)({ fetch() {} }, { onError: 'x' }), 'nodeListener: onError must be a function'],
    [
      'nodeListener',
      () => loose(nodeListener)({ fetch() {} }, { overrideGlobalObjects: 'false' }),
      'nodeListener: overrideGlobalObjects must be true or false',
    ],
    ['expressGuard', () => loose(expressGuard)(() => null, { orgin: 'x' }), 'expressGuard: `orgin` is not an option'],
    ['mcpAuthRouter', () => loose(mcpAuthRouter)({ trustProxy: true }), 'mcpAuthRouter: `trustProxy` must be of type number.'],
    [
      'requireBearerAuth',
      () => loose(requireBearerAuth)({ requiredScopes: 'read' }),
      'requireBearerAuth: `requiredScopes` must be of type string[].',
    ],
    [
      'old entry',
      () => loose((options: never) => new OldProvider(options))({ requiredScopes: 'read' }),
      'OAuthProvider: `requiredScopes` must be of type string[].',
    ],
    [
      'old entry',
      () => loose((options: never) => new OldProvider(options))({ allowTokenExchangeGrant: 'false' }),
      'OAuthProvider: `allowTokenExchangeGrant` must be of type boolean.',
    ],
    ['sessions', () => loose(sessions)({ sse: 'false' }), 'sessions: `sse` must be of type boolean.'],
    ['sessions', () => loose(sessions)({ keep: 60 }), 'sessions: `keep` is not an option; there are idle, most, sse'],
    [
      'boundSessions',
      () => loose(boundSessions)({ fetch() {} }, { mots: 3 }),
      'boundSessions: `mots` is not an option; did you mean `most`',
    ],
    ['mcpHandler', () => loose(mcpHandler)(() => null, { polici: 1 }), 'mcpHandler: `polici` is not an option; did you mean `policy`'],
    [
      'guard',
      () => loose(guard)({ resource: 'https://a.example', requiredScope: ['x'] }),
      'guard: `requiredScope` is not an option; did you mean',
    ],
    ['nodeListener', () => loose(nodeListener)({ fetch() {} }, { proxy: 1 }), 'nodeListener: `proxy` is not an option'],
  ])('%s: %s', (_name, make, message) => {
    expect(messageOf(make)).toContain(message);
  });

  const SITES = Object.entries(sites).filter(
    ([, value]) => typeof value === 'function' && !/Error|codeFlow|identityOf/.test(String(value.name)),
  );
  it.each(SITES)('the site %s: nothing at all, and an option that no provider has', (name, make) => {
    expect(messageOf(() => loose(make)())).toContain(`${name}: give an object with \`clientId\``);
    expect(messageOf(() => loose(make)({ clientId: 'a', clientSecrett: 'b' }))).toBe(
      `${name}: \`clientSecrett\` is not an option; did you mean \`clientSecret\`.`,
    );
  });

  const id = '00000000-0000-4000-8000-000000000000';
  const SOURCES: readonly [name: keyof typeof verifiers, options: object][] = [
    ['verifyJwt', { issuer: 'https://a.example' }],
    ['verifyIntrospection', { issuer: 'https://a.example', clientId: 'a', clientSecret: 'b' }],
    ['auth0Tokens', { domain: 'a.example' }],
    ['oktaTokens', { domain: 'a.example' }],
    ['logtoTokens', { domain: 'a.example' }],
    ['keycloakTokens', { realm: 'https://a.example/realms/b' }],
    ['entraTokens', { tenant: id, clientId: id }],
    ['googleTokens', { clientIds: ['a'] }],
    ['apiKeys', { prefix: 'a_', find: () => null }],
    ['clerkTokens', { domain: 'a.example', clientIds: ['a'] }],
    ['cognitoTokens', { userPoolId: 'eu-central-1_AbCdEf123' }],
    ['proofs', { store: memoryStore() }],
  ];
  it.each(SOURCES)('the source %s: an option that is not there', (name, options) => {
    const make = loose(Object.entries(verifiers).find(([one]) => one === name)?.[1]);
    expect(messageOf(() => make(options))).toBe('nothing was thrown');
    expect(messageOf(() => make({ ...options, clockSkews: 3 }))).toContain('`clockSkews` is not an option');
  });

  it('serve of Node: with the nearest name', async () => {
    await expect(loose(serve)({ fetch() {} }, { prot: 80 })).rejects.toThrow('serve: unknown option prot; did you mean `port`');
  });
});

class Notes extends McpAgent {
  server = new McpServer({ name: 'notes', version: '1.0.0' });
  init(): void {}
}

describe('an agent', () => {
  it('refuses unknown options of serve() (N-14)', () => {
    expect(messageOf(() => loose(Notes.serve.bind(Notes))('/mcp', { session: sessions() }))).toContain(
      '`session` is not an option; did you mean `sessions`',
    );
  });

  it('refuses to start without a `server` (N-14)', () => {
    class Bare extends (McpAgent as unknown as new () => { server: McpServer }) {
      init(): void {
        this.server.registerTool('a', {}, () => ({ content: [] }));
      }
    }
    expect(messageOf(() => loose((Bare as unknown as typeof Notes).serve.bind(Bare as never))('/mcp'))).toContain(
      'McpAgent: Bare has no `server`; write server = new McpServer({ name, version }) in the class',
    );
    expect(messageOf(() => (Bare as unknown as typeof Notes).Router)).toContain('Bare has no `server`');
  });

  it('starts with a `server` in any form', () => {
    class Field extends Notes {}
    class Getter extends McpAgent {
      get server(): McpServer {
        return new McpServer({ name: 'a', version: '1' });
      }
      init(): void {}
    }
    class Later extends McpAgent {
      declare server: McpServer;
      init(): void {
        Object.assign(this, { server: new McpServer({ name: 'a', version: '1' }) });
      }
    }
    expect([Field.serve(), Getter.serve(), Later.serve(), Field.Router].map(({ fetch }) => typeof fetch)).toEqual(
      Array(4).fill('function'),
    );
  });
});

describe('a route and the path that its handler serves (N-12)', () => {
  const at = (path: string): FetchObject => Notes.serve(path) as FetchObject;
  const notes = at('/mcp');
  it.each([
    ['the same path', { apiRoute: '/mcp', apiHandler: at('/mcp') }],
    ['a path below the route', { apiRoute: '/api', apiHandler: at('/api/mcp') }],
    ['the root', { apiRoute: '/', apiHandler: at('/') }],
    ['the Router, which serves anywhere', { apiRoute: '/api/mcp', apiHandler: Notes.Router }],
    ['two routes with a handler each', { apiRoute: undefined, apiHandler: undefined, apiHandlers: { '/a': at('/a'), '/b': at('/b') } }],
    ['several agents under one route', { apiRoute: '/mcp', apiHandler: mount({ '/mcp/a': Notes.Router, '/mcp/b': at('/mcp/b') }) }],
    [
      'several agents, each a resource',
      { apiRoute: ['/mcp/a', '/mcp/b'], apiHandler: mount({ '/mcp/a': Notes.Router, '/mcp/b': Notes.Router }) },
    ],
    ['tenants below paths', { apiHandler: at('/mcp'), issuer: 'https://mcp.example', tenants: { acme: { issuer: '/acme' } } }],
  ])('fit: %s', (_name, options) => {
    const given = Object.fromEntries(Object.entries({ ...good, ...options }).filter(([, value]) => value !== undefined));
    expect(messageOf(() => new OAuthProvider(given as never))).toBe('nothing was thrown');
  });

  it.each([
    ['another path', { apiRoute: '/api/mcp', apiHandler: notes }, '/api/mcp', '/mcp'],
    ['a path that only begins alike', { apiRoute: '/mcp', apiHandler: at('/mcp2') }, '/mcp', '/mcp2'],
    ['a path above the route, where it answers nothing', { apiRoute: '/mcp/v1', apiHandler: notes }, '/mcp/v1', '/mcp'],
    ['the root, which is that path alone', { apiRoute: '/', apiHandler: notes }, '/', '/mcp'],
    ['one of two routes', { apiRoute: ['/mcp', '/rest'], apiHandler: notes }, '/rest', '/mcp'],
    [
      'two handlers the wrong way round',
      { apiRoute: undefined, apiHandler: undefined, apiHandlers: { '/a': at('/b'), '/b': at('/a') } },
      '/a',
      '/b',
    ],
    [
      'a path that another route takes',
      { apiRoute: undefined, apiHandler: undefined, apiHandlers: { '/a': at('/a/b'), '/a/b': Notes.Router } },
      '/a',
      '/a/b',
    ],
    ['behind boundSessions', { apiRoute: '/api/mcp', apiHandler: boundSessions(notes) }, '/api/mcp', '/mcp'],
    ['an agent of several', { apiRoute: '/mcp', apiHandler: mount({ '/mcp/a': Notes.Router, '/b': Notes.Router }) }, '/mcp', '/b'],
    [
      'a tenant',
      { apiRoute: '/api', apiHandler: notes, issuer: 'https://mcp.example', tenants: { acme: { issuer: '/acme' } } },
      '/api',
      '/mcp',
    ],
  ])('are refused at the start with both paths: %s', (_name, options, route, served) => {
    const given = Object.fromEntries(Object.entries({ ...good, ...options }).filter(([, value]) => value !== undefined));
    const message = messageOf(() => new OAuthProvider(given as never));
    expect(message).toContain(`\`apiRoute\` ${route} and the path of its handler, ${served}, do not fit`);
  });

  it('are compared inside of mount(), too', () => {
    expect(messageOf(() => mount({ '/mcp/a': notes }))).toContain('mount: /mcp/a and the path of its handler, /mcp, do not fit');
  });
});
