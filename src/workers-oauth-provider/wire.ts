/** What requests and responses of `@cloudflare/workers-oauth-provider` have otherwise than those of the core. */
import { readBody } from '../lib/http.ts';
import { type OAuthProviderOptions, pathOf } from './accepted-options.ts';

/** Members of the metadata that the core does not know, by the beginning of their path. */
export type Published = readonly (readonly [path: string, members: object])[];

/** `scopes_supported` of the resource is not enforced, as there; `requiredScopes` are. The authorization endpoint may be on another host. */
export function publishedBy(
  { resourceMetadata, authorizeEndpoint }: Partial<Pick<OAuthProviderOptions<never>, 'resourceMetadata' | 'authorizeEndpoint'>>,
  resources: readonly string[],
): Published {
  const { scopes_supported } = resourceMetadata ?? {};
  const elsewhere = authorizeEndpoint !== undefined && URL.canParse(authorizeEndpoint) ? { authorization_endpoint: authorizeEndpoint } : {};
  return [
    ['/.well-known/oauth-protected-resource', scopes_supported ? { scopes_supported } : {}],
    ['/.well-known/oauth-authorization-server', { protected_resources: resources, ...elsewhere }],
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

/**
 * Requests on their way to the core. There a client that registers for codes alone gets refresh tokens, too; here a client gets what it
 * registered for, so that is added. `clientRegistrationCallback` gets the request as it was sent. Tokens are revoked at the token endpoint,
 * too, where clients of the other server have read that they are.
 */
export class Requests {
  readonly #token: string;
  readonly #path: string | undefined;
  /** By the request that the core sees. Weak, since workerd ends a request that is cut off without running any more of its code (F-51). */
  readonly #sent = new WeakMap<Request, Request>();

  constructor(tokenEndpoint: string, registrationEndpoint: string | undefined) {
    this.#token = pathOf(tokenEndpoint);
    this.#path = registrationEndpoint === undefined ? undefined : pathOf(registrationEndpoint);
  }

  /** Answers a request with the core, after these changes. */
  async answer(request: Request, send: (request: Request) => Promise<Response>): Promise<Response> {
    const { method, url } = request;
    const { pathname } = new URL(url);
    if (method === 'POST' && pathname === this.#token) return send(await toRevocation(request));
    const isChange = method === 'PUT' && pathname === `${this.#path}/client`; // RFC 7592, which is not there
    if (!isChange && (method !== 'POST' || pathname !== this.#path)) return send(request);
    const read = await readBody(request.clone(), MAX_BODY);
    if ('problem' in read) return send(request); // refused by the core for the same reason
    const headers = new Headers(request.headers);
    headers.delete('content-length');
    const made = (body: string): Request => new Request(url, { method, headers, body });
    const shown = made(withRefresh(read.text));
    this.#sent.set(shown, made(read.text));
    return send(shown);
  }

  /** The request that was sent, with a body to read. */
  sent(request: Request): Request {
    const sent = this.#sent.get(request);
    if (!sent) throw new Error('Unknown registration.'); // nothing is registered without the callback
    return sent;
  }
}

/** A request that revokes a token (RFC 7009 §2.1), for the endpoint of its own. */
async function toRevocation(request: Request): Promise<Request> {
  if (request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') !== true) return request;
  const read = await readBody(request.clone(), MAX_BODY);
  if ('problem' in read) return request; // refused by the core for the same reason
  const fields = new URLSearchParams(read.text);
  const url = new URL(request.url);
  url.pathname = new URL('revoke', url).pathname; // with the query, in which the core refuses a secret
  return fields.has('token') && !fields.has('grant_type') ? new Request(url, request) : request;
}

/** A registration for codes alone, with refresh tokens; what is no registration stays as it is, for the core to refuse. */
function withRefresh(text: string): string {
  try {
    const metadata = Object(JSON.parse(text)) as { readonly grant_types?: unknown };
    const { grant_types: types } = metadata;
    if (!Array.isArray(types) || !types.includes('authorization_code') || types.includes('refresh_token')) return text;
    return JSON.stringify({ ...metadata, grant_types: [...types, 'refresh_token'] });
  } catch {
    return text;
  }
}
