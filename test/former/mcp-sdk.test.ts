/** What is read of a provider of the MCP SDK 1.x, call by call; test/runtimes/former-sdk has the real SDK. */
import { describe, expect, it } from 'vitest';
import { mcpSdkProvider, type SdkAuthInfo, type SdkClient, type SdkProvider } from '../../src/former/mcp-sdk.ts';
import { sha256 } from '../../src/model/former.ts';

const CLIENT: SdkClient = { client_id: 'c1', redirect_uris: [new URL('https://client.example/cb'), 'http://localhost/cb'] };
const INFO: SdkAuthInfo = { token: 'at', clientId: 'c1', scopes: ['read'], extra: { userId: 'una' } };
const TOKENS = { access_token: 'at', refresh_token: 'rt2' };

/** A store over a provider with one client. @param exchange what a refresh gives there. */
function makeWorld(parts: { client?: Partial<SdkClient>; info?: Partial<SdkAuthInfo>; exchange?: () => Promise<typeof TOKENS>; userOf?: Parameters<typeof mcpSdkProvider>[1] } = {}) {
  const asked: unknown[] = [];
  const provider: SdkProvider = {
    clientsStore: { getClient: (id) => (id === 'c1' ? { ...CLIENT, ...parts.client } : undefined) },
    exchangeRefreshToken: (client, token) => (asked.push(['exchange', client, token]), (parts.exchange ?? (() => Promise.resolve(TOKENS)))()),
    verifyAccessToken: (token) => (asked.push(['verify', token]), Promise.resolve({ ...INFO, ...parts.info })),
  };
  const userOf = parts.userOf ?? (({ extra }: SdkAuthInfo) => ({ userId: String(extra?.['userId']) }));
  return { asked, store: mcpSdkProvider(provider, userOf) };
} // prettier-ignore
const now = (): number => Math.floor(Date.now() / 1000);

describe('former/mcp-sdk, clients', () => {
  it('are read with what they registered, public where they have no secret', async () => {
    const { store } = makeWorld();
    expect(await store.findClient('c1')).toStrictEqual({
      id: 'c1',
      redirectUris: ['https://client.example/cb', 'http://localhost/cb'],
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'none',
      methodChosen: false,
      createdAt: 0,
    });
    const client = {
      client_secret: 's3cret',
      client_name: 'Notes',
      client_uri: 'https://client.example',
      grant_types: ['refresh_token'],
      client_id_issued_at: 7,
    };
    expect(await makeWorld({ client }).store.findClient('c1')).toEqual({
      id: 'c1',
      redirectUris: ['https://client.example/cb', 'http://localhost/cb'],
      grantTypes: ['refresh_token'],
      authMethod: 'client_secret_post',
      methodChosen: false,
      createdAt: 7,
      secretHash: await sha256('s3cret'),
      name: 'Notes',
      uri: 'https://client.example',
    });
  });

  it('are not there where the provider has none, and where their secret has expired', async () => {
    const of = (client: Partial<SdkClient>) => makeWorld({ client }).store.findClient('c1');
    expect(await makeWorld().store.findClient('c2')).toBeNull();
    expect(await of({ client_secret: 's3cret', client_secret_expires_at: now() - 60 })).toBeNull();
    for (const end of [0, undefined, now() + 3600])
      expect(await of({ client_secret: 's3cret', client_secret_expires_at: end })).toMatchObject({ authMethod: 'client_secret_post' });
    expect(await of({ client_secret_expires_at: now() - 60 })).toMatchObject({ authMethod: 'none' }); // nothing of it has expired
    const { store } = makeWorld({ client: { client_secret: 's3cret', client_secret_expires_at: 1000 } });
    expect([await store.findClient('c1', 1001), await store.findClient('c1', 1000)]).toMatchObject([null, { id: 'c1' }]);
  });
});

describe('former/mcp-sdk, grants', () => {
  it('are named before the token is spent, so that a second request finds the first one', async () => {
    const { store, asked } = makeWorld();
    const name = { id: `sdk ${await sha256('rt')}`, key: 'rt' };
    expect([await store.nameOf?.('rt'), asked]).toEqual([name, []]);
    expect(await store.findGrant('rt', 'c1')).toMatchObject(name);
  });

  it('are those of the user whom the access token stands for, with the tokens as props unless the application says others', async () => {
    const { store, asked } = makeWorld();
    const grant = { id: `sdk ${await sha256('rt')}`, key: 'rt', clientId: 'c1', userId: 'una', scope: ['read'] };
    expect(await store.findGrant('rt', 'c1')).toEqual({ ...grant, props: { tokens: TOKENS } });
    expect(asked).toEqual([['exchange', CLIENT, 'rt'], ['verify', 'at']]);
    for (const props of [{ team: 'blue' }, null]) {
      const own = makeWorld({ info: { resource: new URL('https://mcp.example/mcp') }, userOf: async () => ({ userId: 'ben', props }) });
      expect(await own.store.findGrant('rt', 'c1')).toEqual({ ...grant, userId: 'ben', props, resource: 'https://mcp.example/mcp' });
    }
  }); // prettier-ignore

  it('are found by a retry after an outage that came when the token was spent, for its client and for five minutes (R-03)', async () => {
    let failures = 1;
    const userOf = (): { userId: string } => {
      if (failures-- > 0) throw new Error('down');
      return { userId: 'una' };
    };
    const { store, asked } = makeWorld({ userOf });
    const spent = (): number => asked.filter((one) => (one as string[])[0] === 'exchange').length;
    await expect(store.findGrant('rt', 'c1', 100)).rejects.toThrow('down');
    expect([await store.findGrant('rt', 'c1', 399), spent()]).toMatchObject([{ userId: 'una' }, 1]);
    expect([await store.findGrant('rt', 'c2', 399), spent()]).toEqual([null, 1]);
    expect([await store.findGrant('rt', 'c1', 400), spent()]).toMatchObject([{ userId: 'una' }, 2]);
    for (let at = 0; at < 1000; at++) await store.findGrant(`other ${at}`, 'c1', 401);
    expect([await store.findGrant('rt', 'c1', 401), spent()]).toMatchObject([{ userId: 'una' }, 1003]);
  });

  it('are none for another client that presents a token which its own client has just spent', async () => {
    const CLIENTS = ['c1', 'c2'].map((client_id) => ({ client_id, redirect_uris: ['https://client.example/cb'] }));
    const provider: SdkProvider = {
      clientsStore: { getClient: (id) => CLIENTS.find(({ client_id }) => client_id === id) },
      exchangeRefreshToken: ({ client_id }: SdkClient) =>
        client_id === 'c1'
          ? Promise.resolve(TOKENS)
          : Promise.reject(Object.assign(new Error('not yours'), { errorCode: 'invalid_grant' })),
      verifyAccessToken: () => Promise.resolve(INFO),
    };
    const store = mcpSdkProvider(provider, () => ({ userId: 'una' }));
    expect(await store.findGrant('rt', 'c1', 100)).toMatchObject({ clientId: 'c1' });
    expect(await store.findGrant('rt', 'c2', 101)).toBeNull();
  });

  it('keep what several tokens were spent for, for five minutes of real time where no time is given', async () => {
    const { store, asked } = makeWorld();
    const spent = (): number => asked.filter((one) => (one as string[])[0] === 'exchange').length;
    for (const token of ['rt', 'other', 'rt', 'other']) await store.findGrant(token, 'c1');
    expect(spent()).toBe(2);
    await store.findGrant('rt', 'c1', now() + 400);
    expect(spent()).toBe(3);
  });

  it('are none for a client that is not there, whose token is not spent, and for a user whom the application does not keep', async () => {
    const { store, asked } = makeWorld();
    expect([await store.findGrant('rt', 'c2'), asked]).toEqual([null, []]);
    expect(await makeWorld({ userOf: () => null }).store.findGrant('rt', 'c1')).toBeNull();
  });

  it('are none for a token that is not valid there; every other failure is one of the provider', async () => {
    const of = (error: unknown) => makeWorld({ exchange: () => Promise.reject(error) }).store.findGrant('rt', 'c1');
    expect(await of(Object.assign(new Error('x'), { errorCode: 'invalid_grant' }))).toBeNull();
    expect(await of({ code: 'invalid_grant' })).toBeNull(); // of SDK 1.x as a proxy
    for (const error of [new Error('down'), { errorCode: 'server_error' }, { code: 'ECONNREFUSED' }, null, undefined])
      await expect(of(error)).rejects.toBe(error);
  });

  it('are none for a token that the server behind a proxy refuses; a status that asks to come again is a failure of that server', async () => {
    const of = (message: string) => makeWorld({ exchange: () => Promise.reject(new Error(message)) }).store.findGrant('rt', 'c1');
    for (const status of [400, 401, 403, 499]) expect(await of(`Token refresh failed: ${status}`)).toBeNull();
    for (const status of [408, 425, 429, 500, 503, 4000, '40', '4xx', '400 (again)']) await expect(of(`Token refresh failed: ${status}`)).rejects.toThrow(String(status));
    for (const message of ['My Token refresh failed: 400', 'Token refresh failed', '400']) await expect(of(message)).rejects.toThrow(message);
  }); // prettier-ignore
});

describe('former/mcp-sdk', () => {
  it('is refused at start-up without a provider or a function', () => {
    const provider = { exchangeRefreshToken: () => undefined };
    for (const [one, userOf] of [[undefined, () => null], [{}, () => null], [provider, undefined], [undefined, undefined]])
      expect(() => mcpSdkProvider(one as never, userOf as never)).toThrow(new TypeError('mcpSdkProvider: give the OAuthServerProvider that mcpAuthRouter had, and a function (info) → { userId }.'));
    expect(mcpSdkProvider(provider as never, () => null)).toMatchObject({ findClient: expect.any(Function) });
  }); // prettier-ignore
});
