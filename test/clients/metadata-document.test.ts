import { describe, expect, it } from 'vitest';
import { clientOf, freshnessOf } from '../../src/clients/metadata-document.ts';
import type { OAuthError } from '../../src/model/error.ts';
import { DEVICE_CODE, JWT_BEARER } from '../../src/model/client.ts';

const ID = 'https://client.example/app.json';
const RULES = { canFetch: true, isLoopback: false, grantTypes: ['authorization_code', 'refresh_token'] };
const document = { client_id: ID, client_name: 'Notes app', redirect_uris: ['https://client.example/cb', 'http://localhost/cb'] };
const read = (changes: Record<string, unknown> = {}): ReturnType<typeof clientOf> =>
  clientOf(ID, JSON.stringify({ ...document, ...changes }), 1_790_000_000, RULES);
const reasonOf = (text: string): Pick<OAuthError, 'code' | 'status' | 'reason' | 'message'> => {
  try {
    clientOf(ID, text, 0, RULES);
  } catch (error) {
    const { code, status, reason, message } = error as OAuthError;
    return { code, status, reason, message };
  }
  throw new Error('It was taken.');
};
const refused = (changes: Record<string, unknown>): string => {
  const { code, status, reason, message } = reasonOf(JSON.stringify({ ...document, ...changes }));
  expect([code, status]).toEqual(['invalid_client', 400]);
  expect(message).toBe('This app is not registered here, and the document at its address could not be used.');
  return reason;
};

describe('clients/metadata-document: what a document must be', () => {
  it('describes a public client whose id is the URL (S-084)', () => {
    expect(read()).toEqual({
      id: ID,
      documentHost: 'client.example',
      name: 'Notes app',
      redirectUris: document.redirect_uris,
      applicationType: 'native',
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'none',
      createdAt: 1_790_000_000,
    });
  });

  it.each([`${ID}/`, 'https://client.example:443/app.json', 'https://CLIENT.example/app.json', `${ID} `, ` ${ID}`, 'https://client.example/app.JSON', '', null, 7, undefined])(
    'SEC-094 refuses the client_id %j: only the very same text is the same (S-084)',
    (id) => expect(refused({ client_id: id })).toBe('document_of_another_client'),
  ); // prettier-ignore

  it('SEC-095 refuses a document without name or redirect URIs (S-084)', () => {
    expect(refused({ client_name: undefined })).toBe('document_without_name');
    expect(refused({ client_name: '' })).toBe('document_without_name');
    for (const odd of [7, 'a\nb']) expect(refused({ client_name: odd })).toBe('document_without_name');
    for (const uris of [undefined, [], 7, [7]]) expect(refused({ redirect_uris: uris })).toBe('document_redirects_missing');
  });

  it('refuses a device without redirect URIs, which a registration may be', () => {
    const text = JSON.stringify({ ...document, grant_types: [DEVICE_CODE], redirect_uris: [] });
    expect(() => clientOf(ID, text, 0, { ...RULES, grantTypes: [DEVICE_CODE] })).toThrow(expect.objectContaining({ reason: 'document_redirects_missing' }));
  }); // prettier-ignore

  it('SEC-095 rejects every kind of shared secret, and private keys in public (S-085)', () => {
    for (const secret of [{ client_secret: 's' }, { client_secret: 0 }, { client_secret_expires_at: 0 }])
      expect(refused(secret)).toBe('document_with_secret');
    for (const method of ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'tls_client_auth', 7])
      expect(refused({ token_endpoint_auth_method: method })).toBe('document_auth_method');
    expect(refused({ token_endpoint_auth_methods_supported: ['client_secret_post', 'none'], token_endpoint_auth_method: 'client_secret_post' })).toBe('document_auth_method');
    for (const key of [{ kty: 'RSA', n: 'n', e: 'AQAB', d: 'd' }, { kty: 'EC', d: 'd' }, { kty: 'oct', k: 'k' }, 'key', null])
      expect(refused({ jwks: { keys: [key] } })).toBe('document_jwks');
    expect(refused({ jwks: 'keys' })).toBe('document_jwks');
    for (const empty of ['', null]) expect(read({ client_secret: empty, jwks_uri: empty }).authMethod).toBe('none');
    expect(read({ jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] } }).authMethod).toBe('none');
  }); // prettier-ignore

  it('accepts a client without a secret, or with a key; one that lists both may use either (S-085, S-091)', () => {
    const preferred = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://client.example/keys' };
    const { jwks_uri: jwksUri } = preferred;
    expect(read(preferred)).toMatchObject({ authMethod: 'private_key_jwt', jwksUri });
    expect(read({ ...preferred, token_endpoint_auth_methods_supported: ['private_key_jwt'] })).toMatchObject({
      authMethod: 'private_key_jwt',
      jwksUri,
    });
    expect(read({ ...preferred, token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] })).toMatchObject({
      authMethod: 'none',
      jwksUri,
    });
    expect([read(preferred).grantTypes, read().grantTypes]).toEqual([[...RULES.grantTypes, JWT_BEARER], RULES.grantTypes]);
    expect(read({ ...preferred, token_endpoint_auth_methods_supported: ['none'] })).not.toHaveProperty('jwksUri');
    expect(refused({ token_endpoint_auth_method: 'private_key_jwt' })).toBe('document_without_keys');
    expect(refused({ ...preferred, jwks: { keys: [] } })).toBe('document_keys_twice');
    for (const uri of ['http://client.example/keys', 'https://client.example', 'https://u@client.example/keys'])
      expect(refused({ ...preferred, jwks_uri: uri })).toMatch(/^document_(metadata_)?jwks_uri$/);
    expect(read({ token_endpoint_auth_method: 'none' }).authMethod).toBe('none');
  });

  it('SEC-095 takes nothing else from it: no rights, no secret hash, no life of its own', () => {
    const client = read({ secretHash: 'x', authMethod: 'client_secret_post', expiresAt: 1, trusted: true, documentHost: 'bank.example', software_statement: 'x', createdAt: 1 });
    expect(client).toEqual(read());
  }); // prettier-ignore

  it.each(['javascript:alert(1)', 'http://client.example/cb', 'https://client.example/cb#f', 'https://u@client.example/cb'])(
    'holds the redirect URI %s to the same rules as a registration (S-086)',
    (uri) => expect(refused({ redirect_uris: [uri] })).toMatch(/^document_redirect_/),
  );

  it.each(['', 'null', '[]', '"x"', '{', '{"client_id":"a","client_id":"b"}', `${'['.repeat(50)}${']'.repeat(50)}`])('refuses %j, which is no JSON object of the plain kind (S-084)', (text) => {
    expect(reasonOf(text).reason).toMatch(/^document_metadata_not_(json|object)$/);
  }); // prettier-ignore
});

describe('clients/metadata-document: how long it may be kept', () => {
  it.each([
    [{}, 300], [{ 'cache-control': '' }, 300], [{ 'cache-control': 'public' }, 300], [{ 'cache-control': 'max-age=60' }, 60], [{ 'cache-control': 'max-age=60,, public,' }, 60], [{ 'cache-control': 'max-age =60' }, 0], [{ 'cache-control': 'max-age=60 x' }, 0], [{ 'cache-control': 'max-age=60', age: '-5' }, 60], [{ 'cache-control': 'MAX-AGE=60, must-revalidate' }, 60],
    [{ 'cache-control': 'max-age=99999999' }, 86_400], [{ 'cache-control': 'max-age=999999999999' }, 86_400], [{ 'cache-control': 'max-age="60"' }, 60],
    [{ 'cache-control': 'max-age=60, s-maxage=10' }, 10], [{ 'cache-control': 'max-age=60', age: '50' }, 10], [{ 'cache-control': 'max-age=60', age: '90' }, 0],
    [{ 'cache-control': 'no-store' }, 0], [{ 'cache-control': 'max-age=60, no-store' }, 0], [{ 'cache-control': 'private' }, 0], [{ 'cache-control': 'private="x, y", max-age=60' }, 0],
    [{ 'cache-control': 'no-cache' }, 0], [{ 'cache-control': 's-maxage=0' }, 0], [{ 'cache-control': 'max-age=60, s-maxage=0' }, 0], [{ 'cache-control': 'max-age=0' }, 0],
    [{ 'cache-control': 'max-age=60, max-age=90' }, 0], [{ 'cache-control': 'max-age=-1' }, 0], [{ 'cache-control': 'max-age=x' }, 0], [{ 'cache-control': 'max-age' }, 0],
    [{ vary: '*' }, 0], [{ vary: 'accept, *', 'cache-control': 'max-age=60' }, 0], [{ vary: 'accept', 'cache-control': 'max-age=60' }, 60],
  ] as [Record<string, string>, number][])('SEC-096 keeps an answer with %j for %i s (S-087)', (headers, seconds) => {
    expect(freshnessOf(new Headers(headers))).toBe(seconds);
  }); // prettier-ignore
});
