/** Each rule of the token endpoint by itself: what may not be said twice or in the URL, who may call, and what a refusal says. */
import { describe, expect, it } from 'vitest';
import { addClient } from '../../../src/core/records/clients.ts';
import { type Call, makeCall } from '../../../src/endpoints/endpoint.ts';
import { type GiveTokens, type GrantTypes, refuseSecretsInUrl, token } from '../../../src/endpoints/oauth/token.ts';
import { type Client, DEVICE_CODE, JWT_BEARER } from '../../../src/model/client.ts';
import { OAuthError } from '../../../src/model/error.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { makeServer } from '../../support/server.ts';

const client = (id: string, more: object = {}): Client =>
  ({
    id,
    redirectUris: [],
    applicationType: 'native',
    grantTypes: [DEVICE_CODE],
    authMethod: 'none',
    createdAt: 0,
    ...more,
  }) as unknown as Client;
const TOKENS = { accessToken: 'a', expiresAt: 9e9, scope: [], resource: 'https://as.example/mcp' };

interface World {
  readonly settings?: object;
  readonly give?: GiveTokens;
  readonly needsNoClient?: true;
  /** Clients of the store. */
  readonly registered?: readonly Client[];
  /** Whether it reads metadata documents. */
  readonly fetches?: true;
}

/** The answer of the endpoint, or the reason of its refusal. */
async function ask(form: string, { settings = {}, give = async () => TOKENS as never, needsNoClient, registered = [], fetches }: World = {}, headers: Record<string, string> = {}): Promise<unknown> {
  const { as } = makeServer({
    settings: {
      paths: { deviceAuthorization: '/device_authorization', token: '/token' } as Settings['paths'],
      trustedIssuers: [{}] as never,
      clients: new Map([['tv', { client: client('tv') }]]) as never,
      tokenExchange: null,
      issuers: ['https://as.example'],
      clientIdMetadataPolicy: null,
      ...settings,
    },
  });
  for (const one of registered) await addClient(as, one);
  const request = new Request('https://as.example/token', { method: 'POST', body: form, headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
  const call = makeCall(request, { ...as, fetchDocument: fetches ? () => expect.unreachable() : null } as typeof as, {}, { network: () => 'n', waitUntil: () => undefined });
  const entry = { give, ...(needsNoClient ? { needsNoClient } : {}) };
  const rare: GrantTypes = new Map([[DEVICE_CODE, entry], [JWT_BEARER, entry]]);
  return token(call, rare).then(
    async (answer) => [answer.status, Object.fromEntries(answer.headers), await answer.json()],
    (error: unknown) => (error instanceof OAuthError ? `${error.code} ${error.reason}` : error),
  );
} // prettier-ignore

const DEVICE = `grant_type=${encodeURIComponent(DEVICE_CODE)}`;
const JWT = `grant_type=${encodeURIComponent(JWT_BEARER)}`;
const refusing = (code: 'invalid_grant' | 'invalid_scope', reason = 'ours'): Pick<World, 'give'> => ({
  give: () => Promise.reject(new OAuthError(code, reason)),
});

describe('endpoints/oauth/token: what a request may say', () => {
  it('is each parameter of the endpoint once', async () => {
    const all = 'grant_type client_id client_secret code redirect_uri code_verifier device_code refresh_token scope client_assertion client_assertion_type assertion subject_token actor_token'; // prettier-ignore
    for (const name of all.split(' ')) expect(await ask(`${DEVICE}&client_id=tv&${name}=x&${name}=y`)).toBe(`invalid_request repeated_${name}`);
    expect(await ask(`${DEVICE}&client_id=tv&other=x&other=y`)).toMatchObject([200, {}, {}]);
  }); // prettier-ignore

  it('is nothing of it in the URL', () => {
    const asked = (query: string): void =>
      refuseSecretsInUrl({ request: { url: `https://as.example/token${query}` }, url: new URL(`https://as.example/token${query}`) } as unknown as Call);
    const all = 'grant_type client_id client_secret code redirect_uri code_verifier device_code refresh_token scope client_assertion client_assertion_type assertion subject_token actor_token resource token token_type_hint'; // prettier-ignore
    for (const name of all.split(' ')) expect(() => asked(`?a=1&${name}=x`)).toThrow(expect.objectContaining({ code: 'invalid_request', reason: 'secret_in_url' }));
    expect(() => asked('?%ff')).toThrow(expect.objectContaining({ reason: 'secret_in_url' }));
    for (const query of ['', '?', '?tenant=x', '#token=x']) expect(() => asked(query)).not.toThrow();
  }); // prettier-ignore

  it('is a grant type that the server offers', async () => {
    expect(await ask('client_id=tv')).toBe('invalid_request missing_grant_type');
    expect(await ask('client_id=tv&grant_type=password')).toBe('unsupported_grant_type grant_type_unknown');
    expect(await ask(`client_id=tv&${JWT}`, { settings: { trustedIssuers: [], issuerFinder: null } })).toBe('unsupported_grant_type grant_type_unknown'); // prettier-ignore
  });
});

describe('endpoints/oauth/token: who may call', () => {
  it('is a client, or no one in particular where the grant type needs none and none is named', async () => {
    const seen: unknown[] = [];
    const give: GiveTokens = async (_form, caller) => (seen.push(caller.kind, caller.clientId), TOKENS as never);
    expect(await ask(JWT, { give, needsNoClient: true })).toMatchObject([200, {}, {}]);
    expect(seen).toEqual(['absent', '']);
    expect(await ask(JWT, { give })).toMatch(/^invalid_(client|request) /);
    expect(await ask(`${JWT}&client_id=tv`, { give, needsNoClient: true, settings: { clients: new Map() } })).toMatchObject([200, {}, {}]);
    expect(seen.slice(2)).toEqual(['public', 'tv']);
    for (const [form, headers] of [[`${JWT}&client_secret=s`, {}], [`${JWT}&client_assertion=s`, {}], [JWT, { authorization: `Basic ${btoa('tv:s')}` }]] as const)
      expect(await ask(form, { give, needsNoClient: true }, headers)).toMatch(/^invalid_(client|request) /);
    expect(seen).toHaveLength(4);
  }); // prettier-ignore

  it('is no client whose host the operator denies, and none of the options for a grant type that they do not list', async () => {
    const denied = { clientPolicy: { denyHosts: ['evil.example'] } };
    expect(await ask(`${DEVICE}&client_id=https://evil.example/c`, { settings: denied })).toBe('unauthorized_client client_host_denied');
    expect(await ask(`${DEVICE}&client_id=tv`, { settings: denied })).toMatchObject([200, {}, {}]);
    expect(await ask(`${JWT}&client_id=tv`)).toBe('unauthorized_client grant_type_unregistered');
  });
});

describe('endpoints/oauth/token: what an answer says', () => {
  it('is JSON that no cache keeps, for every origin, with a nonce only for a request with a proof', async () => {
    for (const dpopNonces of [true, false]) {
      const [, headers] = (await ask(`${DEVICE}&client_id=tv`, { settings: { dpopNonces } })) as [number, Record<string, string>];
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'access-control-allow-origin': '*' });
      expect(headers).not.toHaveProperty('dpop-nonce');
    }
    expect(await ask(`${DEVICE}&client_id=tv`, {}, { dpop: 'x' })).toMatch(/^invalid_dpop_proof /);
  });

  it('explains a refused grant by the client, if that is the cause', async () => {
    const web = client('web', { authMethod: 'client_secret_post', grantTypes: [DEVICE_CODE] });
    const other = client('other', { grantTypes: ['authorization_code'] });
    const safe = { client: client('safe', { authMethod: 'client_secret_post' }), secret: 'a-secret-of-the-client-of-32-characters' };
    const settings = {
      clients: new Map<string, object>([
        ['tv', { client: client('tv') }],
        ['safe', safe],
      ]),
    };
    const world = { ...refusing('invalid_grant'), settings, registered: [web, other] };
    expect(await ask(`${DEVICE}&client_id=tv`, world)).toBe('invalid_grant ours');
    expect(await ask(`${DEVICE}&client_id=safe&client_secret=${safe.secret}`, world)).toBe('invalid_grant ours');
    expect(await ask(`${DEVICE}&client_id=web`, world)).toBe('invalid_client secret_missing');
    expect(await ask(`${DEVICE}&client_id=other`, world)).toBe('unauthorized_client grant_type_unregistered');
    expect(await ask(`${JWT}&client_id=other`, world)).toBe('invalid_grant ours'); // which the grant has checked itself
    expect(await ask(`${DEVICE}&client_id=gone`, world)).toBe('invalid_client client_unknown');
    expect(await ask(`${DEVICE}&client_id=gone`, { ...world, fetches: true })).toBe('invalid_client client_unknown');
    expect(await ask(`${DEVICE}&client_id=https://doc.example/c`, { ...world, fetches: true })).toBe('invalid_grant ours');
    expect(await ask(`${DEVICE}&client_id=https://doc.example/c`, world)).toBe('invalid_client client_unknown');
    expect(await ask(`${DEVICE}&client_id=gone`, { ...world, ...refusing('invalid_scope') })).toBe('invalid_scope ours');
    expect(await ask(`${DEVICE}&client_id=gone`, { give: () => Promise.reject(new TypeError('ours')) })).toEqual(new TypeError('ours'));
  });
});
