/** What requests and responses of `@cloudflare/workers-oauth-provider` have otherwise than those of the core. */
import { type OAuthProviderOptions, pathOf } from './option-types.ts';

/** Members of the metadata that the core does not know, by the beginning of their path. */
export type Published = readonly (readonly [path: string, members: object])[];

/** `scopes_supported` of the resource is not enforced, as there; `requiredScopes` are. The authorization endpoint may be on another host. */
export function publishedBy({ resourceMetadata, authorizeEndpoint }: OAuthProviderOptions<never>, resource: string): Published {
  const { scopes_supported } = resourceMetadata;
  const elsewhere = URL.canParse(authorizeEndpoint) ? { authorization_endpoint: authorizeEndpoint } : {};
  return [
    ['/.well-known/oauth-protected-resource', scopes_supported ? { scopes_supported } : {}],
    ['/.well-known/oauth-authorization-server', { protected_resources: [resource], ...elsewhere }],
  ];
}

/** The metadata with these members. */
export async function withPublished(request: Request, response: Response, published: Published): Promise<Response> {
  const members = published.find(([path]) => new URL(request.url).pathname.startsWith(path))?.[1];
  const isMetadata = members && request.method === 'GET' && response.status === 200;
  if (!isMetadata || response.headers.get('content-type')?.includes('json') !== true) return response;
  return Response.json({ ...((await response.json()) as object), ...members }, { headers: response.headers });
}

const MAX_BODY = 1024 * 1024;

/** There a client that registers for codes alone gets refresh tokens, too; here a client gets what it registered for, so that is added. */
export async function withRefreshTokens(request: Request, registration: string | undefined): Promise<Request> {
  if (registration === undefined || request.method !== 'POST' || new URL(request.url).pathname !== pathOf(registration)) return request;
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY) return request; // refused by its length
  const text = await request.clone().text();
  const types = grantTypesIn(text);
  if (types === null || !types.includes('authorization_code') || types.includes('refresh_token')) return request;
  const body = JSON.stringify({ ...(JSON.parse(text) as object), grant_types: [...types, 'refresh_token'] });
  const headers = new Headers(request.headers);
  headers.delete('content-length');
  return new Request(request.url, { method: 'POST', headers, body });
}

/** The `grant_types` of a registration; null if the body is for the core to refuse. */
function grantTypesIn(text: string): readonly unknown[] | null {
  try {
    const { grant_types: types } = Object(JSON.parse(text)) as { readonly grant_types?: unknown };
    return Array.isArray(types) ? types : null;
  } catch {
    return null;
  }
}
