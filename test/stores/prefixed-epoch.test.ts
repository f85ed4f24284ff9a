/** What a restored backup would bring to life again, and how a new epoch keeps it dead. */
import { describe, expect, it } from 'vitest';
import { epochStore } from '../../src/stores/prefixed.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { exportRecords, importRecords } from '../../src/stores/move.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { ALICE, appOn, ISSUER } from '../support/app.ts';
import { expectKept } from '../support/store-rules.ts';

async function lines(store: Parameters<typeof exportRecords>[0]): Promise<string[]> {
  const all: string[] = [];
  for await (const line of exportRecords(store)) all.push(line);
  return all;
}

describe('stores/prefixed, epochs', () => {
  for (const { name, run } of storeSuite)
    it(name, () => expectKept(run, async (now) => ({ store: epochStore(memoryStore({ now }), '2') })));

  it('FLT-26 revives nothing from a backup, keeps accounts and clients, and costs no read', async () => {
    const clock = makeClock();
    const before = memoryStore({ now: clock.now });
    const app = await appOn(before, clock);
    const { client, browser, tokens } = await app.signedIn();
    const backup = await lines(before);
    const next = await client.refresh(tokens.refresh);
    expect(next.status).toBe(200);
    expect((await client.revoke(String(next.body['refresh_token']))).status).toBe(200);

    const restore = async (variables: Record<string, unknown>) => {
      const store = memoryStore({ now: clock.now });
      await importRecords(store, backup);
      return appOn(store, clock, {}, {}, variables);
    };
    const asItWas = await restore({}); // why the epoch is there
    expect((await asItWas.call(tokens.access)).status).toBe(200);

    const renewed = await restore({ PORTCULLIS_EPOCH: '2026-11-23' });
    renewed.counts.reads = 0;
    expect((await renewed.call(tokens.access)).status).toBe(401);
    expect(renewed.counts.reads).toBe(1);
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refresh, client_id: client.id }).toString();
    const refreshed = await renewed.ask('POST', '/token', form, { 'content-type': 'application/x-www-form-urlencoded' });
    expect([refreshed.status, await refreshed.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    expect((await renewed.ask('GET', '/account', null, { cookie })).status).toBe(303);
    expect((await renewed.provider.helpers(renewed.env).listUserGrants(renewed.aliceId)).grants).toEqual([]);

    const page = await renewed.browser().get((await client.authorizeUrl()).replace(/^https:\/\/[^/]+/, ISSUER)); // the client is known still
    expect([page.status, page.text.includes('type="password"')]).toEqual([200, true]);
    const again = await renewed.signedIn();
    expect((await renewed.call(again.tokens.access)).status).toBe(200);
    expect(renewed.aliceId).toBe(app.aliceId);
    expect((await renewed.provider.helpers(renewed.env).accounts.findByUsername(ALICE.username))?.id).toBe(app.aliceId);
  });

  it('keeps unknown kinds of records within their epoch', async () => {
    const whole = memoryStore({ now: () => 1000 });
    for (const kind of [
      'grant',
      'session',
      'pending',
      'mcp',
      'step',
      'link',
      'upstream-state',
      'upstream',
      'consent',
      'invitation',
      'pushed',
      'new',
    ] as const) {
      await epochStore(whole, '1').write(`${kind}:1`, kind, 'absent', { index: ['user:1'] });
      expect(await epochStore(whole, '2').read(`${kind}:1`)).toBeNull();
      expect(await whole.read(`${kind}:1`)).toBeNull();
    }
    for (const kind of ['account', 'client', 'identity', 'passkey', 'totp', 'email', 'username'] as const) {
      await epochStore(whole, '1').write(`${kind}:1`, kind, 'absent');
      expect((await epochStore(whole, '2').read(`${kind}:1`))?.value).toBe(kind);
    }
    expect((await epochStore(whole, '2').list('user:1')).keys).toEqual([]);
    expect((await epochStore(whole, '1').list('user:1')).keys).toHaveLength(12);
    expect((await epochStore(whole, '2').all?.())?.records.map(({ key }) => key)).toHaveLength(7);
  });

  it('refuses a name that could be taken for something else', () => {
    for (const name of ['A', '2@', 'a/b', 'a:b', '-1', 'a'.repeat(33)])
      expect(() => epochStore(memoryStore(), name)).toThrow('PORTCULLIS_EPOCH');
  });
});
