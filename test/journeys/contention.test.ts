/** Many requests at once that change one record: none gets through uncounted, and each gets its answer or is told to come back. */
import { runtimeName } from '#under-test';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn, ISSUER, makeApp, storeNames, clientsOf } from '../support/app.ts';

/** Few in workerd, where each object and each query of D1 takes its time. */
const [CROWD, MAX_COUNT] = runtimeName === 'node' ? [400, 100] : [80, 20];
const METADATA = JSON.stringify({ redirect_uris: ['https://app.example/callback'], token_endpoint_auth_method: 'none' });

function register({ send }: App, from: number): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'x-test-address': `198.51.${from >> 8}.${from & 255}` };
  return send(new Request(`${ISSUER}/register`, { method: 'POST', headers, body: METADATA }));
}

describe.each(storeNames)('registrations on %s', (store) => {
  it('never live in greater number than their quota, with four times as many at once; each gets 201 or 503 (F-22)', async () => {
    const app = await makeApp(store, { clientRegistration: { most: MAX_COUNT } });
    const answers = await Promise.all(Array.from({ length: CROWD }, (_, at) => register(app, at)));
    const made = answers.filter(({ status }) => status === 201).length;
    expect((await clientsOf(app)).length).toBeLessThanOrEqual(MAX_COUNT); // those that no one uses give way to others
    expect(made).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 503).length).toBe(CROWD - made);
    expect(answers.filter(({ status, headers }) => status === 503 && headers.get('retry-after') === null)).toEqual([]);
    expect((await register(app, CROWD)).status).toBe(201);
  });
});

describe('registrations', () => {
  it('count a reserved place whose client is not written yet, when all clients are counted again (F-22)', async () => {
    const clock = makeClock();
    const inner = memoryStore(clock);
    const held: (() => void)[] = [];
    const slow: Store = {
      atomic: true,
      read: (key) => inner.read(key),
      remove: (...all) => inner.remove(...all),
      list: (...all) => inner.list(...all),
      async write(key, ...all) {
        if (key.startsWith('client:')) await new Promise<void>((go) => held.push(go));
        return inner.write(key, ...all);
      },
    };
    const app = await appOn(slow, clock, { clientRegistration: { most: 1 } });
    await inner.write('quota:clients', { v: 1, count: 0, countedAt: clock.now() - 601 }, 'any');
    const first = register(app, 1);
    await expect.poll(() => held.length).toBe(1);
    const second = register(app, 2);
    await Promise.race([second, expect.poll(() => held.length).toBe(2)]).catch(() => undefined);
    for (const go of held) go();
    expect([(await first).status, (await second).status]).toEqual([201, 503]);
  });
});
