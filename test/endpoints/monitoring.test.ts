/** Probes of a load balancer and metrics: absent unless asked for, and what each tells to whom. */
import { describe, expect, it, vi } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { countEvent, metricsText } from '../../src/core/monitoring.ts';
import '../../src/core/audit/append.ts'; // else loaded with the first event, which on a busy machine takes longer than the test
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { lastReason } from '../support/verdicts.ts';

const TOKEN = 'a7f3c9d2e8b14650a7f3c9d2e8b14651';
const PATHS = ['/health', '/ready', '/metrics'];
const scrape = (app: App, authorization = `Bearer ${TOKEN}`, path = '/metrics'): Promise<Response> =>
  app.ask('GET', path, null, { authorization });
const options = (monitoring: unknown): Partial<OAuthProviderOptions> => ({ monitoring }) as Partial<OAuthProviderOptions>;

describe.each(storeNames)('monitoring on %s', (store) => {
  it('answers probes without a secret, and metrics to the token alone', async () => {
    const app = await makeApp(store, options({ scrapeToken: TOKEN }));
    const before = { ...app.counts };
    expect(await (await app.ask('GET', '/health')).json()).toEqual({ ok: true });
    expect(app.counts).toEqual(before);
    const ready = await app.ask('GET', '/ready');
    expect([ready.status, await ready.json(), ready.headers.get('cache-control')]).toEqual([200, { ok: true }, 'no-store']);
    expect(app.counts.writes).toBe(before.writes + 1);
    expect((await app.ask('HEAD', '/ready')).status).toBe(200);
    for (const authorization of ['', 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, TOKEN]) {
      const refused = await scrape(app, authorization);
      expect([refused.status, refused.headers.get('www-authenticate'), lastReason(app)]).toEqual([401, 'Bearer', 'scrape_token_wrong']);
      expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    }
    await app.signedIn();
    const answer = await scrape(app);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const text = await answer.text();
    expect(text).toContain(
      'portcullis_events_total{kind="request.refused",endpoint="metrics",code="invalid_token",reason="scrape_token_wrong"} 6',
    );
    expect(text).toContain('portcullis_events_total{kind="login.succeeded"} 1');
    expect(text).toContain('portcullis_store_ready 1');
    expect(text).toContain(`portcullis_start_time_seconds ${app.clock.now()}`);
    expect(text).not.toContain(TOKEN);
  });
});

describe('monitoring', () => {
  it('is not there unless asked for, and leaves the paths to the application', async () => {
    const without = await makeApp('memory');
    expect(await Promise.all(PATHS.map(async (path) => (await without.ask('GET', path)).status))).toEqual([404, 404, 404]);
    const own = await makeApp('memory', { defaultHandler: () => new Response('mine') });
    expect(await (await own.ask('GET', '/health')).text()).toBe('mine');
    const probes = await makeApp('memory', options({}));
    expect(await Promise.all(PATHS.map(async (path) => (await scrape(probes, undefined, path)).status))).toEqual([200, 200, 404]);
    const moved = await makeApp('memory', options({ health: '/livez', ready: '/readyz', metrics: '/m', scrapeToken: TOKEN }));
    expect(await Promise.all(['/livez', '/readyz', '/m', ...PATHS].map(async (path) => (await scrape(moved, undefined, path)).status))).toEqual([200, 200, 200, 404, 404, 404]); // prettier-ignore
    expect((await moved.ask('POST', '/livez')).status).toBe(405);
  });

  it('says 503 while the store does not work, looks at it every five seconds at most, and is alive meanwhile', async () => {
    const clock = makeClock();
    const faulty = faultyStore(memoryStore(clock));
    const app = await appOn(faulty.store, clock, options({ scrapeToken: TOKEN }));
    const ready = async (): Promise<readonly unknown[]> => {
      const response = await app.ask('GET', '/ready');
      return [response.status, response.headers.get('retry-after'), await response.json()];
    };
    expect(await ready()).toEqual([200, null, { ok: true }]);
    faulty.plan('refuse', 1, true);
    expect(await ready()).toEqual([200, null, { ok: true }]);
    clock.pass(5);
    expect(await ready()).toEqual([503, '5', { ok: false, reason: 'store_failed' }]);
    expect(app.events.at(-1)).toMatchObject({ kind: 'request.failed', endpoint: 'health' });
    const seen = app.counts.writes;
    expect([(await ready())[0], (await app.ask('GET', '/health')).status, app.counts.writes]).toEqual([503, 200, seen]);
    expect(await (await scrape(app)).text()).toContain('portcullis_store_ready 0');
    faulty.heal();
    clock.pass(5);
    expect((await ready())[0]).toBe(200);
    faulty.plan('refuse', 1, true);
    clock.pass(-600); // an answer from the future does not count
    expect((await ready())[0]).toBe(503);
  });

  it('lets one request look at the store for all who ask meanwhile, and tells none of them of an outage', async () => {
    const clock = makeClock();
    const app = await appOn(memoryStore(clock), clock, options({}));
    const before = app.counts.writes;
    const time = vi.spyOn(Date, 'now').mockReturnValue(0); // on a slow machine, a request would look by itself after a second
    const askAll = async (): Promise<readonly number[]> =>
      Promise.all(Array.from({ length: 20 }, async () => (await app.ask('GET', '/ready')).status));
    expect([app.counts.writes - before, new Set(await askAll())]).toEqual([0, new Set([200])]);
    expect(app.counts.writes - before).toBe(1);
    clock.pass(5);
    expect([new Set(await askAll()), app.counts.writes - before]).toEqual([new Set([200]), 2]);
    time.mockRestore();
  });

  it('writes labels that Prometheus can read, whatever a reason holds, and a bounded number of them', () => {
    const as = { store: memoryStore(), settings: { tenant: 'acme' }, now: () => 7 };
    countEvent(as, { kind: 'request.refused', endpoint: 'token', code: 'x', reason: `a"b\\c\nd${'e'.repeat(200)}` });
    const text = metricsText(as, false);
    expect(text).toContain(`reason="a\\"b\\\\c\\nd${'e'.repeat(93)}",tenant="acme"} 1`);
    expect(text).toContain('portcullis_store_ready{tenant="acme"} 0');
    for (let at = 0; at < 2000; at++) countEvent(as, { kind: 'login.failed', login: 'x', reason: `reason-${at}`, network: 'n' });
    const lines = metricsText(as, true).split('\n').filter((line) => line.startsWith('portcullis_events_total')); // prettier-ignore
    expect(lines).toHaveLength(1001);
    expect(lines).toContain('portcullis_events_total{kind="login.failed",reason="other",tenant="acme"} 1001');
  });

  it('is read by an administrator too, who needs no token', async () => {
    const app = await makeApp('memory', { ...options({ scrapeToken: () => TOKEN }), admin: adminApi({ permission: 'admin' }) });
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const page = await browser.get(`${ISSUER}/admin/api/metrics`, { 'sec-fetch-site': 'same-origin' });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(page.text).toContain('portcullis_events_total{kind="login.succeeded"} 1');
    const off = await makeApp('memory', { ...options({}), admin: adminApi({ permission: 'admin' }) });
    const other = off.browser();
    await other.submit(await other.get(`${ISSUER}/login`), ALICE);
    expect((await other.get(`${ISSUER}/admin/api/metrics`, { 'sec-fetch-site': 'same-origin' })).status).toBe(400);
  });

  it('stands below the path of each tenant, and counts for it alone', async () => {
    const app = await makeApp('memory', {
      ...options({ scrapeToken: TOKEN }),
      tenants: { acme: { issuer: '/acme' }, blue: { issuer: '/blue' } },
    });
    expect((await app.ask('GET', '/acme/ready')).status).toBe(200);
    expect((await app.ask('GET', '/health')).status).toBe(404);
    await scrape(app, 'Bearer wrong', '/acme/metrics');
    expect(await (await scrape(app, undefined, '/acme/metrics')).text()).toContain('reason="scrape_token_wrong",tenant="acme"} 1');
    expect(await (await scrape(app, undefined, '/blue/metrics')).text()).not.toContain('portcullis_events_total{');
  });

  it.each([
    [true, /`monitoring` must be an object/],
    [[], /`monitoring` must be an object/],
    [{ healthz: '/x' }, /`monitoring`: `healthz` is not an option; did you mean `health`/],
    [{ health: 'health' }, /`monitoring.health` must be a path/],
    [{ ready: 7 }, /`monitoring.ready` must be a path/],
    [{ health: '/ready' }, /\/ready is used twice/],
    [{ health: '/mcp/health' }, /clashes with the endpoint \/mcp\/health/],
    [{ metrics: '/m' }, /`monitoring.metrics` needs `monitoring.scrapeToken`/],
    [{ scrapeToken: 'short' }, /`monitoring.scrapeToken` must be 32 to 512 random letters/],
    [{ scrapeToken: `${TOKEN} x` }, /`monitoring.scrapeToken` must be/],
    [{ scrapeToken: () => undefined }, /`monitoring.scrapeToken` must be/],
  ])('refuses %j when it starts', async (monitoring, message) => {
    await expect(makeApp('memory', options(monitoring))).rejects.toThrow(message as RegExp);
  });
});
