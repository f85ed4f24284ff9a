import { describe, expect, it } from 'vitest';
import { parseMetadata } from '../../src/clients/metadata.ts';

const GRANTS = ['authorization_code', 'refresh_token'];
const good = { redirect_uris: ['https://app.example/cb'] };
const parse = (given: Record<string, unknown>): ReturnType<typeof parseMetadata> =>
  parseMetadata(JSON.stringify({ ...good, ...given }), GRANTS);
const codeOf = (given: Record<string, unknown>): unknown => {
  try {
    return parse(given);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('clients/metadata', () => {
  it('fills in what is left out (RFC 7591 §2), and leaves out what it does not know', () => {
    expect(parse({ software_id: 'x', software_statement: 'x.y.z', admin: true, first_party: true, constructor: 'x' })).toEqual({
      redirectUris: good.redirect_uris,
      applicationType: 'native',
      grantTypes: GRANTS,
      authMethod: 'client_secret_basic',
    });
  });

  it('keeps whether a client chose its method (R-09)', () => {
    expect(parse({ token_endpoint_auth_method: 'client_secret_post' })).toMatchObject({
      authMethod: 'client_secret_post',
      methodChosen: true,
    });
    expect(parse({ token_endpoint_auth_method: null })).not.toHaveProperty('methodChosen');
  });

  it('touches no prototype', () => {
    const parsed = parseMetadata(
      '{"redirect_uris":["https://app.example/cb"],"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}',
      GRANTS,
    );
    expect(['admin' in parsed, 'x' in {}]).toEqual([false, false]);
  });

  it.each([
    ['SEC-004', 'https://app.example/\tcb'], ['SEC-004', 'https://app.example/cb\0'], ['SEC-005', 'https://good.example@evil.example/cb'],
    ['SEC-005', 'https://good.example:443@evil.example'], ['SEC-006', 'https://app.example/cb#x'], ['SEC-006', 'https://app.example/cb#'],
    ['SEC-007', 'javascript:alert(1)'], ['SEC-007', 'DATA:text/html,x'], ['SEC-007', 'vbscript:x'], ['SEC-007', 'file:///x'], ['SEC-007', 'blob:https://a/x'],
    ['SEC-007', 'about:blank'], ['SEC-007', 'filesystem:https://a/x'], ['SEC-008', 'http://app.example/cb'], ['SEC-008', 'http://localhost.evil/cb'],
    ['SEC-008', 'http://127.0.0.1.nip.io/cb'], ['SEC-008', 'http://localhost@evil.example/cb'], ['SEC-010', 'http://127.1/cb'], ['SEC-010', 'http://0x7f.1/cb'],
    ['SEC-010', 'http://2130706433/cb'], ['SEC-010', 'http://[::ffff:127.0.0.1]/cb'], ['SEC-010', 'http://localhost./cb'], ['SEC-013', 'https://аррӏе.com/cb'],
    ['SEC-017', 'https://app.example/cb?code=1'], ['SEC-017', 'https://app.example/cb?x=1&st%61te=1'], ['SEC-017', 'https://app.example/cb?iss=x'],
    ['SEC-017', 'https://app.example/cb?error=x'], ['SEC-175', `https://app.example/${'x'.repeat(3000)}`], ['SEC-004', ''], ['SEC-004', '/cb'], ['SEC-004', 'cb'],
  ])('%s registers no %j: refused alone, and left out or refused beside a good one', (_id, uri) => {
    expect(codeOf({ redirect_uris: [uri] })).toBe('invalid_redirect_uri');
    const beside = codeOf({ redirect_uris: ['https://app.example/cb', uri] });
    const isHarmless = uri === '' || (!uri.includes('@') && /^http:|#|[?&](code|st%61te|iss|error)=/.test(uri));
    if (isHarmless) expect(beside).toHaveProperty('redirectUris', ['https://app.example/cb']);
    else expect(beside).toBe('invalid_redirect_uri');
  }); // prettier-ignore

  it('lists private-use schemes that are not known only beside a URI that can be used (R-07, SEC-012)', () => {
    expect(parse({ redirect_uris: ['https://app.example/cb', 'myapp:/cb'] }).redirectUris).toHaveLength(2);
    expect(codeOf({ redirect_uris: ['myapp:/cb'] })).toBe('invalid_redirect_uri');
    expect(parse({ redirect_uris: ['com.app:/cb'] }).redirectUris).toHaveLength(1);
  });

  it('SEC-011 registers no loopback for a web client', () => {
    expect(codeOf({ redirect_uris: ['http://localhost:3000/cb'], application_type: 'web' })).toBe('invalid_redirect_uri');
    expect(parse({ redirect_uris: ['http://localhost:3000/cb'] }).applicationType).toBe('native');
  });

  it.each([[[]], [''], [['']], [null], [[1]], [7], [{}], [Array.from({ length: 17 }, (_, at) => `https://app.example/${at}`)]])(
    'takes a list of one to sixteen redirect URIs, not %j',
    (uris) => {
      expect(codeOf({ redirect_uris: uris })).toBe('invalid_redirect_uri');
    },
  );

  const HOSTILE = [
    'javascript:alert(1)', 'JAVASCRIPT:x', 'data:text/html,x', 'file:///etc/passwd', 'http://10.0.0.1/', 'http://192.168.1.1/x', 'http://172.16.0.1/',
    'http://169.254.169.254/latest', 'http://127.0.0.2/', 'http://[fd00::1]/', 'http://0.0.0.0/', 'https://user@app.example/', 'java\tscript:x', ' https://app.example', 7, {}, '//app.example',
  ]; // prettier-ignore

  it.each(['client_uri', 'logo_uri', 'tos_uri', 'policy_uri', 'logo_uri#de', 'client_uri#ja-Kana-JP'])(
    'ignores an unsafe link in %s, and registers the client (R-20, SEC-076)',
    (name) => {
      for (const value of HOSTILE) expect(parse({ [name]: value, client_name: 'Notes' })).toEqual({ ...parse({}), name: 'Notes' });
      expect(codeOf({ [name]: 'https://app.example/x' })).not.toBe('invalid_client_metadata');
    },
  );

  it('rejects a jwks_uri at a private address (SEC-076)', () => {
    for (const value of HOSTILE) expect([value, codeOf({ jwks_uri: value })]).toEqual([value, 'invalid_client_metadata']);
  });

  it('keeps what pages show: logo, policy, terms, contacts and names in other languages', () => {
    const given = {
      client_name: 'Notes', 'client_name#DE': 'Notizen', 'client_name#ja': 'bad\nname', 'client_name#__proto__': 'x', logo_uri: 'https://app.example/l.png',
      policy_uri: 'https://app.example/p', tos_uri: 'https://app.example/t', contacts: ['ops@app.example', 7],
    }; // prettier-ignore
    expect(parse({ ...given, contacts: ['ops@app.example', '', 'x'.repeat(1000), 'two\nlines'] })).toEqual({
      ...parse({}),
      name: 'Notes',
      names: { de: 'Notizen' },
      logoUri: 'https://app.example/l.png',
      policyUri: 'https://app.example/p',
      tosUri: 'https://app.example/t',
      contacts: ['ops@app.example'],
    });
    expect(parse(given).contacts).toEqual(['ops@app.example']);
    expect(parse({ contacts: 'ops@app.example' }).contacts).toEqual(['ops@app.example']);
    for (const contacts of [7, {}, [7], [null], true]) expect(parse({ contacts })).toEqual(parse({}));
  });

  it('keeps links in other languages as they were registered, and none that could harm (RFC 7591 §2.2)', () => {
    const links = { 'client_uri#de': 'https://app.example/de', 'logo_uri#zh-Hant': 'https://app.example/l', 'policy_uri#fr': 'https://app.example/p', 'tos_uri#ja': 'http://app.example/t' };
    expect(parse({ ...links, 'jwks_uri#de': 'https://app.example/k', 'tos_uri#': 'https://app.example/x' })).toMatchObject({ links });
    expect(parse({ 'tos_uri#fr': 'javascript:alert(1)', 'tos_uri#de': 'https://10.0.0.1/', 'logo_uri#it': 7, 'x-tos_uri#en': 'https://a.example' })).not.toHaveProperty('links');
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`tos_uri#aa-${at}`, 'https://app.example']));
    expect(Object.keys(parse(many).links ?? {})).toHaveLength(32);
  }); // prettier-ignore

  it('keeps at most 32 names of at most 200 characters, by language tags alone', () => {
    const odd = {
      'x-client_name#fr': 'a',
      'client_name#fr-': 'a',
      'client_name#f': 'a',
      'client_name#fr-123456789': 'a',
      'client_name#fr_FR': 'a',
      'client_name#en': 7,
      'client_name#es': '',
      'client_name#nl': ['a'],
      'client_name#it': 'a'.repeat(201),
    };
    expect(parse({ ...odd, 'client_name#zh-Hant-TW': 'b', 'client_name#pt': 'a'.repeat(200) })).toMatchObject({
      names: { 'zh-hant-tw': 'b', pt: 'a'.repeat(200) },
    });
    expect(parse(odd)).not.toHaveProperty('names');
    const many = Array.from({ length: 40 }, (_, at) => [`client_name#aa-${at}`, 'a']);
    expect(Object.keys(parse(Object.fromEntries(many)).names ?? {})).toEqual(
      many.slice(0, 32).map(([name]) => name?.slice('client_name#'.length)),
    );
  });

  it('keeps the first eight contacts', () => {
    const contacts = Array.from({ length: 9 }, (_, at) => `ops${at}@app.example`);
    expect(parse({ contacts }).contacts).toEqual(contacts.slice(0, 8));
  });

  it('ignores an invalid scope, and reads a list of scopes (R-20)', () => {
    for (const scope of ['a"b', 7, {}, [1], ['a', 1], 'x'.repeat(3000)]) expect(parse({ scope })).toEqual(parse({}));
    expect([parse({ scope: ['a', 'b'] }).scope, parse({ scope: 'a b' }).scope]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('SEC-077 drops grant types it does not have and says so, and refuses those of other flows alone', () => {
    expect(parse({ grant_types: ['authorization_code', 'implicit', 'client_credentials'] }).grantTypes).toEqual(['authorization_code']);
    for (const types of [
      ['client_credentials'],
      ['implicit'],
      ['urn:ietf:params:oauth:grant-type:token-exchange'],
      ['refresh_token'],
      'implicit',
      [1],
      7,
      {},
    ])
      expect(codeOf({ grant_types: types })).toBe('invalid_client_metadata');
    for (const types of [['token'], ['id_token token'], 'token', [1], 7, {}])
      expect(codeOf({ response_types: types })).toBe('invalid_client_metadata');
  });

  it.each(['private_key_jwt', 'client_secret_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'attest_jwt_client_auth'])(
    'replaces no authentication by a weaker one: %s',
    (token_endpoint_auth_method) => {
      expect(codeOf({ token_endpoint_auth_method })).toBe('invalid_client_metadata');
    },
  );

  it('gives a secret to a client with a method that no one knows, which it may use either way (RFC 7591 §3.2.1)', () => {
    for (const token_endpoint_auth_method of ['client_secret', 'oauth', 7, {}, [], [7], false])
      expect(parse({ token_endpoint_auth_method }), JSON.stringify(token_endpoint_auth_method)).toEqual(parse({}));
    for (const [token_endpoint_auth_method, authMethod] of [
      ['NONE', 'none'],
      [['none'], 'none'],
      ['Client_Secret_Post', 'client_secret_post'],
    ])
      expect(parse({ token_endpoint_auth_method })).toEqual({ ...parse({}), authMethod, methodChosen: true });
  });

  it('takes another type of application for none, which may use loopback', () => {
    for (const application_type of ['spa', 'desktop', 'browser', 'WEB', 7, {}, ['web']])
      expect(parse({ application_type, redirect_uris: ['http://localhost:3000/cb'] }).applicationType).toBe('native');
  });

  it('reads one text where a list is meant (RFC 7591 §2)', () => {
    expect(parse({ redirect_uris: 'https://app.example/cb', grant_types: 'authorization_code', response_types: 'code' })).toEqual({
      ...parse({}),
      grantTypes: ['authorization_code'],
    });
    for (const grant_types of ['authorization_code refresh_token', 'authorization_code,refresh_token', 'authorization_code, refresh_token'])
      expect(parse({ grant_types }), grant_types).toEqual(parse({}));
    expect(parse({ grant_types: ['authorization_code', null, 7], response_types: ['code', null] }).grantTypes).toEqual([
      'authorization_code',
    ]);
    expect(codeOf({ redirect_uris: 'https://app.example/cb https://app.example/other' })).toBe('invalid_redirect_uri');
    expect(parse({ redirect_uris: ['https://app.example/cb', null, ''] }).redirectUris).toEqual(['https://app.example/cb']);
  });

  it('holds a client to what it wants to be held to, also where that is written as text, and refuses what is unclear', () => {
    for (const name of ['dpop_bound_access_tokens', 'require_pushed_authorization_requests']) {
      expect(parse({ [name]: 'false' })).toEqual(parse({}));
      expect(parse({ [name]: 'FALSE' })).toEqual(parse({}));
      for (const yes of ['true', 'True'] as const) expect(parse({ [name]: yes })).toEqual(parse({ [name]: true }));
      for (const unclear of ['yes', 1, 0, {}, 'truefalse', [true], ['true']])
        expect(codeOf({ [name]: unclear })).toBe('invalid_client_metadata');
    }
  });

  it.each([
    ['http://192.168.1.20:6274/cb', 'redirect_insecure'], ['http://app.lan/cb', 'redirect_insecure'], ['https://app.example/#/cb', 'redirect_fragment'],
    ['https://app.example/cb?state=1', 'redirect_reserved_parameter'],
  ])('leaves out %s beside one that can be used, and says what is wrong where there is none (RFC 7591 §3.2.1)', (uri, reason) => {
    expect(parse({ redirect_uris: [uri, 'http://localhost:6274/cb', 'myapp:/cb'] }).redirectUris).toEqual(['http://localhost:6274/cb', 'myapp:/cb']);
    const refusals = [[uri], [uri, 'myapp:/cb']].map((redirect_uris) => () => parse({ redirect_uris }));
    for (const refusal of refusals) expect(refusal).toThrow(expect.objectContaining({ code: 'invalid_redirect_uri', reason }));
    expect(codeOf({ redirect_uris: [uri, 'http://localhost/cb'], application_type: 'web' })).toBe('invalid_redirect_uri');
  }); // prettier-ignore

  it('takes an empty optional member for an absent one', () => {
    expect(Object.keys(parse({ client_name: '', client_uri: '', logo_uri: null, scope: null }))).toEqual(Object.keys(parse({})));
    for (const empty of ['', null, []]) {
      const members =
        'token_endpoint_auth_method application_type grant_types response_types jwks jwks_uri require_pushed_authorization_requests';
      const given = Object.fromEntries(members.split(' ').map((name) => [name, empty]));
      expect(parse(given), JSON.stringify(empty)).toEqual(parse({}));
    }
  });

  it.each([7, 'x'.repeat(201), 'a\u0000b', 'a\nb', 'a\ud800b', ['a'], {}])('leaves out a name that cannot be shown, and takes the rest: %j (R-20)', (client_name) => {
    expect(parse({ client_name, scope: 'a' })).toEqual(parse({ scope: 'a' }));
  }); // prettier-ignore
});
