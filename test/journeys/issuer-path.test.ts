/** A server below a path of a shared domain, behind a proxy that keeps the path or takes it off. */
import { describe, expect, it } from 'vitest';
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, makeApp, storeNames } from '../support/app.ts';

const ORIGIN = 'https://shared.example';
const BASE = `${ORIGIN}/notes`;

const WAYS = [
  ['keeps', {}, (path: string) => path],
  [
    'takes off',
    { basePath: '/notes' },
    (path: string) => (path === '/notes' || path.startsWith('/notes/') ? path.slice('/notes'.length) || '/' : path),
  ],
  ['takes off, and the issuer is an origin', { issuer: ORIGIN, basePath: '/notes' }, (path: string) => path.replace(/^\/notes(?=\/)/, '')],
] as const;

describe.each(storeNames)('an issuer with a path on %s', (store) => {
  it('keeps its browsers signed in while they sign in at another server of the same domain (R-17)', async () => {
    const [notes, mail] = [await makeApp(store, { issuer: BASE }), await makeApp(store, { issuer: `${ORIGIN}/mail/v1` })];
    const browser = makeBrowser((request) => (new URL(request.url).pathname.startsWith('/notes/') ? notes : mail).send(request));
    for (const at of [BASE, `${ORIGIN}/mail/v1`]) await browser.submit(await browser.get(`${at}/login`), ALICE);
    for (const at of [BASE, `${ORIGIN}/mail/v1`]) expect([at, (await browser.get(`${at}/account`)).status]).toEqual([at, 200]);
    expect([...browser.cookies.keys()].filter((name) => name.endsWith('session'))).toEqual(['__Host-portcullis-notes.session', '__Host-portcullis-mail.v1.session']); // prettier-ignore
  });

  it.each(WAYS)('works behind a proxy that %s the path, from the metadata to a call (R-17)', async (_way, more, through) => {
    const app = await makeApp(store, { issuer: BASE, ...more });
    const send: Send = async (request) => {
      const url = new URL(request.url);
      url.pathname = through(url.pathname);
      return app.send(new Request(url, request));
    };
    const get = async (path: string): Promise<Record<string, unknown>> => (await send(new Request(ORIGIN + path))).json() as never;
    for (const path of [
      '/.well-known/oauth-authorization-server/notes',
      '/.well-known/openid-configuration/notes',
      '/notes/.well-known/openid-configuration',
      '/notes/.well-known/oauth-authorization-server',
    ])
      expect(await get(path)).toMatchObject({ issuer: BASE, token_endpoint: `${BASE}/token`, authorization_endpoint: `${BASE}/authorize` });
    expect(await get('/.well-known/oauth-protected-resource/notes/mcp')).toMatchObject({
      resource: `${BASE}/mcp`,
      authorization_servers: [BASE],
    });
    if ('basePath' in more)
      for (const name of ['oauth-authorization-server', 'openid-configuration', 'oauth-protected-resource/mcp'])
        expect((await send(new Request(`${BASE}/.well-known/${name}`))).status).toBe(200); // for a proxy that hands over nothing else
    const call = (token?: string): Promise<Response> =>
      send(
        new Request(`${BASE}/mcp`, {
          method: 'POST',
          body: '{}',
          ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
        }),
      );
    expect((await call()).headers.get('www-authenticate')).toContain(
      `resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/notes/mcp"`,
    );
    const client = await registerClient({ send, issuer: BASE });
    const { access } = tokensOf(await client.redeem(await client.signIn(makeBrowser(send), ALICE)));
    const answer = await call(access);
    expect([answer.status, ((await answer.json()) as { auth: { resource: string } }).auth.resource]).toEqual([200, `${BASE}/mcp`]);
  });
});

describe('an issuer with a path', () => {
  it('says what is wrong with a path (R-17)', async () => {
    await expect(makeApp('memory', { issuer: BASE, basePath: '/other' })).rejects.toThrow(
      '`basePath` is /other, and the issuer has the path /notes',
    );
    await expect(makeApp('memory', { issuer: `${BASE}/` })).rejects.toThrow('no slash at the end');
    await expect(makeApp('memory', { issuer: `${ORIGIN}/.well-known/x` })).rejects.toThrow('`issuer` must be');
    await expect(makeApp('memory', { basePath: 'notes' })).rejects.toThrow('`basePath` must be a path');
    await expect(makeApp('memory', { issuer: BASE, apiRoute: '/' })).rejects.toThrow('cannot be "/" where the issuer has a path');
  });
});
