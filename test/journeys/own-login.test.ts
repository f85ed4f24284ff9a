/** Own login, from the first 401 to a revoked grant, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';

describe.each(storeNames)('own login on %s', (store) => {
  it('leads from the first 401 to a call, a refresh and a revocation (S-113, S-116, S-117)', async () => {
    const app = await makeApp(store);
    const refused = await app.call(null);
    expect(refused.status).toBe(401);
    const challenge = refused.response.headers.get('www-authenticate') ?? '';
    expect(challenge).toContain('resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"');
    expect(challenge).not.toContain('error=');

    const resource = (await (await app.send(new Request(`${ISSUER}/.well-known/oauth-protected-resource/mcp`))).json()) as Record<
      string,
      unknown
    >;
    expect(resource).toMatchObject({ resource: RESOURCE, authorization_servers: [ISSUER] });

    const client = await app.client();
    const browser = app.browser();
    const page = await browser.get(await client.authorizeUrl({ resource: RESOURCE, scope: 'read write' }));
    expect(page.status).toBe(200);
    expect(page.text).toContain('Test client');
    expect(page.text).toContain('localhost:3334');
    expect(page.text).toContain('Read your notes');
    const back = await browser.submit(page, { decision: 'approve', ...ALICE, scope: ['read'] });
    expect(back.status).toBe(303);
    const answer = new URL(back.location ?? '');
    expect([answer.searchParams.get('state'), answer.searchParams.getAll('iss')]).toEqual(['st4te', [ISSUER]]);

    const first = await client.redeem(codeOf(back), { resource: RESOURCE });
    expect(first.body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'read' });
    expect(first.headers.get('cache-control')).toBe('no-store');
    const { access, refresh } = tokensOf(first);
    const called = await app.call(access);
    expect(called.access).toMatchObject({ userId: app.aliceId, clientId: client.id, scope: ['read'], resource: RESOURCE });
    expect(called.access?.props).toMatchObject({ claims: { sub: app.aliceId, name: 'Alice' } });

    app.clock.pass(3600);
    expect((await app.call(access)).status).toBe(401);
    const second = tokensOf(await client.refresh(refresh));
    expect(second.refresh).not.toBe(refresh);
    expect((await app.call(second.access)).status).toBe(200);

    expect((await client.revoke(second.refresh)).status).toBe(200);
    expect((await app.call(second.access)).status).toBe(401);
    expect((await client.refresh(second.refresh)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('lets a signed-in user decide on one page, and switch the account', async () => {
    const app = await makeApp(store);
    const { browser } = await app.signedIn();
    const client = await app.client();
    const page = await browser.get(await client.authorizeUrl());
    expect(page.text).toContain('Signed in as');
    expect(page.text).not.toContain('type="password"');
    const switched = await browser.submit(page, { decision: 'switch' });
    expect(switched.text).toContain('type="password"');
    expect(codeOf(await browser.submit(switched, { decision: 'approve', ...ALICE }))).toMatch(/^code_/);
    expect(codeOf(await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve' }))).toMatch(/^code_/);
  });

  it('tells the client when the user says no (SEC-132)', async () => {
    const app = await makeApp(store);
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    const back = new URL((await browser.submit(page, { decision: 'deny' })).location ?? '');
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'access_denied', state: 'st4te', iss: ISSUER });
    expect((await browser.submit(page, { decision: 'approve', ...ALICE })).status).toBe(400);
  });

  it('keeps the selection after a wrong password, and accepts the next attempt', async () => {
    const app = await makeApp(store);
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    const again = await browser.submit(page, { decision: 'approve', ...ALICE, password: 'wrong horse', scope: ['write'] });
    expect(again.status).toBe(403);
    expect(again.text).toContain('role="alert"');
    expect(again.text).not.toContain('wrong horse');
    const tokens = await client.redeem(codeOf(await browser.submit(again, { decision: 'approve', ...ALICE })));
    expect(tokens.body['scope']).toBe('write');
  });

  it('keeps two tabs apart: both finish (SEC-128)', async () => {
    const app = await makeApp(store);
    const [client, browser] = [await app.client(), app.browser()];
    const [one, two] = [await browser.get(await client.authorizeUrl()), await browser.get(await client.authorizeUrl())];
    expect(codeOf(await browser.submit(one, { decision: 'approve', ...ALICE }))).toMatch(/^code_/);
    const noticed = await browser.submit(two, { decision: 'approve', ...ALICE });
    expect([noticed.status, noticed.text.includes('You are now signed in as <bdi>Alice</bdi>')]).toEqual([409, true]);
    expect(codeOf(await browser.submit(noticed, { decision: 'approve' }))).toMatch(/^code_/);
  });
});
