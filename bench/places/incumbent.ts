/** The same journeys on `@cloudflare/workers-oauth-provider` 1.2.3, with an application that has its own pages, on KV. */
import './objects.ts'; // `cloudflare:workers`
import type { Place } from '../../src/model/token.ts';
import type { VirtualClock } from './clock.ts';
import type { Served } from './journeys.ts';
import { type Here, kvAt } from './layouts.ts';

interface Helpers {
  parseAuthRequest(request: Request): Promise<{ readonly clientId: string; readonly scope: string[] }>;
  lookupClient(id: string): Promise<unknown>;
  completeAuthorization(options: unknown): Promise<{ readonly redirectTo: string }>;
}

const ISSUER = 'https://mcp.example';

/** The server. */
export async function incumbent(here: Here, clock: VirtualClock): Promise<Served> {
  const name = '@cloudflare/workers-oauth-provider';
  const { OAuthProvider } = (await import(name)) as {
    OAuthProvider: new (options: unknown) => { fetch(request: Request, env: unknown, ctx: unknown): Promise<Response> };
  };
  const provider = new OAuthProvider({
    apiRoute: '/mcp',
    apiHandler: { fetch: () => new Response('{}') },
    defaultHandler: { fetch: pages },
    authorizeEndpoint: `${ISSUER}/authorize`,
    tokenEndpoint: `${ISSUER}/token`,
    clientRegistrationEndpoint: `${ISSUER}/register`,
    scopesSupported: ['read'],
    resourceMetadata: { resource: `${ISSUER}/mcp`, authorization_servers: [ISSUER] },
  });
  const env = { OAUTH_KV: kvAt(here, clock) };
  const behind: Promise<unknown>[] = [];
  return {
    issuer: ISSUER,
    from: (place: Place) => (request) => {
      here.place = place;
      return provider.fetch(request, env, {
        waitUntil: (work: Promise<unknown>) => void behind.push(work),
        passThroughOnException: () => undefined,
        props: {},
      });
    },
    async settle() {
      while (behind.length > 0) await Promise.allSettled(behind.splice(0));
    },
  };
}

async function pages(request: Request, env: unknown): Promise<Response> {
  const helpers = (env as { OAUTH_PROVIDER: Helpers }).OAUTH_PROVIDER;
  const url = new URL(request.url);
  const asked = await helpers.parseAuthRequest(new Request(request.url));
  if (request.method === 'GET') {
    await helpers.lookupClient(asked.clientId);
    return new Response(`<form action="${url.pathname}${url.search}"></form>`);
  }
  const { redirectTo } = await helpers.completeAuthorization({
    request: asked,
    userId: 'u-7',
    metadata: {},
    scope: asked.scope,
    props: {},
  });
  return Response.redirect(redirectTo, 303);
}
