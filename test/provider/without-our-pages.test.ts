import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/model/handler.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { OAuthProvider } from '../../src/own-pages.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { codeOf, registerClient, tokensOf } from '../../src/testing/index.ts';

const ISSUER = 'https://mcp.example';

/** An application that has signed in Ada. */
async function authorize(request: Request, { OAUTH_PROVIDER }: { readonly OAUTH_PROVIDER: OAuthHelpers }): Promise<Response> {
  if (new URL(request.url).pathname !== '/authorize') return new Response('ours', { status: 404 });
  const asked = await OAUTH_PROVIDER.parseAuthRequest(request);
  const { redirectTo } = await OAUTH_PROVIDER.completeAuthorization({
    request: asked,
    userId: 'ada',
    scope: asked.scope,
    props: { name: 'Ada' },
  });
  return Response.redirect(redirectTo, 303);
}

const options: OAuthProviderOptions = {
  issuer: ISSUER,
  store: memoryStore(),
  apiRoute: '/mcp',
  apiHandler: (_request, _env, ctx) => Response.json(ctx.props),
  defaultHandler: authorize as never,
  clientRegistrationEndpoint: '/register',
};

describe('own-pages', () => {
  it('is a whole server for an application with pages of its own', async () => {
    const provider = new OAuthProvider(options);
    const ctx: Context = { waitUntil() {} };
    const send = async (request: Request): Promise<Response> => provider.fetch(request, {}, ctx);
    const client = await registerClient({ send, issuer: ISSUER });
    const answer = await send(new Request(await client.authorizeUrl()));
    const code = codeOf({ status: answer.status, location: answer.headers.get('location') ?? '', text: '' } as never);
    const first = tokensOf(await client.redeem(code));
    const { access, refresh } = tokensOf(await client.refresh(first.refresh));
    const call = (): Promise<Response> =>
      provider.fetch(new Request(`${ISSUER}/mcp`, { headers: { authorization: `Bearer ${access}` } }), {}, { waitUntil() {} });
    expect(await (await call()).json()).toEqual({ name: 'Ada' });
    await client.revoke(refresh);
    expect((await call()).status).toBe(401);
    const browser = new Request(`${ISSUER}/mcp`, { headers: { accept: 'text/html' } });
    expect((await send(browser)).headers.get('content-type')).not.toContain('html');
    expect(await (await send(new Request(`${ISSUER}/login`))).text()).toBe('ours');
  });

  it.each([
    ['logins', { logins: [{ id: 'own' }] }],
    ['pages', { pages: { accent: '#123456' } }],
    ['tokenExchange', { tokenExchange: () => true }],
    ['trustedIssuers', { trustedIssuers: [{ issuer: 'https://idp.example' }] }],
  ])('refuses the option %s, of whose code it has nothing', (name, more) => {
    const make = (): unknown => new OAuthProvider({ ...options, ...more } as OAuthProviderOptions);
    expect(make).toThrow(`\`${name}\` is not part of portcullis/own-pages; import OAuthProvider from portcullis.`);
  });

  it('offers no grant type that it cannot give', async () => {
    const provider = new OAuthProvider(options);
    const metadata = await (await provider.fetch(new Request(`${ISSUER}/.well-known/oauth-authorization-server`), {})).json();
    expect(metadata).toMatchObject({ grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'] });
  });
});
