import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/model/context.ts';
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

/** An access token for Ada. */
async function accessFor(provider: OAuthProvider): Promise<string> {
  const send = async (request: Request): Promise<Response> => provider.fetch(request, {}, { waitUntil() {} });
  const client = await registerClient({ send, issuer: ISSUER });
  const answer = await send(new Request(await client.authorizeUrl()));
  const code = codeOf({ status: answer.status, location: answer.headers.get('location') ?? '', text: '' } as never);
  return tokensOf(await client.redeem(code)).access;
}

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
    ['secondFactor', { secondFactor: { id: 'totp' } }],
    ['securityEmails', { securityEmails: () => undefined }],
    ['tokenExchange', { tokenExchange: () => true }],
    ['trustedIssuers', { trustedIssuers: [{ issuer: 'https://idp.example' }] }],
    ['trustedIssuers', { trustedIssuers: () => null }],
  ])('refuses the option %s, of whose code it has nothing', (name, more) => {
    const make = (): unknown => new OAuthProvider({ ...options, ...more } as OAuthProviderOptions);
    expect(make).toThrow(`\`${name}\` is not part of portcullis/own-pages; import OAuthProvider from portcullis.`);
  });

  it('says of each helper for accounts and their tokens of other sites that it is not here', async () => {
    const { accounts, signIns } = new OAuthProvider(options).helpers({});
    const other = (what: string): string =>
      `OAuthProvider: ${what} is not part of portcullis/own-pages; import OAuthProvider from portcullis.`;
    await expect(accounts.permissionsOf('ada')).rejects.toThrow(new TypeError(other('helpers.accounts')));
    await expect(signIns.list('ada')).rejects.toThrow(new TypeError(other('helpers.signIns')));
    let refusals: readonly unknown[] = [];
    const provider = new OAuthProvider({
      ...options,
      store: memoryStore(),
      apiHandler: async (_request, _env, { auth }) => {
        const all = await Promise.allSettled([auth.upstream('github').token(), auth.upstream('github').accounts(), auth.connect('github')]);
        refusals = all.map((one) => (one.status === 'rejected' ? one.reason : null));
        const sealed = await auth.connect.seal({ step: 2 }, 'this tool'); // what a client carries needs no login
        return Response.json([await auth.connect.open(sealed, 'this tool'), await auth.connect.open(sealed, 'another tool')]);
      },
    } as OAuthProviderOptions);
    const access = await accessFor(provider);
    const answer = await provider.fetch(
      new Request(`${ISSUER}/mcp`, { headers: { authorization: `Bearer ${access}` } }),
      {},
      { waitUntil() {} },
    );
    expect(await answer.json()).toEqual([{ value: { step: 2 }, over: false }, null]);
    expect(refusals).toMatchObject([{ failure: 'not_linked' }, { failure: 'not_linked' }, new TypeError(other('auth.connect'))]);
  });

  it('signs a user out and disables one, with nothing to release at other sites', async () => {
    const provider = new OAuthProvider({ ...options, store: memoryStore() });
    const helpers = provider.helpers({});
    const call = async (access: string): Promise<number> =>
      (await provider.fetch(new Request(`${ISSUER}/mcp`, { headers: { authorization: `Bearer ${access}` } }), {}, { waitUntil() {} }))
        .status;
    const [first, second] = [await accessFor(provider), await accessFor(provider)];
    expect([await call(first), await call(second)]).toEqual([200, 200]);
    await helpers.signOut('ada', { removeSignIns: ['identities'] });
    expect([await call(first), await call(second)]).toEqual([401, 401]);
    const third = await accessFor(provider);
    expect(await call(third)).toBe(200);
    await helpers.disableUser('ada');
    expect(await call(third)).toBe(401);
  });

  it('offers no grant type that it cannot give', async () => {
    const provider = new OAuthProvider(options);
    const metadata = await (await provider.fetch(new Request(`${ISSUER}/.well-known/oauth-authorization-server`), {})).json();
    expect(metadata).toMatchObject({ grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'] });
  });
});
