/** A server of `portcullis/workers-oauth-provider` on the test's clock, whose page asks nothing, and the requests of one client. */
import { makeRuntime } from '#under-test';
import { CHALLENGE, VERIFIER } from '../../bench/servers/answers.ts';
import type { Runtime } from '../../src/model/runtime.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Clock, makeClock } from '../../src/testing/clock.ts';
import type { OAuthHelpers } from '../../src/workers-oauth-provider/helpers.ts';
import type { OAuthProviderOptions } from '../../src/workers-oauth-provider/accepted-options.ts';
import { AdaptedProvider } from '../../src/workers-oauth-provider/provider.ts';

export const ISSUER = 'https://mcp.example';
export const RESOURCE = `${ISSUER}/mcp`;
const CALLBACK = 'http://localhost:3334/callback';

type Fields = Readonly<Record<string, string>>;
type Env = { readonly OAUTH_PROVIDER: OAuthHelpers };

/** What the tests do with one. */
export interface Adapted {
  readonly clock: Clock;
  readonly oauth: OAuthHelpers;
  /** Error reports that the option `onError` got. */
  readonly errors: Parameters<NonNullable<OAuthProviderOptions['onError']>>[0][];
  readonly send: (path: string, init?: RequestInit) => Promise<Response>;
  token(fields: Fields, headers?: Fields): Promise<{ readonly status: number; readonly body: Record<string, string> }>;
  /** Registers a client, signs a user in, and gives the answer to the code. */
  signIn(): Promise<{ readonly id: string; readonly body: Record<string, string> }>;
  call(token: string | undefined): Promise<unknown>;
}

export function makeAdapted(more: Partial<OAuthProviderOptions<Env>> = {}, machine: Partial<Runtime> = {}): Adapted {
  const clock = makeClock();
  const errors: Adapted['errors'] = [];
  const provider = new AdaptedProvider<Env>(
    {
      apiRoute: '/mcp',
      apiHandler: { fetch: (_request, _env, ctx) => Response.json(ctx.props) },
      defaultHandler: {
        async fetch(request, { OAUTH_PROVIDER: helpers }) {
          const asked = await helpers.parseAuthRequest(request);
          const user = { userId: 'una', metadata: null, props: { name: 'Una' } };
          return Response.redirect((await helpers.completeAuthorization({ request: asked, scope: asked.scope, ...user })).redirectTo, 302);
        },
      },
      authorizeEndpoint: '/authorize',
      tokenEndpoint: '/token',
      clientRegistrationEndpoint: '/register',
      scopesSupported: ['read', 'write'],
      resourceMetadata: { resource: RESOURCE },
      onError: (report) => void errors.push(report),
      ...more,
    },
    { runtime: { ...makeRuntime(), now: clock.now, ...machine }, address: () => '192.0.2.1' },
  );
  const env = { PORTCULLIS: memoryStore(clock) } as unknown as Env;
  const send: Adapted['send'] = (path, init) => provider.fetch(new Request(ISSUER + path, init), env, { waitUntil() {} });
  const token: Adapted['token'] = async (fields, headers = {}) => {
    const type = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
    const answer = await send('/token', { method: 'POST', headers: type, body: new URLSearchParams(fields).toString() });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  return {
    clock, errors, send, token, oauth: provider.getOAuthApi(env),
    async signIn() {
      const metadata = { client_name: 'Client', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' };
      const registered = await send('/register', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(metadata) });
      const { client_id: id } = (await registered.json()) as { client_id: string };
      const asked = { response_type: 'code', client_id: id, redirect_uri: CALLBACK, state: 's', scope: 'read write', code_challenge: CHALLENGE, code_challenge_method: 'S256' };
      const away = await send(`/authorize?${new URLSearchParams(asked)}`);
      const code = new URL(away.headers.get('location') ?? '').searchParams.get('code') ?? '';
      const { body } = await token({ grant_type: 'authorization_code', client_id: id, code, code_verifier: VERIFIER, redirect_uri: CALLBACK });
      return { id, body };
    },
    async call(access) {
      const answer = await send('/mcp', { method: 'POST', headers: { authorization: `Bearer ${access}` }, body: '{}' });
      return answer.ok ? answer.json() : answer.status;
    },
  }; // prettier-ignore
}
