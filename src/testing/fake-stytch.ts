/**
 * A fake Stytch project (Connected Apps) in the test's process, with Stytch's peculiarities: the issuer is the project's domain, responses
 * have `status_code` and `request_id`, access tokens are JWTs for the project, claims depend on the scope, refresh tokens need
 * `offline_access`. In a B2B project the access token contains the organization and the member's roles.
 */
import type { Seconds } from '../model/store.ts';
import {
  type Asked,
  type FakeTokens,
  type Fault,
  faulty,
  type Forge,
  type Given,
  makeCodes,
  makeSigner,
  makeTokens,
  type Registered,
  type TokenWays,
} from './fake-parts.ts';
import type { Decision } from './fake-upstream.ts';

/** A fake Stytch project. */
export interface FakeStytch {
  readonly fetch: typeof fetch;
  /** `https://….customers.stytch.com` */
  readonly domain: string;
  /** Requested paths, in order. */
  readonly calls: string[];
  /** Faults by path. */
  readonly faults: Map<string, Fault>;
  user: { readonly sub: string; readonly name: string; readonly email: string; readonly emailVerified: boolean };
  /** Set for a B2B project: the member's organization and roles. */
  member: { readonly organizationId: string; readonly slug: string; readonly roles: readonly string[] } | null;
  forge: Forge | null;
  readonly ways: TokenWays;
  readonly tokens: FakeTokens;
  visit(location: string, decision?: Decision): Promise<string>;
}

/** The project's domain, the registered client, and the clock. */
export interface FakeStytchOptions extends Registered {
  /** URL of the project. Default: `https://acme.customers.stytch.com`. */
  readonly domain?: string;
  /** The clock in seconds. */
  readonly now: () => Seconds;
}

/**
 * A fake Stytch project for tests: metadata, authorization and tokens, without a network.
 *
 * @example
 * const stytchApp = { clientId: 'abc', clientSecret: 'secret', redirectUri: 'https://mcp.example/authorize/callback/stytch' };
 * const fake = await makeFakeStytch({ ...stytchApp, now: () => Date.now() / 1000 });
 * fake.user = { ...fake.user, email: 'ada@acme.example' };
 */
export async function makeFakeStytch(options: FakeStytchOptions): Promise<FakeStytch> {
  const { domain = 'https://acme.customers.stytch.com', now, ...app } = options;
  const codes = makeCodes(app);
  const ways: TokenWays = { prefix: 'stytch-', lifetime: 3600, rotates: true };
  const tokens = makeTokens(ways);
  const known = new Map<string, string>(); // JWT → the token that the ways know
  const { jwk, sign } = await makeSigner('RS256');
  const timesOf = (lifetime: Seconds): Record<string, Seconds> => ({ iat: now(), nbf: now(), exp: now() + lifetime });
  const membership = (): Record<string, unknown> =>
    fake.member === null
      ? {}
      : {
          'https://stytch.com/organization': { organization_id: fake.member.organizationId, slug: fake.member.slug },
          'https://stytch.com/session': { id: 'member-session-1', roles: fake.member.roles },
        };
  const answerOf = async ({ access_token, ...given }: Given, scope: readonly string[]): Promise<Record<string, unknown>> => {
    const claims = { iss: domain, sub: fake.user.sub, aud: ['project-live-1'], scope: scope.join(' '), ...timesOf(3600) };
    const access = await sign({ ...claims, jti: access_token, client_id: app.clientId, ...membership() });
    known.set(access, access_token);
    const { refresh_token, ...rest } = given;
    const refresh = scope.includes('offline_access') || scope.length === 0 ? { refresh_token } : {};
    return { ...rest, ...refresh, access_token: access, token_type: 'bearer', status_code: 200, request_id: 'request-id-live-1' };
  };
  const profileOf = ({ scope }: Pick<Asked, 'scope'>): Record<string, unknown> => ({
    sub: fake.user.sub,
    ...(scope.includes('profile') ? { name: fake.user.name, locale: 'en' } : {}),
    ...(scope.includes('email') ? { email: fake.user.email, email_verified: fake.user.emailVerified } : {}),
  });
  const token = async (request: Request): Promise<Response> => {
    const form = await codes.read(request);
    if ('error' in form) return no(401, 'invalid_client');
    if (form.get('grant_type') === 'refresh_token') {
      const given = tokens.refresh(form.get('refresh_token') ?? '', now());
      return given ? Response.json(await answerOf(given, [])) : no(400, 'invalid_grant');
    }
    const asked = await codes.redeem(form);
    if ('error' in asked) return no(400, asked.error);
    const nonce = asked.nonce === null ? {} : { nonce: asked.nonce };
    const claims = { iss: domain, aud: app.clientId, ...timesOf(3600), ...nonce, ...profileOf(asked) };
    const id_token = await sign(claims, fake.forge);
    return Response.json({ ...(await answerOf(tokens.open(now()), asked.scope)), id_token });
  };
  const fake: FakeStytch = {
    domain,
    calls: [],
    faults: new Map(),
    user: { sub: 'user-live-1', name: 'Stella Stytch', email: 'stella@corp.example', emailVerified: true },
    member: null,
    forge: null,
    ways,
    tokens,
    fetch: async (input, init) => {
      const request = new Request(input instanceof URL ? input.href : input, init);
      const { origin, pathname } = new URL(request.url);
      fake.calls.push(pathname);
      const fault = fake.faults.get(pathname);
      if (fault !== undefined) return faulty(fault, init?.signal);
      if (origin !== domain) return new Response('Not found', { status: 404 });
      switch (pathname) {
        case '/.well-known/openid-configuration':
          return Response.json(documentOf(domain));
        case '/.well-known/jwks.json':
          return Response.json({ keys: [jwk] });
        case '/v1/oauth2/token':
          return token(request);
        case '/v1/oauth2/userinfo': {
          const access = known.get(request.headers.get('authorization')?.slice('Bearer '.length) ?? '');
          return tokens.isGood(access, now()) ? Response.json(profileOf({ scope: ['profile', 'email'] })) : no(401, 'invalid_token');
        }
        case '/v1/oauth2/revoke': {
          const form = await codes.read(request);
          if ('error' in form) return no(401, 'invalid_client');
          tokens.revoke(known.get(form.get('token') ?? '') ?? form.get('token') ?? ''); // unknown is not an error (RFC 7009 §2.2)
          return Response.json({ status_code: 200, request_id: 'request-id-live-2' });
        }
        default:
          return no(404, 'route_not_found');
      }
    },
    async visit(location, { error, parameters = {} } = {}) {
      if (!location.startsWith(`${domain}/oauth/authorize?`)) throw new Error(`This is not a URL of Stytch: ${location}`);
      return codes.sendBack(codes.ask(location), error, parameters);
    },
  };
  return fake;
}

/** The authorization page is hosted by the project's owner; here it is on the project's domain. */
function documentOf(domain: string): Record<string, unknown> {
  return {
    issuer: domain,
    authorization_endpoint: `${domain}/oauth/authorize`,
    token_endpoint: `${domain}/v1/oauth2/token`,
    userinfo_endpoint: `${domain}/v1/oauth2/userinfo`,
    revocation_endpoint: `${domain}/v1/oauth2/revoke`,
    jwks_uri: `${domain}/.well-known/jwks.json`,
    scopes_supported: ['openid', 'profile', 'email', 'phone', 'offline_access'],
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
  };
}

function no(status: number, error: string): Response {
  const body = { error, error_description: 'See the error page.', status_code: status, request_id: 'request-id-live-3' };
  return Response.json(body, { status });
}
