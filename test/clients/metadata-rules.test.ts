/** What a registration may say, each rule at its edge, with the reason of each refusal. */
import { describe, expect, it } from 'vitest';
import { parseMetadata } from '../../src/clients/metadata.ts';
import { CLIENT_AUTH_METHODS, DEVICE_CODE } from '../../src/model/client.ts';

const GRANTS = ['authorization_code', 'refresh_token'];
const REDIRECT = 'https://app.example/cb';
const FETCH = { canFetch: true, isLoopback: false };
const KEYS = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] };

/** What is made of a registration with one redirect URI and these members; the reason where it is refused. */
function read(given: unknown, { grants = GRANTS, rules = undefined as typeof FETCH | undefined } = {}): unknown {
  const text = typeof given === 'string' ? given : JSON.stringify({ redirect_uris: [REDIRECT], ...(given as object) });
  try {
    return parseMetadata(text, grants, rules);
  } catch (error) {
    const { code, reason } = error as { code: string; reason: string };
    return `${code} ${reason}`;
  }
}
const part = (given: object, ...names: string[]): unknown[] => names.map((name) => (read(given) as Record<string, unknown>)[name]);

describe('clients/metadata, reasons', () => {
  it.each<[string, unknown]>([
    ['invalid_client_metadata metadata_not_json', '{'],
    ['invalid_client_metadata metadata_not_json', `${'{"a":'.repeat(16)}{}${'}'.repeat(16)}`],
    ['invalid_client_metadata metadata_not_object', '[]'],
    ['invalid_client_metadata metadata_not_object', 'null'],
    ['invalid_client_metadata metadata_not_object', '"x"'],
    ['invalid_redirect_uri redirects_missing', '{}'],
    ['invalid_redirect_uri redirects_missing', { redirect_uris: [] }],
    ['invalid_redirect_uri redirects_missing', { redirect_uris: [7] }],
    ['invalid_redirect_uri redirects_too_many', { redirect_uris: Array.from({ length: 17 }, (_, at) => `${REDIRECT}/${at}`) }],
    ['invalid_redirect_uri redirects_unusable', { redirect_uris: ['myapp:/cb'] }],
    ['invalid_redirect_uri web_client_on_loopback', { application_type: 'web', redirect_uris: ['http://localhost/cb', 'http://127.0.0.1/cb'] }],
    ['invalid_redirect_uri redirects_unusable', { application_type: 'web', redirect_uris: ['http://localhost/cb', 'myapp:/cb'] }],
    ['invalid_client_metadata metadata_grant_types_unusable', { grant_types: ['refresh_token'] }],
    ['invalid_client_metadata metadata_response_types_unusable', { response_types: ['token'] }],
    ['invalid_client_metadata metadata_token_endpoint_auth_method', { token_endpoint_auth_method: 'tls_client_auth' }],
    ['invalid_client_metadata metadata_keys_missing', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['invalid_client_metadata metadata_keys_twice', { token_endpoint_auth_method: 'private_key_jwt', jwks: KEYS, jwks_uri: 'https://app.example/keys' }],
    ['invalid_client_metadata metadata_jwks', { token_endpoint_auth_method: 'private_key_jwt', jwks: 'keys' }],
    ['invalid_client_metadata metadata_jwks_uri_not_read', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example/keys' }],
    ['invalid_client_metadata metadata_jwks_uri', { jwks_uri: 'https://10.0.0.1/keys' }],
    ['invalid_client_metadata metadata_require_pushed_authorization_requests', { require_pushed_authorization_requests: 'yes' }],
    ['invalid_client_metadata metadata_dpop_bound_access_tokens', { dpop_bound_access_tokens: 1 }],
  ])('says %s', (reason, given) => {
    expect(read(given)).toBe(reason);
  }); // prettier-ignore
});

describe('clients/metadata: hints about keys', () => {
  it.each([
    [{ jwks: KEYS, jwks_uri: 'https://app.example/keys' }, 'Send jwks or jwks_uri, not both.'],
    [{ jwks: 'keys' }, 'jwks must be a JWK set of public keys.'],
    [{ jwks_uri: 'https://app.example' }, 'jwks_uri must be an https URL with a path.'],
    [{ jwks_uri: 'https://app.example/keys' }, 'jwks_uri cannot be read by this server; send jwks.'],
  ])('say what to send instead of %j', (given, hint) => {
    const text = JSON.stringify({ redirect_uris: [REDIRECT], token_endpoint_auth_method: 'private_key_jwt', ...given });
    expect(() => parseMetadata(text, GRANTS)).toThrow(hint);
  });
});

describe('clients/metadata, members', () => {
  it('reads text of sixteen levels, sixteen redirect URIs, each once, and a name of 200 characters', () => {
    expect(read(`{"redirect_uris":["${REDIRECT}"],"x":${'{"a":'.repeat(14)}{}${'}'.repeat(14)}}`)).toHaveProperty('redirectUris');
    const uris = Array.from({ length: 16 }, (_, at) => `${REDIRECT}/${at}`);
    expect(read({ redirect_uris: uris })).toHaveProperty('redirectUris', uris);
    expect(read({ redirect_uris: [REDIRECT, REDIRECT] })).toHaveProperty('redirectUris', [REDIRECT]);
    expect(read({ client_name: 'x'.repeat(200) })).toHaveProperty('name', 'x'.repeat(200));
  });

  it.each(CLIENT_AUTH_METHODS.filter((one) => one !== 'private_key_jwt'))('takes the method %s, and keeps no keys with it', (method) => {
    expect(read({ token_endpoint_auth_method: method, jwks: KEYS })).toEqual({
      redirectUris: [REDIRECT],
      applicationType: 'native',
      grantTypes: GRANTS,
      authMethod: method,
      methodChosen: true,
    });
  });

  it('takes keys, or their address where it can be read', () => {
    const method = { token_endpoint_auth_method: 'private_key_jwt' };
    expect(read({ ...method, jwks: KEYS })).toMatchObject({ authMethod: 'private_key_jwt', jwks: KEYS });
    expect(read({ ...method, jwks: KEYS, jwks_uri: null })).toMatchObject({ jwks: KEYS });
    expect(read({ ...method, jwks_uri: 'https://app.example/keys' }, { rules: FETCH })).toMatchObject({ jwksUri: 'https://app.example/keys' });
    expect(read({ ...method, jwks_uri: 'https://app.example' }, { rules: FETCH })).toBe('invalid_client_metadata metadata_jwks_uri');
    expect(read({ ...method, jwks_uri: 'http://localhost/keys' }, { rules: FETCH })).toBe('invalid_client_metadata metadata_jwks_uri');
    expect(read({ ...method, jwks_uri: 'http://localhost/keys' }, { rules: { ...FETCH, isLoopback: true } })).toHaveProperty('jwksUri');
  }); // prettier-ignore

  it('has no member for what was not said', () => {
    for (const given of [{}, { client_name: null, client_uri: null, scope: null }, { client_name: '', client_uri: '', scope: '' }])
      expect(Object.keys(read(given) as object)).toEqual(['redirectUris', 'applicationType', 'grantTypes', 'authMethod']);
  });

  it('keeps the type of the application and what the client wants to be held to', () => {
    expect(part({ application_type: 'web' }, 'applicationType')).toEqual(['web']);
    expect(part({ require_pushed_authorization_requests: true, dpop_bound_access_tokens: true }, 'pushedOnly', 'dpopBound')).toEqual([
      true,
      true,
    ]);
    for (const value of [false, null])
      expect(read({ require_pushed_authorization_requests: value, dpop_bound_access_tokens: value })).toEqual(read({}));
  });

  it('keeps a scope of up to 2048 characters, which is no ceiling', () => {
    expect(part({ scope: 'a b' }, 'scope')).toEqual([['a', 'b']]);
    expect(part({ scope: 'x'.repeat(2048) }, 'scope')).toEqual([['x'.repeat(2048)]]);
    for (const scope of ['', 'x'.repeat(2049), 'a"b', [1], null]) expect(read({ scope })).toEqual(read({}));
  });

  it.each([
    'https://app.example/', 'http://app.example/x', 'http://localhost/', 'http://127.0.0.1/', 'http://11.0.0.1/', 'http://172.15.0.1/', 'http://172.32.0.1/',
    'http://192.169.0.1/', 'http://169.253.0.1/', 'http://a10.example/', `https://app.example/${'x'.repeat(2028)}`,
  ])('keeps the link %s', (uri) => {
    expect(part({ client_uri: uri }, 'uri')).toEqual([uri]);
  }); // prettier-ignore

  it.each([
    'ftp://app.example/', 'xhttps://app.example/', 'https://u@app.example/', 'https://app.example/a b', 'https://app.example/a\\b', 'app.example', 'http://0.0.0.0/', 'http://10.1.1.1/', 'http://127.0.0.2/',
    'http://169.254.1.1/', 'http://172.16.0.1/', 'http://172.20.0.1/', 'http://172.31.0.1/', 'http://192.168.0.1/', 'http://[fd00::1]/', `https://app.example/${'x'.repeat(2029)}`,
  ])('leaves the link %s out (SEC-076)', (uri) => {
    expect(read({ client_uri: uri })).toEqual(read({}));
  }); // prettier-ignore
});

describe('clients/metadata, grant types', () => {
  const grants = [...GRANTS, DEVICE_CODE];

  it('are what is offered and asked for, each once; a device has to ask', () => {
    expect(read({}, { grants })).toHaveProperty('grantTypes', GRANTS);
    expect(read({ grant_types: ['refresh_token', 'authorization_code', 'authorization_code', 'x'] })).toHaveProperty('grantTypes', ['refresh_token', 'authorization_code']);
    expect(read({ grant_types: ['authorization_code', DEVICE_CODE] }, { grants })).toHaveProperty('grantTypes', ['authorization_code', DEVICE_CODE]);
    expect(read({ grant_types: [DEVICE_CODE] })).toBe('invalid_client_metadata metadata_grant_types_unusable');
  }); // prettier-ignore

  it('let a device go without redirect URIs and response types, and nothing else', () => {
    const device = { grant_types: [DEVICE_CODE], response_types: [] };
    for (const uris of [undefined, []]) expect(read({ ...device, redirect_uris: uris }, { grants })).toMatchObject({ redirectUris: [], grantTypes: [DEVICE_CODE] });
    expect(read({ ...device, redirect_uris: 'x' }, { grants })).toBe('invalid_redirect_uri redirect_malformed');
    expect(read({ ...device, redirect_uris: 7 }, { grants })).toBe('invalid_redirect_uri redirects_missing');
    expect(read({ ...device, redirect_uris: [REDIRECT] }, { grants })).toHaveProperty('redirectUris', [REDIRECT]);
    const both = { grant_types: ['authorization_code', DEVICE_CODE], redirect_uris: [] };
    expect(read(both, { grants })).toBe('invalid_redirect_uri redirects_missing');
  }); // prettier-ignore
});
