/** Several resources with one catalogue of scopes, from the request to the call. */
import { describe, expect, it } from 'vitest';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, ISSUER, makeApp, optionsFor, RESOURCE, storeNames } from '../support/app.ts';
import { expectChallenge, expectJson, expectRedirect } from '../support/verdicts.ts';

const { apiHandler } = optionsFor([]);
const scopesSupported = {
  read: 'Read your notes',
  write: { description: 'Change your notes', includes: ['read'] },
  admin: { description: 'Do everything', includes: ['write'] },
};
const several = {
  apiRoute: ['/mcp', '/mcp2'],
  apiHandler: apiHandler!,
  scopesSupported,
  resources: { '/mcp2': { requiredScopes: ['read'], accessTokenTTL: 120 } },
} as const;

describe.each(storeNames)('several resources on %s', (store) => {
  it('SEC-112 SEC-115 binds a token to one of them, in any spelling of its URL, with the lifetime of that resource', async () => {
    const app = await makeApp(store, several);
    const client = await app.client();
    const asked = { resource: 'HTTPS://MCP.EXAMPLE/mcp2?session=1', scope: 'read' };
    const code = await client.signIn(app.browser(), ALICE, asked);
    const answer = await client.redeem(code, { resource: asked.resource });
    expect(answer.body).toMatchObject({ resource: `${ISSUER}/mcp2`, expires_in: 120 });
    const { access, refresh } = tokensOf(answer);
    expect((await app.call(access, '/mcp2')).status).toBe(200);
    expectChallenge(await app.call(access, '/mcp'), 'invalid_token');
    expect((await client.refresh(refresh, { resource: asked.resource })).body).toMatchObject({ expires_in: 120 });
    expectJson(await client.refresh(refresh, { resource: RESOURCE }), 'invalid_target');
  });

  it('binds to the default where none is named (SEC-113)', async () => {
    const app = await makeApp(store, { ...several, defaultResource: '/mcp2' });
    const client = await app.client();
    const { body } = await client.redeem(await client.signIn(app.browser(), ALICE));
    expect(body).toMatchObject({ resource: `${ISSUER}/mcp2` });
  });

  it('treats a scope that includes another as both, from the guard to a refresh', async () => {
    const app = await makeApp(store, { ...several, defaultResource: '/mcp2' });
    const client = await app.client();
    const page = await app.browser().get(await client.authorizeUrl({ scope: 'write' }));
    expect([page.text.includes('Change your notes'), page.text.includes('Do everything')]).toEqual([true, false]);
    const given = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE, { scope: 'write' })));
    expect((await app.call(given.access, '/mcp2')).access?.scope).toEqual(expect.arrayContaining(['write', 'read']));
    expectJson(await client.refresh(given.refresh, { scope: 'admin' }), 'invalid_scope');
    const less = await client.refresh(given.refresh, { scope: 'read' });
    expect(less.body).toMatchObject({ scope: 'read' });
    expect((await app.call(tokensOf(less).access, '/mcp2')).access?.scope).toEqual(['read']);
  });

  it('does not ask again for scopes that a granted scope includes', async () => {
    const app = await makeApp(store, { scopesSupported });
    const [client, browser] = [await app.client(), app.browser()];
    await client.signIn(browser, ALICE, { scope: 'admin' });
    const page = await browser.get(await client.authorizeUrl({ scope: 'read' }));
    expect(page.text).not.toContain('class="new"');
    expect(codeOf(await browser.submit(page, { decision: 'approve' }))).toMatch(/^code_/);
  });

  it('refuses an unknown scope where it is told to, and leaves it out where it is not', async () => {
    const strict = await makeApp(store, { unknownScopes: 'refuse' });
    expectRedirect(await strict.browser().get(await (await strict.client()).authorizeUrl({ scope: 'read openid' })), 'invalid_scope');
    const app = await makeApp(store);
    const client = await app.client();
    const code = await client.signIn(app.browser(), ALICE, { scope: 'read openid' });
    expect((await client.redeem(code)).body).toMatchObject({ scope: 'read' });
  });
});
