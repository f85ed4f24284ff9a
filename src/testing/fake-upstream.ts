/**
 * A fake OpenID Connect provider in the test's process: discovery, keys, codes, signed ID tokens, userinfo. Pass its `fetch` to a provider of
 * `portcullis/upstreams`, and call `visit` in place of the user. It can fail in every way, and sign what an honest provider would not.
 */
import type { Seconds } from '../model/store.ts';
import {
  type Asked,
  type FakeAlgorithm,
  type FakeTokens,
  type Fault,
  faulty,
  type Forge,
  makeCodes,
  makeSigner,
  makeTokens,
  type Registered,
  type TokenWays,
} from './fake-parts.ts';

/** What the user does at the provider. */
export interface Decision {
  /** An error instead of a code: `access_denied`. */
  readonly error?: string;
  /** The scopes that the user allows; all requested ones by default. */
  readonly scope?: readonly string[];
  /** More parameters of the callback; null omits one. */
  readonly parameters?: { readonly [name: string]: string | null };
}

/** The endpoints that can fail. */
export type FakeEndpoint = 'discovery' | 'token' | 'jwks' | 'userinfo' | 'revoke';

/** A fake provider. */
export interface FakeUpstream {
  readonly fetch: typeof fetch;
  readonly issuer: string;
  /** Requested endpoints, in order. */
  readonly calls: FakeEndpoint[];
  /** Set to make an endpoint fail. */
  readonly faults: Map<FakeEndpoint, Fault>;
  /** Claims of the signed-in user, at least `sub`. */
  user: { readonly sub: string; readonly [claim: string]: unknown };
  /** Whether name and e-mail are only at the userinfo endpoint, and not in the ID token. */
  thin: boolean;
  forge: Forge | null;
  /** Changes a token response after its tokens were issued and the old ones were spent: `({ token_type, ...rest }) => rest`. */
  shape: ((answer: Record<string, unknown>) => unknown) | null;
  /** Response to an invalid refresh token; `invalid_grant` by default. */
  refusal: { readonly status: number; readonly body: unknown };
  /** Behaviour of its tokens: by default valid for an hour, with rotating refresh tokens. */
  readonly ways: TokenWays;
  readonly tokens: FakeTokens;
  /** Members of the discovery document to override. */
  readonly metadata: Record<string, unknown>;
  readonly keys: { jwks: unknown[] };
  /** Follows an authorization URL like a user. @returns the callback URL. */
  visit(location: string, decision?: Decision): Promise<string>;
}

/** Issuer, registered client, and clock. */
export interface FakeUpstreamOptions extends Registered {
  /** Its issuer. */
  readonly issuer?: string;
  /** Signature algorithm; ES256 by default. */
  readonly alg?: FakeAlgorithm;
  /** The clock in seconds. */
  readonly now: () => Seconds;
}

/**
 * Makes a fake provider with its own key.
 *
 * @example
 * const app = { clientId: 'app', clientSecret: 'secret' };
 * const now = () => Math.floor(Date.now() / 1000);
 * const fake = await makeFakeUpstream({ ...app, now, redirectUri: 'https://mcp.example/authorize/callback/oidc' });
 * const provider = oidc({ ...app, issuer: fake.issuer, fetch: fake.fetch });
 */
export async function makeFakeUpstream(options: FakeUpstreamOptions): Promise<FakeUpstream> {
  const { issuer = 'https://idp.example', alg = 'ES256', now, ...app } = options;
  const root = issuer.replace(/\/$/, ''); // Auth0's issuer ends with a slash
  const codes = makeCodes(app);
  const ways: TokenWays = { prefix: 'upstream-', lifetime: 3600, rotates: true };
  const tokens = makeTokens(ways);
  const { jwk, sign } = await makeSigner(alg);
  /** `auth_time` is included only if `max_age` is requested, as with many real providers. */
  const idTokenOf = ({ sub, ...profile }: FakeUpstream['user'], { nonce, parameters }: Asked): Promise<string> =>
    sign(
      {
        iss: issuer,
        sub,
        aud: app.clientId,
        iat: now(),
        exp: now() + 300,
        ...(nonce === null ? {} : { nonce }),
        ...(parameters.has('max_age') ? { auth_time: now() } : {}),
        ...(fake.thin ? {} : profile),
      },
      fake.forge,
    );

  const shaped = (answer: Record<string, unknown>): Response => Response.json(fake.shape ? fake.shape(answer) : answer);
  /** A string is an HTML page, possibly empty. */
  const refused = ({ status, body } = fake.refusal): Response =>
    typeof body === 'string' ? new Response(body, { status, headers: { 'content-type': 'text/html' } }) : Response.json(body, { status });
  const routes: { readonly [path: string]: readonly [FakeEndpoint, (request: Request) => Promise<Response>] } = {
    '/.well-known/openid-configuration': ['discovery', async () => Response.json({ ...documentOf(root), issuer, ...fake.metadata })],
    '/jwks': ['jwks', async () => Response.json({ keys: fake.keys.jwks })],
    '/token': [
      'token',
      async (request) => {
        const form = await codes.read(request);
        if ('error' in form) return Response.json(form, { status: 401 });
        if (form.get('grant_type') === 'refresh_token') {
          const given = tokens.refresh(form.get('refresh_token') ?? '', now());
          return given ? shaped({ ...given, token_type: 'Bearer' }) : refused();
        }
        const asked = await codes.redeem(form);
        if ('error' in asked) return Response.json(asked, { status: 400 });
        const id_token = await idTokenOf(fake.user, asked);
        return shaped({ ...tokens.open(now()), token_type: 'Bearer', scope: asked.scope.join(' '), id_token });
      },
    ],
    '/userinfo': [
      'userinfo',
      async (request) => {
        const known = tokens.isGood(request.headers.get('authorization')?.slice('Bearer '.length), now());
        return known ? Response.json(fake.user) : new Response(null, { status: 401 });
      },
    ],
    '/revoke': [
      'revoke',
      async (request) => {
        const form = await codes.read(request);
        if ('error' in form) return Response.json(form, { status: 401 });
        tokens.revoke(form.get('token') ?? ''); // unknown is not an error (RFC 7009 §2.2)
        return new Response(null);
      },
    ],
  };
  const fake: FakeUpstream = {
    issuer,
    calls: [],
    faults: new Map(),
    ways,
    tokens,
    user: { sub: 'u-1', name: 'Uma Upstream', email: 'uma@corp.example', email_verified: true },
    thin: false,
    forge: null,
    shape: null,
    refusal: { status: 400, body: { error: 'invalid_grant' } },
    metadata: {},
    keys: {
      jwks: [{ kty: 'XYZ', kid: 'k0' }, jwk],
    },
    fetch: async (input, init) => {
      const request = new Request(input instanceof URL ? input.href : input, init);
      const [name, handle] = routes[new URL(request.url).pathname] ?? [];
      if (!request.url.startsWith(root) || !name || !handle) return new Response('Not found', { status: 404 });
      fake.calls.push(name);
      const fault = fake.faults.get(name);
      return fault === undefined ? handle(request) : faulty(fault, init?.signal);
    },
    async visit(location, { error, scope, parameters = {} } = {}) {
      if (!location.startsWith(`${root}/authorize?`)) throw new Error(`This is not a URL of the provider: ${location}`);
      const asked = codes.ask(location);
      return codes.sendBack(scope ? { ...asked, scope } : asked, error, { iss: issuer, ...parameters });
    },
  };
  return fake;
}

function documentOf(root: string): Record<string, unknown> {
  return {
    authorization_endpoint: `${root}/authorize`,
    token_endpoint: `${root}/token`,
    jwks_uri: `${root}/jwks`,
    userinfo_endpoint: `${root}/userinfo`,
    revocation_endpoint: `${root}/revoke`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256', 'none', 'HS256'], // a careless document must not weaken anything
    authorization_response_iss_parameter_supported: true,
  };
}
