/** A real OpenID provider (`oidc-provider`) on loopback, with its own development pages to sign in on; at need in the shape of a vendor. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const CLIENT = { clientId: 'portcullis', clientSecret: 'a-secret-of-some-length-for-tests' } as const;

/** The provider, which is there at once and knows its client a little later. */
export interface RealIdp {
  readonly issuer: string;
  /** Reaches it by the vendor's name, as a resolver that points there would. */
  readonly fetch: (input: string | Request, init?: RequestInit) => Promise<Response>;
  /** What was asked of it, in order: paths. */
  readonly calls: string[];
  /** Registers us. Until then it answers nothing. @param prepare adds what the provider does not do by itself. */
  open(redirectUri: string, prepare?: (provider: Provider) => void): Promise<void>;
  close(): void;
}

/** How a vendor differs from the provider as it comes. */
export interface Shape {
  /** `https://vendor.example/path` */
  readonly issuer: string;
  /** Claims of each user, beside name and address. */
  readonly claims: { readonly [name: string]: unknown };
  readonly rotates: boolean;
  /** Paths of the endpoints, from the root of the host. */
  readonly routes?: { readonly [name: string]: string };
  /** Whether it takes tokens back. */
  readonly revokes: boolean;
  /** Members of its configuration, over all others. */
  readonly more?: { readonly [name: string]: unknown };
}

/** As much of the provider as is used. */
export interface Provider {
  proxy: boolean;
  callback(): (request: unknown, response: unknown) => void;
  registerGrantType(name: string, handler: (ctx: ProviderContext) => Promise<void>, parameters: readonly string[]): void;
}

/** What a grant type of it is given. */
export interface ProviderContext {
  body: unknown;
  readonly oidc: { readonly params: { readonly [name: string]: string | undefined }; readonly client: { readonly clientId: string } };
}

type ProviderClass = new (issuer: string, configuration: object) => Provider;

/** Starts one. */
export async function startRealIdp(shape?: Shape): Promise<RealIdp> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = shape?.issuer ?? origin;
  const { host, origin: vendor, pathname } = new URL(issuer);
  const mount = pathname.replace(/\/$/, '');
  const claims = (id: string) => ({ sub: id, name: `Name of ${id}`, email: `${id}@corp.example`, email_verified: true, ...shape?.claims });
  const calls: string[] = [];
  return {
    issuer,
    calls,
    async fetch(input, init) {
      const request = new Request(input, init);
      if (!request.url.startsWith(`${vendor}/`)) throw new TypeError(`fetch failed: ${request.url}`);
      calls.push(new URL(request.url).pathname);
      const headers = new Headers(request.headers);
      if (shape) for (const [name, value] of [['proto', 'https'], ['host', host]] as const) headers.set(`x-forwarded-${name}`, value); // prettier-ignore
      const body = request.body === null ? {} : { body: await request.text() };
      return fetch(request.url.replace(vendor, origin), { method: request.method, headers, redirect: 'manual', ...body });
    },
    async open(redirectUri, prepare) {
      const { default: OidcProvider } = (await import('oidc-provider' as string)) as { default: ProviderClass };
      const client = {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: [...(shape ? ['authorization_code', 'refresh_token'] : ['authorization_code']), ...(prepare ? [TOKEN_EXCHANGE] : [])],
        token_endpoint_auth_method: 'client_secret_post',
      };
      const own = shape && {
        rotateRefreshToken: shape.rotates,
        issueRefreshToken: () => true,
        conformIdTokenClaims: false, // vendors put them into the ID token
        routes: shape.routes ?? {},
        features: { revocation: { enabled: shape.revokes }, devInteractions: { enabled: true } },
      };
      const provider = new OidcProvider(issuer, {
        clients: [client],
        claims: { openid: ['sub', ...Object.keys(shape?.claims ?? {})], email: ['email', 'email_verified'], profile: ['name'] },
        findAccount: (_ctx: unknown, id: string) => ({ accountId: id, claims: () => claims(id) }),
        pkce: { required: () => true },
        ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 6000, IdToken: 600, Interaction: 600, RefreshToken: 6000, Session: 600 },
        cookies: { keys: ['a key for this test'] },
        ...own,
        ...shape?.more,
      });
      prepare?.(provider);
      provider.proxy = shape !== undefined;
      const answer = provider.callback();
      server.on('request', (request, response) => {
        const { url = '/' } = request;
        if (mount !== '' && url.startsWith(`${mount}/`)) Object.assign(request, { originalUrl: url, url: url.slice(mount.length) });
        answer(request, response);
      });
    },
    close: () => void server.close(),
  };
}
