/** A vendor's authorization server with a network of functions: registration, codes with PKCE, signed tokens, rotating refresh tokens. */
import { makeIssuer } from './issuer.ts';

export interface Vendor {
  readonly fetch: typeof fetch;
  /** What stands in the tokens that it signs from now on, beside who, when and for whom. */
  claims: { readonly [claim: string]: unknown };
  /** Seconds that a token lives. */
  lifetime: number;
  /** Grants at its token endpoint, in order. */
  readonly grants: string[];
  /** Gives a code for a request that the person allowed: where the browser goes next. */
  allow(query: URLSearchParams): string;
  readonly endpoints: Record<string, (request: Request) => Promise<Response>>;
}

interface Options {
  readonly issuer: string;
  readonly jwks: string;
  /** Default: its own, which allows everything. */
  readonly authorizationEndpoint?: string;
  /** Whom its tokens are for, from the `resource` that was asked for. */
  readonly audience?: (resource: string) => string | string[];
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Makes one. */
export async function makeVendor({ issuer, jwks, authorizationEndpoint, audience = (one) => one }: Options): Promise<Vendor> {
  const signer = await makeIssuer(issuer, { alg: 'RS256', jwks });
  const root = issuer.replace(/\/$/, '');
  const codes = new Map<string, URLSearchParams>();
  const refreshes = new Map<string, string>();
  const tokens = async (resource: string): Promise<Response> => {
    const refresh = crypto.randomUUID();
    refreshes.set(refresh, resource);
    const [iat, exp] = [seconds(), seconds() + vendor.lifetime];
    const token = await signer.sign({ aud: audience(resource), iat, exp, jti: crypto.randomUUID(), ...vendor.claims });
    return Response.json({ access_token: token, token_type: 'Bearer', expires_in: vendor.lifetime, refresh_token: refresh });
  };
  const metadata = {
    issuer,
    authorization_endpoint: authorizationEndpoint ?? `${root}/authorize`,
    token_endpoint: `${root}/token`,
    registration_endpoint: `${root}/register`,
    jwks_uri: jwks,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
  };
  const vendor: Vendor = {
    claims: {},
    lifetime: 300,
    grants: [],
    allow(query) {
      const code = crypto.randomUUID();
      codes.set(code, query);
      const back = new URL(query.get('redirect_uri') ?? '');
      back.searchParams.set('code', code);
      back.searchParams.set('state', query.get('state') ?? '');
      return back.href;
    },
    endpoints: {
      [`${root}/.well-known/oauth-authorization-server`]: async () => Response.json(metadata),
      [`${root}/register`]: async (request) =>
        Response.json({ ...((await request.json()) as object), client_id: 'client-1' }, { status: 201 }),
      [`${root}/authorize`]: async (request) => Response.redirect(vendor.allow(new URL(request.url).searchParams), 302),
      [`${root}/token`]: async (request) => {
        const form = new URLSearchParams(await request.text());
        const grant = form.get('grant_type') ?? '';
        vendor.grants.push(grant);
        const [code, refresh] = [form.get('code') ?? '', form.get('refresh_token') ?? ''];
        const asked = codes.get(code);
        const resource = grant === 'refresh_token' ? refreshes.get(refresh) : asked?.get('resource');
        const proven = grant === 'refresh_token' || (await challengeOf(form.get('code_verifier') ?? '')) === asked?.get('code_challenge');
        codes.delete(code);
        refreshes.delete(refresh);
        return resource && proven ? tokens(resource) : Response.json({ error: 'invalid_grant' }, { status: 400 });
      },
    },
    fetch: async (input, init) => {
      const request = new Request(input as RequestInfo, init);
      const { origin, pathname } = new URL(request.url);
      return vendor.endpoints[origin + pathname]?.(request) ?? signer.fetch(request.url);
    },
  };
  return vendor;
}

async function challengeOf(verifier: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
  return btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
