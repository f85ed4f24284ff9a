/**
 * An OpenID Connect provider in the test's own process: discovery, keys, codes, signed ID tokens, userinfo. Give its
 * `fetch` to a provider of `portcullis/upstreams`; let `visit` stand for the person at the provider. It can be told to
 * fail in every way, and to sign what no honest one would.
 */
import type { Seconds } from '../model/store.ts';
import { type Asked, makeCodes, type Registered } from './fake-codes.ts';
import { type FakeAlgorithm, type Forge, makeSigner } from './fake-signer.ts';
import { type FakeTokens, makeTokens, type TokenWays } from './fake-tokens.ts';
import { type Fault, faulty } from './fault.ts';

/** What the person does at the provider. */
export interface Decision {
  /** An error instead of a code: `access_denied`. */
  readonly error?: string;
  /** The scopes that the person allows; all that are asked for, unless told. */
  readonly scope?: readonly string[];
  /** What else stands in the callback; null leaves a parameter out. */
  readonly parameters?: { readonly [name: string]: string | null };
}

/** The endpoints that can fail. */
export type FakeEndpoint = 'discovery' | 'token' | 'jwks' | 'userinfo' | 'revoke';

/** A fake provider. */
export interface FakeUpstream {
  readonly fetch: typeof fetch;
  readonly issuer: string;
  /** Which endpoints were asked, in order. */
  readonly calls: FakeEndpoint[];
  /** Set to make an endpoint fail. */
  readonly faults: Map<FakeEndpoint, Fault>;
  /** Claims of the person who is signed in there; `sub` at least. */
  user: { readonly sub: string; readonly [claim: string]: unknown };
  /** Whether name and e-mail stand in the ID token, or at the userinfo endpoint alone. */
  thin: boolean;
  forge: Forge | null;
  /** Changes an answer of the token endpoint once the tokens in it were made, and the old ones are spent: `({ token_type, ...rest }) => rest`. */
  shape: ((answer: Record<string, unknown>) => unknown) | null;
  /** How it refuses a refresh token; `invalid_grant` unless told. */
  refusal: { readonly status: number; readonly body: unknown };
  /** How its tokens live: an hour, with refresh tokens for one use, unless told. */
  readonly ways: TokenWays;
  readonly tokens: FakeTokens;
  /** Members of the discovery document that are not as they should be. */
  readonly metadata: Record<string, unknown>;
  readonly keys: { jwks: unknown[] };
  /** Follows an authorization URL as a person would; the URL that the browser is sent back to. */
  visit(location: string, decision?: Decision): Promise<string>;
}

/** Where it stands, and who may use it. */
export interface FakeUpstreamOptions extends Registered {
  readonly issuer?: string;
  /** What it signs with; default ES256. */
  readonly alg?: FakeAlgorithm;
  readonly now: () => Seconds;
}

/** Makes one, with a key of its own. */
export async function makeFakeUpstream(options: FakeUpstreamOptions): Promise<FakeUpstream> {
  const { issuer = 'https://idp.example', alg = 'ES256', now, ...app } = options;
  const root = issuer.replace(/\/$/, ''); // Auth0's issuer ends with a slash
  const codes = makeCodes(app);
  const ways: TokenWays = { prefix: 'upstream-', lifetime: 3600, rotates: true };
  const tokens = makeTokens(ways);
  const { jwk, sign } = await makeSigner(alg);
  /** `auth_time` comes where `max_age` is asked, and only there, as with many a real provider. */
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
  /** A text is a page, or nothing at all. */
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
      if (!location.startsWith(`${root}/authorize?`)) throw new Error(`The browser is not on its way to the provider: ${location}`);
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
    id_token_signing_alg_values_supported: ['ES256', 'none', 'HS256'], // a careless document must not open a door
    authorization_response_iss_parameter_supported: true,
  };
}
