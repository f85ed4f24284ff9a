import { describe, expect, it } from 'vitest';
import { type Client, DEVICE_CODE, JWT_BEARER, TOKEN_EXCHANGE } from '../../src/model/client.ts';
import { checkMembers, checkSecret, clientFrom, type ClientSpec } from '../../src/model/client-spec.ts';

const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] };
const jwksUri = 'https://client.example/keys';
const redirectUris = ['https://app.example/cb'];

describe('model/client-spec', () => {
  it('applies the defaults', () => {
    const usual = { id: 'app', applicationType: 'native', authMethod: 'client_secret_basic', createdAt: 7 };
    expect(clientFrom('app', {}, 7)).toStrictEqual({ ...usual, redirectUris: [], grantTypes: ['client_credentials'] });
    expect(clientFrom('app', { redirectUris }, 7)).toStrictEqual({
      ...usual,
      redirectUris,
      grantTypes: ['authorization_code', 'refresh_token'],
    });
    expect(clientFrom('app', { introspects: ['/mcp'] }, 7)).toStrictEqual({
      ...usual,
      redirectUris: [],
      grantTypes: [],
      introspects: ['/mcp'],
    });
    for (const keys of [{ jwks }, { jwksUri }, { jwksUri: 'http://localhost:3000/keys' }])
      expect(clientFrom('app', keys, 7)).toStrictEqual({
        ...usual,
        ...keys,
        redirectUris: [],
        grantTypes: ['client_credentials'],
        authMethod: 'private_key_jwt',
      });
  });

  it('keeps what the operator says', () => {
    const spec: ClientSpec = {
      name: 'App',
      uri: 'https://app.example',
      redirectUris: ['http://localhost/cb', 'com.example.app:/cb'],
      applicationType: 'web',
      grantTypes: ['authorization_code', DEVICE_CODE],
      authMethod: 'none',
      scope: ['read'],
      requirePushedAuthorizationRequests: true,
      dpopBoundAccessTokens: true,
    };
    const { requirePushedAuthorizationRequests: _pushed, dpopBoundAccessTokens: _bound, ...same } = spec;
    expect(clientFrom('app', spec, 7)).toEqual({ ...same, id: 'app', createdAt: 7, pushedOnly: true, dpopBound: true, methodChosen: true });
    const plain = clientFrom('app', { ...spec, requirePushedAuthorizationRequests: false, dpopBoundAccessTokens: false }, 7);
    expect(plain).toEqual({ ...same, id: 'app', createdAt: 7, methodChosen: true });
  });

  it.each(['a', 'A-b_9', 'a'.repeat(128), 'https://client.example/metadata.json', 'http://localhost:3000/metadata.json'])(
    'takes the id %j',
    (id) => {
      expect(clientFrom(id, {}, 0).id).toBe(id);
    },
  );

  it.each<[string, ClientSpec]>([
    ['its id must be 1 to 128 letters, digits, "-" and "_", or the URL of a document', {}],
    ['`applicationType` must be "native" or "web"', { applicationType: 'spa' as never }],
    ['`authMethod` must be one of none, client_secret_basic, client_secret_post, private_key_jwt', { authMethod: 'tls' as never }],
    ['`name` has invisible characters, or no visible ones', { name: 'a\u202eb' }],
    [
      `\`grantTypes\` holds "password", which is not one of authorization_code, refresh_token, ${DEVICE_CODE}, client_credentials, ${TOKEN_EXCHANGE}, ${JWT_BEARER}`,
      { grantTypes: ['client_credentials', 'password'] },
    ],
    ...['client_credentials', TOKEN_EXCHANGE, JWT_BEARER].map((type): [string, ClientSpec] => [
      `${type} needs a client that proves who it is; give it another \`authMethod\``,
      { grantTypes: [type], authMethod: 'none' },
    ]),
    ['`redirectUris` is empty, and sign-ins need one', { grantTypes: ['authorization_code'] }],
    [
      '`redirectUris` holds "http://app.example/cb", which is neither https nor loopback',
      { redirectUris: [...redirectUris, 'http://app.example/cb'] },
    ],
    ['`scope` holds "a b", which is not a scope', { scope: ['read', 'a b'] }],
    ['`introspects` holds "mcp"; name a path such as "/mcp", or a full URL', { introspects: ['/mcp', 'https://mcp.example/mcp', 'mcp'] }],
    ['`introspects` needs a client that proves who it is; give it another `authMethod`', { introspects: ['/mcp'], authMethod: 'none' }],
    ['give `jwks` or `jwksUri`, not both', { jwks, jwksUri }],
    ['private_key_jwt needs `jwks` or `jwksUri`', { authMethod: 'private_key_jwt' }],
    ['`jwks` must be `{ keys: [...] }` with public keys only', { jwks: { keys: [{ kty: 'EC', d: 'x' }] } }],
    ['`jwksUri` must be an https URL with a path', { jwksUri: 'http://client.example/keys' }],
  ])('refuses to start: %s', (problem, spec) => {
    const id = problem.startsWith('its id') ? 'a'.repeat(129) : 'app';
    expect(() => clientFrom(id, spec, 0)).toThrow(new TypeError(`The client "${id}": ${problem}.`));
  });

  it.each(['logoUri', 'policyUri', 'tosUri'] as const)('takes an https URL as `%s`, and nothing that a page must not link to', (member) => {
    const of = (link: string): Client => clientFrom('app', { redirectUris, [member]: link }, 0);
    expect(of('https://client.example/a?b=c')).toMatchObject({ [member]: 'https://client.example/a?b=c' });
    for (const link of [
      'javascript:alert(1)//https://a',
      'http://client.example/',
      'x https://client.example/',
      'https://',
      'https://a b',
      'https://a\nb',
      'https://a\\b',
      '',
    ])
      expect(() => of(link), link).toThrow(new TypeError(`The client "app": \`${member}\` must be an https URL.`));
    expect(clientFrom('app', { redirectUris }, 0)).not.toHaveProperty(member);
  });

  it('refuses a misspelt member, which would protect nothing (W-06)', () => {
    expect(() => checkMembers('clients.create', { redirectUris, dpopBoundAccessToken: true } as ClientSpec, '')).toThrow(
      new TypeError('clients.create: `dpopBoundAccessToken` is not an option; did you mean `dpopBoundAccessTokens`.'),
    );
    expect(() => checkMembers('clients.create', { redirectUris, secret: 'x' } as ClientSpec, '')).toThrow(/`secret` is not an option/);
    expect(() => checkMembers('x', { id: 'app', secret: 'x', redirectUris }, ' id secret')).not.toThrow();
  });

  it('refuses ids that begin or end with something else', () => {
    for (const id of ['', 'a b', '!a', 'a!', 'http://client.example/metadata.json'])
      expect(() => clientFrom(id, {}, 0)).toThrow(/its id must be/);
  });

  it('requires a secret of 32 characters if it is used, and none otherwise', () => {
    const check = (secret: string | undefined, authMethod: Client['authMethod']): void =>
      checkSecret(
        secret === undefined ? { id: 'app' } : { id: 'app', secret },
        clientFrom('app', { authMethod, jwks, redirectUris, grantTypes: [] }, 0),
      );
    for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
      expect(() => check('s'.repeat(32), method)).not.toThrow();
      for (const short of [undefined, 's'.repeat(31)])
        expect(() => check(short, method)).toThrow(new TypeError('The client "app" needs a `secret` of at least 32 characters.'));
    }
    expect(() => check(undefined, 'private_key_jwt')).not.toThrow();
    expect(() => check('s'.repeat(32), 'private_key_jwt')).toThrow(
      new TypeError('The client "app" has a `secret`, which private_key_jwt does not use.'),
    );
  });
});
