/** `enterpriseManagedAuthorization`: real keys and signatures; the network to the identity provider's keys is a function. */
import { describe, expect, it } from 'vitest';
import type { EmaClaimsMapperInput, EmaClaimsMapperResult, EmaOptions } from '../../src/workers-oauth-provider/ema.ts';
import { type Adapted, ISSUER, makeAdapted, RESOURCE } from '../support/adapted.ts';
import { type AnyClaims, makeSigner } from '../support/signer.ts';

const IDP = 'https://idp.example';
const TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const [idp, second] = await Promise.all([makeSigner('RS256', 'idp'), makeSigner('ES256', 'second')]);

interface Company {
  readonly app: Adapted;
  readonly asked: EmaClaimsMapperInput<never>[];
  readonly fetched: string[];
  readonly client: { readonly client_id: string; readonly client_secret: string };
  present(claims?: AnyClaims, fields?: Record<string, string>, header?: Record<string, unknown>, by?: typeof idp): Promise<{ status: number; body: Record<string, string> }>;
} // prettier-ignore

/** A server that trusts one identity provider, and a client with a secret. */
async function company(more: Partial<EmaOptions<never>> = {}, mapped: (input: EmaClaimsMapperInput<never>) => EmaClaimsMapperResult | null = usual): Promise<Company> {
  const asked: EmaClaimsMapperInput<never>[] = [];
  const fetched: string[] = [];
  const enterpriseManagedAuthorization: EmaOptions<never> = {
    trustedIssuers: async ({ iss }) => (iss === IDP ? { issuer: IDP, jwksUri: `${IDP}/keys`, algorithms: ['RS256', 'ES256'] } : null),
    mapClaims: async (input) => (asked.push(input), mapped(input)),
    ...more,
  };
  const fetchPublic = async (url: string): Promise<Response> => (fetched.push(url), Response.json({ keys: [idp.publicKey, second.publicKey] }));
  const app = makeAdapted({ enterpriseManagedAuthorization } as object, { fetchPublic } as object);
  const { clientId, clientSecret = '' } = await app.oauth.createClient({ clientName: 'Assistant', redirectUris: ['https://app.example/cb'], grantTypes: ['authorization_code', TYPE], tokenEndpointAuthMethod: 'client_secret_post' });
  const client = { client_id: clientId, client_secret: clientSecret };
  return {
    app, asked, fetched, client,
    async present(claims = {}, fields = {}, header = {}, by = idp) {
      const now = app.clock.now();
      const all = { iss: IDP, sub: 'u-1', aud: ISSUER, client_id: clientId, resource: RESOURCE, scope: 'read write', iat: now, exp: now + 300, jti: crypto.randomUUID(), ...claims };
      const assertion = await by.sign(all, { typ: 'oauth-id-jag+jwt', ...header });
      return app.token({ grant_type: TYPE, assertion, ...client, ...fields });
    },
  };
} // prettier-ignore

const usual = ({ claims, requestedScope }: EmaClaimsMapperInput<never>): EmaClaimsMapperResult => ({
  userId: `acme ${claims.sub}`,
  scope: requestedScope,
  props: { from: claims.iss },
  metadata: { label: 'Acme' },
  accessTokenTTL: 120,
});

describe('workers-oauth-provider/ema', () => {
  it('gives the user, scopes, props, metadata and lifetime of mapClaims, which gets what it gets there', async () => {
    const { app, asked, present, client } = await company();
    const { status, body } = await present({}, { scope: 'read' });
    expect([status, body['scope'], body['expires_in'], body['resource'], body['refresh_token']]).toEqual([200, 'read', 120, RESOURCE, undefined]); // prettier-ignore
    expect(await app.call(body['access_token'])).toEqual({ from: IDP });
    expect(asked[0]).toMatchObject({ claims: { iss: IDP, sub: 'u-1' }, resource: RESOURCE, requestedScope: ['read'], clientInfo: { clientId: client.client_id, clientName: 'Assistant' } }); // prettier-ignore
    expect([asked[0]?.request.method, asked[0]?.env]).toEqual(['POST', expect.objectContaining({ PORTCULLIS: expect.anything() })]);
    const { items } = await app.oauth.listUserGrants('acme u-1');
    expect(items).toMatchObject([{ clientId: client.client_id, scope: ['read'], metadata: { label: 'Acme' } }]);
    app.clock.pass(121);
    expect(await app.call(body['access_token'])).toBe(401);
  });

  it('lets mapClaims choose the scopes where neither assertion nor request names any, and never gives more than they name', async () => {
    const wide = (input: EmaClaimsMapperInput<never>): EmaClaimsMapperResult => ({ ...usual(input), scope: ['read', 'admin'] });
    expect((await (await company({}, wide)).present({ scope: undefined })).body['scope']).toBe('read admin');
    expect((await (await company({}, wide)).present()).body['scope']).toBe('read');
    expect((await (await company({}, wide)).present({ scope: undefined }, { scope: 'read' })).body['scope']).toBe('read');
    expect((await (await company({}, wide)).present({ scope: 'write' })).body['scope']).toBe('');
  });

  it('asks for the keys where the resolver says, and supplies the resource where the assertion has none', async () => {
    const { asked, fetched, present } = await company();
    expect((await present({ resource: undefined }, {}, { jku: 'https://evil.example/keys' })).status).toBe(200);
    expect([fetched, asked[0]?.claims.resource]).toEqual([[`${IDP}/keys`], RESOURCE]);
  });

  it.each<[string, AnyClaims, string]>([
    ['for another audience', { aud: 'https://other.example' }, 'assertion_audience'],
    ['of an issuer that is not trusted', { iss: 'https://other.example' }, 'assertion_issuer_untrusted'],
    ['for another client', { client_id: 'other' }, 'assertion_client_differs'],
    ['that has expired', { iat: 1_000_000_000, exp: 1_000_000_300 }, 'assertion_expired'],
    ['for another resource', { resource: 'https://other.example/mcp' }, 'assertion_resource'],
    ['that is bound to a key', { cnf: { jkt: 'x' } }, 'assertion_key_differs'],
    ['with authorization details', { authorization_details: [] }, 'assertion_claim_not_understood'],
  ])('refuses an assertion %s', async (_what, claims, reason) => {
    const { app, present, asked } = await company();
    expect((await present(claims)).body['error']).toBe('invalid_grant');
    expect([app.errors.at(-1)?.internal.reason, asked.length]).toEqual([reason, 0]);
  });

  it('refuses an assertion that lives for too long, one of another type, a second use, and a denied user', async () => {
    const { app, present } = await company({ maxAssertionLifetimeSeconds: 60 });
    const now = app.clock.now();
    expect((await present({ exp: now + 121 })).body['error']).toBe('invalid_grant'); // 60, and the usual skew
    expect(app.errors.at(-1)?.internal.reason).toBe('assertion_exp_far');
    expect((await present({ exp: now + 60 }, {}, { typ: 'JWT' })).body['error']).toBe('invalid_grant');
    expect((await present({ exp: now + 60, jti: 'once' })).status).toBe(200);
    expect((await present({ exp: now + 60, jti: 'once' })).body['error']).toBe('invalid_grant');
    const denied = await company({}, () => null);
    expect((await denied.present()).body['error']).toBe('invalid_grant');
    expect(denied.app.errors.at(-1)?.internal.reason).toBe('assertion_user_refused');
  });

  it('takes RS256 alone where the resolver names no algorithm, and its audience where it names one', async () => {
    const trusted = { issuer: IDP, jwksUri: `${IDP}/keys` };
    const plain = await company({ trustedIssuers: async () => trusted });
    expect((await plain.present()).status).toBe(200);
    expect((await plain.present({}, {}, { alg: 'ES256', kid: 'second' }, second)).body['error']).toBe('invalid_grant');
    expect(plain.app.errors.at(-1)?.internal.reason).toBe('assertion_algorithm');
    const own = await company({ trustedIssuers: async () => ({ ...trusted, audience: 'https://as.example' }) });
    expect((await own.present({ aud: 'https://as.example' })).status).toBe(200);
    expect((await own.present()).body['error']).toBe('invalid_grant');
  });

  it('takes no issuer that the resolver gives for another name, and no keys without TLS', async () => {
    const other = await company({ trustedIssuers: async () => ({ issuer: 'https://other.example', jwksUri: `${IDP}/keys` }) });
    expect((await other.present()).body['error']).toBe('invalid_grant');
    const plain = await company({ trustedIssuers: async () => ({ issuer: IDP, jwksUri: 'http://idp.example/keys' }) });
    expect([(await plain.present()).status, plain.fetched]).toEqual([503, []]);
  });

  it('asks the client for its secret, and not for the grant type, as there', async () => {
    const { app, client, present } = await company();
    expect((await present({}, { client_secret: 'guessed' })).body['error']).toBe('invalid_client');
    const { id } = await app.signIn();
    expect((await present({ client_id: id }, { client_id: id, client_secret: '' })).body['error']).toMatch(/^invalid_(?:client|request)$/);
    const { clientId, clientSecret = '' } = await app.oauth.createClient({ redirectUris: ['https://app.example/cb'], tokenEndpointAuthMethod: 'client_secret_post' }); // prettier-ignore
    expect((await present({ client_id: clientId }, { client_id: clientId, client_secret: clientSecret })).status).toBe(200);
    expect(client.client_id).not.toBe(clientId);
  });

  it.each<[string, Partial<EmaOptions<never>>]>([
    ['the resolver throws', { trustedIssuers: async () => Promise.reject(new Error('KV is away')) }],
    ['mapClaims throws', { mapClaims: async () => Promise.reject(new Error('the directory is away')) }],
    ['the user is none', { mapClaims: async (input) => ({ ...usual(input), userId: '' }) }],
    ['the scopes are none', { mapClaims: async (input) => ({ ...usual(input), scope: 'read' as never }) }],
    ['there are no props', { mapClaims: async (input) => ({ ...usual(input), props: undefined }) }],
    ['the lifetime is too short', { mapClaims: async (input) => ({ ...usual(input), accessTokenTTL: 5 }) }],
  ])('answers 503 when %s, and takes the same assertion afterwards', async (_what, more) => {
    let isBroken = true;
    const { mapClaims = async (input: EmaClaimsMapperInput<never>) => usual(input), trustedIssuers } = more;
    const { app, present } = await company({
      mapClaims: async (input) => (isBroken ? mapClaims(input) : usual(input)),
      trustedIssuers: async (input) => (isBroken && trustedIssuers ? trustedIssuers(input) : { issuer: IDP, jwksUri: `${IDP}/keys` }),
    });
    const broken = await present({ jti: 'once' });
    expect([broken.status, broken.body['error']]).toEqual([503, 'temporarily_unavailable']);
    expect(app.errors.at(-1)?.internal.reason).toBe('issuer_function_failed');
    isBroken = false;
    expect((await present({ jti: 'once' })).status).toBe(200);
  });

  it('is advertised, and does not call tokenExchangeCallback, as there', async () => {
    const { app, present } = await company();
    const metadata = (await (await app.send('/.well-known/oauth-authorization-server')).json()) as Record<string, unknown>;
    expect(metadata['grant_types_supported']).toContain(TYPE);
    expect(metadata['authorization_grant_profiles_supported']).toEqual(['urn:ietf:params:oauth:grant-profile:id-jag']);
    expect((await present()).status).toBe(200);
    const off = (await (await makeAdapted().send('/.well-known/oauth-authorization-server')).json()) as Record<string, unknown>;
    expect([off['authorization_grant_profiles_supported'], String(off['grant_types_supported']).includes(TYPE)]).toEqual([
      undefined,
      false,
    ]);
  });

  it.each<[string, object, string]>([
    ['no resolver', { mapClaims: async () => null }, 'trustedIssuers must be a function'],
    ['no mapper', { trustedIssuers: async () => null }, 'mapClaims must be a function'],
    ['a list of issuers', { trustedIssuers: [], mapClaims: async () => null }, 'trustedIssuers must be a function'],
    ['public clients', { trustedIssuers: async () => null, mapClaims: async () => null, allowPublicClients: true }, 'allowPublicClients is not supported'],
    ['a lifetime of nothing', { trustedIssuers: async () => null, mapClaims: async () => null, maxAssertionLifetimeSeconds: 0 }, 'maxAssertionLifetimeSeconds must be a number'],
    ['a misspelt member', { trustedIssuers: async () => null, mapClaims: async () => null, clockSkew: 1 }, '`clockSkew` is not an option'],
  ])('fails at the start for %s', (_what, option, message) => {
    expect(() => makeAdapted({ enterpriseManagedAuthorization: option } as never)).toThrow(message);
  }); // prettier-ignore
});
