/** A whole run with every kind of failure in it; afterwards nothing that was told or logged holds a secret (SEC-214). */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, makeApp, storeNames } from '../support/app.ts';

afterEach(() => void vi.restoreAllMocks());

/** Everything in a value as text, errors with their causes too, the way a careless logger would write it. */
function shown(value: unknown, depth = 0): string {
  if (depth > 6) return '';
  if (value instanceof Error)
    return `${value.stack} ${value.message} ${shown(value.cause, depth + 1)} ${shown(Object.entries(value), depth + 1)}`;
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, one]) => `${name}=${shown(one, depth + 1)}`)
      .join(' ');
  return String(value);
}

describe.each(storeNames)('secrets on %s', (store) => {
  it('SEC-214 SEC-057 stand in no event, no log and no error of a whole run', async () => {
    const logged: unknown[] = [];
    for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const)
      vi.spyOn(console, name).mockImplementation((...all: unknown[]) => void logged.push(...all));
    const app = await makeApp(store, {
      permissions: (access) => {
        if (access.scope.length === 1) throw new Error('directory down');
        return ['admin'];
      },
    });
    const secrets = new Set<string>([ALICE.password, 'wrong horse battery', 's3cret-in-url']);
    const { client, browser, code } = await app.toCode({ token_endpoint_auth_method: 'client_secret_post' });
    secrets
      .add(code)
      .add(client.secret ?? '')
      .add(client.verifier);
    await client.redeem(code, { client_secret: 'wrong-client-secret' });
    await client.redeem(code, { code_verifier: 'w'.repeat(43) });
    const first = tokensOf(await client.redeem(code));
    const second = tokensOf(await client.refresh(first.refresh));
    await client.refresh(first.refresh);
    for (const token of [first.access, first.refresh, second.access, second.refresh, 'wrong-client-secret', 'w'.repeat(43)])
      secrets.add(token);
    await app.call(first.access);
    await app.ask('POST', `/mcp?access_token=${second.access}`);
    await app.ask('POST', '/token?client_secret=s3cret-in-url&code=s3cret-in-url', 'grant_type=x', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    await app.ask('GET', '/login', null, { cookie: '__Host-portcullis-session=s3cret-in-url' });
    const narrow = tokensOf(await client.refresh(second.refresh, { scope: 'read' }));
    secrets.add(narrow.access).add(narrow.refresh);
    expect((await app.call(narrow.access)).status).toBe(503);
    const page = await browser.get(await client.authorizeUrl());
    await browser.submit(await browser.submit(page, { decision: 'switch' }), {
      decision: 'approve',
      ...ALICE,
      password: 'wrong horse battery',
    });
    const again = await client.signIn(app.browser(), ALICE);
    secrets.add(again);
    await client.redeem(again);
    await client.redeem(again);
    app.clock.pass(121);
    await client.refresh(first.refresh);
    await client.revoke(second.refresh);
    await app.register({ redirect_uris: ['javascript:s3cret-in-url'] });
    await browser.submit(page, { decision: 'deny' });
    for (const value of browser.cookies.values()) secrets.add(value);
    for (const [name, value] of new URL(await client.authorizeUrl()).searchParams) if (name === 'state') secrets.add(value);
    const told = shown(app.events) + shown(logged);
    expect(app.events.length).toBeGreaterThan(15);
    for (const secret of secrets) expect([secret.length > 4, told.includes(secret)], secret).toEqual([true, false]);
    expect(new Set(app.events.map((event) => event.kind)).size).toBeGreaterThan(8);
    expect(() => codeOf(page)).toThrow('No code came');
  });
});
