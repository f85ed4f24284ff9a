/** What each row of better-auth becomes, and which rows are refused. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type BetterAuthOptions, type BetterAuthRow, betterAuthTables } from '../../src/former/better-auth.ts';
import { type FormerStore, sha256 } from '../../src/model/former.ts';

type Rows = { readonly [table: string]: BetterAuthRow };

const AT = 1_790_000_000;
const SECRET = 'DyCnGqheTGAQFTPSDVoSzUoQmSmKhmQP';
const TOKENS: readonly BetterAuthOptions['refreshTokens'][] = ['oauthAccessToken', 'oauthRefreshToken'];

/** A store whose database answers each question with the one row of the table. */
function storeOver(refreshTokens: BetterAuthOptions['refreshTokens'], rows: Rows, more: Partial<BetterAuthOptions> = {}) {
  const find = vi.fn<BetterAuthOptions['find']>((table) => rows[table] ?? null);
  return { store: betterAuthTables({ refreshTokens, find, ...more }), find };
}

/** Reads one client of the newer plugin; it is public if nothing else is said. */
async function clientOf(row: BetterAuthRow, more: Partial<BetterAuthOptions> = {}): ReturnType<typeof findClient> {
  const whole = { clientId: 'c', redirectUris: ['https://app.example/cb'], tokenEndpointAuthMethod: 'none', createdAt: AT, ...row };
  return findClient(storeOver('oauthRefreshToken', { oauthClient: whole }, more).store);
}

/** Reads one confidential client of the older plugin. */
function olderClientOf(clientSecret: unknown): ReturnType<typeof findClient> {
  const row = { clientId: 'c', redirectUrls: 'https://app.example/cb', type: 'web', clientSecret, createdAt: AT };
  return findClient(storeOver('oauthAccessToken', { oauthApplication: row }).store);
}

const findClient = async (store: FormerStore) => store.findClient('c');
const broken = (table: string) => ({ problem: `the row of the client c in ${table} is broken, or of a version that is not known` });
const withoutSecret = (table: string) => ({
  problem: `the secret of the client c in ${table} is missing, or encrypted: give betterAuthTables the option secret`,
});

afterEach(() => void vi.restoreAllMocks());

describe('former/better-auth, clients', () => {
  it('keeps everything that is known of a client (W-12)', async () => {
    const row = {
      tokenEndpointAuthMethod: 'private_key_jwt',
      redirectUris: 'https://app.example/cb,http://localhost/cb',
      grantTypes: 'authorization_code,client_credentials',
      contacts: 'ops@example.com,help@example.com',
      jwksUri: 'https://app.example/keys',
      name: 'App',
      uri: 'https://app.example',
      icon: 'https://app.example/icon',
      policy: 'https://app.example/policy',
      tos: 'https://app.example/tos',
    };
    expect(await clientOf(row)).toStrictEqual({
      id: 'c',
      redirectUris: ['https://app.example/cb', 'http://localhost/cb'],
      grantTypes: ['authorization_code', 'client_credentials'],
      authMethod: 'private_key_jwt',
      methodChosen: false,
      createdAt: AT,
      name: 'App',
      uri: 'https://app.example',
      logoUri: 'https://app.example/icon',
      policyUri: 'https://app.example/policy',
      tosUri: 'https://app.example/tos',
      jwksUri: 'https://app.example/keys',
      contacts: ['ops@example.com', 'help@example.com'],
    });
  });

  it('gives a client that says little the usual grant types, and nothing it did not say (W-12)', async () => {
    expect(await clientOf({ createdAt: 'yesterday', contacts: { of: 'another kind' } })).toStrictEqual({
      id: 'c',
      redirectUris: ['https://app.example/cb'],
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'none',
      methodChosen: false,
      createdAt: 0,
      contacts: [],
    });
  });

  it.each([undefined, null, 7])('refuses a client that signs, with %s for the address of its keys (W-12)', async (jwksUri) => {
    expect(await clientOf({ tokenEndpointAuthMethod: 'private_key_jwt', jwksUri })).toEqual(broken('oauthClient'));
  });

  it.each(['', 'None', 0, false])('does not make a client public that has %j for its method (W-12)', async (tokenEndpointAuthMethod) => {
    expect(await clientOf({ tokenEndpointAuthMethod })).toEqual(broken('oauthClient'));
  });

  it.each(['10', 'off', 'false?', '0x1', 'no'])('refuses a client that has %s for `disabled` (W-12)', async (disabled) => {
    expect(await clientOf({})).toMatchObject({ id: 'c' });
    expect(await clientOf({ disabled })).toBeNull();
  });

  it.each(['11', '10', 'not', 'truest', '1?'])('does not make a client public that has %s for `public` (W-12)', async (value) => {
    expect(await clientOf({ tokenEndpointAuthMethod: null, public: value })).toEqual(withoutSecret('oauthClient'));
  });

  it('refuses a list that has something else than texts (W-12)', async () => {
    expect(await clientOf({ redirectUris: ['https://app.example/cb', 7] })).toEqual(broken('oauthClient'));
  });
});

describe('former/better-auth, secrets', () => {
  it.each([null, 7, ''])('takes no secret from %j, and does not ask for it to be decrypted (W-12)', async (clientSecret) => {
    const secret = vi.fn<(stored: string) => string>(() => 'null');
    expect(await olderClientOf(clientSecret)).toEqual(withoutSecret('oauthApplication'));
    expect(await clientOf({ tokenEndpointAuthMethod: null, clientSecret }, { secret })).toEqual(withoutSecret('oauthClient'));
    expect(secret).not.toHaveBeenCalled();
  });

  it('takes a text that is no hash for a secret of the older plugin only (W-12)', async () => {
    expect(await olderClientOf(SECRET)).toMatchObject({ secretHash: await sha256(SECRET) });
    expect(await clientOf({ tokenEndpointAuthMethod: null, clientSecret: SECRET })).toEqual(withoutSecret('oauthClient'));
  });

  it.each(['a plain secret', '0123456789', 'my $ba$ secret', `not ${'a1'.repeat(48)}`])(
    'takes %s for a secret of the older plugin, not for a ciphertext (W-12)',
    async (secret) => {
      expect(await olderClientOf(secret)).toMatchObject({ secretHash: await sha256(secret) });
    },
  );

  it('takes 43 characters that no SHA-256 can be for a plain secret of the older plugin, and its hash for a hash (W-12)', async () => {
    const plain = `${'kX9-_'.repeat(8)}abB`;
    expect(await olderClientOf(plain)).toMatchObject({ secretHash: await sha256(plain) });
    for (const end of 'AEIMQUYcgkosw048')
      expect(await olderClientOf('x'.repeat(42) + end)).toMatchObject({ secretHash: 'x'.repeat(42) + end });
    for (const longer of [`${'x'.repeat(43)}A`, `${'x'.repeat(42)}A!`])
      expect(await olderClientOf(longer)).toMatchObject({ secretHash: await sha256(longer) });
    expect(await clientOf({ tokenEndpointAuthMethod: null, clientSecret: plain })).toEqual(withoutSecret('oauthClient'));
  });

  it.each(['$ba$0$c2VjcmV0', 'a1'.repeat(48)])('never takes the ciphertext %s for a secret (W-12)', async (sealed) => {
    expect(await olderClientOf(sealed)).toEqual(withoutSecret('oauthApplication'));
  });
});

describe.each(TOKENS)('former/better-auth, grants of %s', (table) => {
  const token = 'token-of-una';
  const rowOf = async (more: BetterAuthRow): Promise<BetterAuthRow> => ({
    id: 'row 1',
    clientId: 'c',
    userId: 'una',
    scopes: 'read offline_access',
    createdAt: AT,
    ...(table === 'oauthAccessToken'
      ? { refreshToken: token, refreshTokenExpiresAt: AT + 60 }
      : { token: await sha256(token), expiresAt: AT + 60 }),
    ...more,
  });
  const grantOf = async (more: BetterAuthRow, user: BetterAuthRow = {}) =>
    storeOver(table, { [table]: await rowOf(more), user: { id: 'una', name: 'Una', ...user } }).store.findGrant(token, 'c');

  it('makes a grant of a row, under the hash of its token (W-12)', async () => {
    const grant = {
      id: `better-auth ${await sha256(token)}`,
      key: token,
      clientId: 'c',
      userId: 'una',
      scope: ['read', 'offline_access'],
      props: { user: { id: 'una', name: 'Una', email: undefined } },
      createdAt: AT,
      expiresAt: AT + 60,
    };
    expect(await grantOf({ scopes: ' read  offline_access ' })).toStrictEqual(grant);
    const resource = ['https://mcp.example/a', 'https://mcp.example/b'];
    expect(await grantOf({ resources: resource.join(' ') })).toStrictEqual({ ...grant, resource });
  });

  it.each<[string, BetterAuthRow]>([
    ['no client', { clientId: null }],
    ['a number for its client', { clientId: 7 }],
    ['a number among its scopes', { scopes: ['offline_access', 7] }],
  ])('names the row that has %s (W-12)', async (_what, more) => {
    expect(await grantOf(more)).toEqual({ problem: `the row row 1 of ${table} is broken, or of a version that is not known` });
  });

  it('refuses the token of a user whose id is another one than the database found (W-12)', async () => {
    expect(await grantOf({ userId: 'una' }, { id: 'UNA' })).toBeNull();
    expect(await grantOf({ userId: 'una' })).toMatchObject({ userId: 'una' });
  });

  it('asks the database for a token of up to 2048 characters, and for no other text (W-12)', async () => {
    const { store, find } = storeOver(table, {});
    for (const text of ['', 'x'.repeat(2049)]) expect(await store.findGrant(text, 'c')).toBeNull();
    expect(find).not.toHaveBeenCalled();
    expect(await store.findGrant('x'.repeat(2048), 'c')).toBeNull();
    expect(find).toHaveBeenCalledOnce();
  });

  it.each<[unknown, number]>([
    ['2026-01-01', 1_767_225_600],
    [new Date(50_000_000_000), 50_000_000],
    [99_999_999_999, 99_999_999_999],
    [100_000_000_000, 100_000_000],
  ])('reads the date %s as %s (W-12)', async (createdAt, seconds) => {
    expect(await grantOf({ createdAt })).toMatchObject({ createdAt: seconds });
    expect(await clientOf({ createdAt })).toMatchObject({ createdAt: seconds });
  });

  it('refuses a banned user until the second in which the ban ends (W-12)', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(AT * 1000); // no clock is passed in here
    expect(await grantOf({}, { banned: true, banExpires: AT + 1 })).toBeNull();
    expect(await grantOf({}, { banned: true, banExpires: AT })).toMatchObject({ userId: 'una' });
  });

  it('names the function whose option is not known (W-12)', () => {
    expect(() => storeOver(table, {}, { hash: 1 } as never)).toThrow(/^betterAuthTables: `hash` is not an option/);
  });
});
