/** What a store that fails at any one operation does to each flow; I1 to I5 of the fault catalogue hold afterwards. */
import { makeStores } from '#under-test';
import { describe, expect, it } from 'vitest';
import { withStoreRetry } from '../../src/core/store-retry.ts';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { faultyStore, type FaultyStore, type StoreFault as Fault } from '../../src/testing/faulty-store.ts';
import { codeOf, type JsonAnswer, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn } from '../support/app.ts';

const FAULTS: readonly Fault[] = ['refuse', 'lose', 'delay'];
const POST = { token_endpoint_auth_method: 'client_secret_post' };

interface Broken {
  readonly app: App;
  readonly faulty: FaultyStore;
  readonly inner: Store;
}

async function brokenApp(): Promise<Broken> {
  const clock = makeClock();
  const inner = memoryStore(clock);
  const faulty = faultyStore(inner);
  return { app: await appOn(faulty.store, clock), faulty, inner };
}

/** A refusal that a client may retry: 503 with `Retry-After`, and nothing of the store in it. */
function expectUnavailable(answer: { status: number; headers: Headers }, text: string): void {
  expect([answer.status, answer.headers.get('retry-after'), /ECONN|hunter2|10\.0\.0\.7/.test(text)]).toEqual([503, '2', false]);
}

/** Runs a flow with a fault at operation 1, 2, … until it ends before it meets the fault; tells how many operations it has. `run` tells it for one. */
async function atEveryOperation(fault: Fault, run: (broken: Broken, arm: () => void) => Promise<number>): Promise<number> {
  for (let at = 1; at < 50; at++) {
    const broken = await brokenApp();
    const operations = await run(broken, () => broken.faulty.plan(fault, at));
    if (operations < at) return operations;
  }
  throw new Error('The flow never passed.');
}

describe('core/store-retry', () => {
  it("calls a cursor that no list gave the caller's mistake, and not an outage, on every store", async () => {
    for (const { name, store } of await makeStores(makeClock().now))
      for (const after of ['x', '-1', '1.5', '', 'NaN'])
        expect([name, await withStoreRetry(store).list('user:1', after).catch((error: unknown) => error)]).toMatchObject([name, { status: 400, reason: 'cursor_malformed' }]); // prettier-ignore
  });

  it('turns every store error into 503, and keeps the cause for the operator', async () => {
    const { store, plan } = faultyStore(memoryStore());
    plan('refuse', 1, true);
    const faults = withStoreRetry(store);
    for (const verb of [
      () => faults.read('a:1'),
      () => faults.write('a:1', 1, 'any'),
      () => faults.remove('a:1'),
      () => faults.list('a:1'),
    ])
      await expect(verb()).rejects.toMatchObject({
        code: 'temporarily_unavailable',
        status: 503,
        headers: { 'retry-after': '2' },
        cause: expect.any(Error),
      });
  });

  it.each(FAULTS)(
    'FLT-02 F-17 a code exchange whose store fails (%s) gives tokens, or a 503 whose retry gives them, once',
    async (fault) => {
      const operations = await atEveryOperation(fault, async ({ app, faulty }, arm) => {
        const { client, code } = await app.toCode();
        arm();
        const first = await client.redeem(code);
        const operations = faulty.heal();
        if (first.status !== 200) expectUnavailable(first, JSON.stringify(first.body));
        const answer = first.status === 200 ? first : await client.redeem(code);
        expect((await app.call(tokensOf(answer).access)).status).toBe(200);
        app.clock.pass(11);
        expect((await client.redeem(code)).body['error']).toBe('invalid_grant'); // a 200 has left: from now on it is a replay
        expect((await app.call(tokensOf(answer).access)).status).toBe(401);
        expect((await freshStart(app, client)).status).toBe(200);
        return operations;
      });
      expect(operations).toBe(2);
    },
  );

  it.each(FAULTS)(
    'FLT-03 a refresh whose store fails (%s) is finished by a retry with the same token: no user is signed out',
    async (fault) => {
      const operations = await atEveryOperation(fault, async ({ app, faulty }, arm) => {
        const { client, tokens } = await app.signedIn();
        arm();
        const first = await client.refresh(tokens.refresh);
        const operations = faulty.heal();
        if (first.status !== 200) expectUnavailable(first, JSON.stringify(first.body));
        const retried = tokensOf(await client.refresh(tokens.refresh));
        if (first.status === 200) expect(tokensOf(first)).toEqual(retried);
        expect(tokensOf(await client.refresh(tokens.refresh))).toEqual(retried);
        expect((await app.call(retried.access)).status).toBe(200);
        expect((await client.refresh(retried.refresh)).status).toBe(200);
        return operations;
      });
      expect(operations).toBe(2);
    },
  );

  it.each(FAULTS)('FLT-05 a revocation whose store fails (%s) is reported, done by the retry, and stays (I1, I4)', async (fault) => {
    await atEveryOperation(fault, async ({ app, faulty }, arm) => {
      const { client, tokens } = await app.signedIn(POST);
      arm();
      const first = await client.revoke(tokens.refresh);
      const operations = faulty.heal();
      if (first.status !== 200) expectUnavailable(first, JSON.stringify(first.body));
      expect((await client.revoke(tokens.refresh)).status).toBe(200);
      expect((await app.call(tokens.access)).status).toBe(401);
      expect((await client.refresh(tokens.refresh)).status).toBe(400);
      return operations;
    });
  });

  it.each(FAULTS)(
    'FLT-05 a consent whose store fails (%s) shows 503, opens one grant at most, and can be begun again (I2, I3)',
    async (fault) => {
      await atEveryOperation(fault, async ({ app, faulty }, arm) => {
        const [client, browser] = [await app.client(), app.browser()];
        const page = await browser.get(await client.authorizeUrl());
        arm();
        const first = await browser.submit(page, { decision: 'approve', ...ALICE });
        const operations = faulty.heal();
        if (first.status !== 303) expectUnavailable(first, first.text);
        const again = await browser.submit(page, { decision: 'approve', ...ALICE });
        if (again.status === 303) expect((await client.redeem(codeOf(again))).status).toBe(200);
        else expect([400, 409]).toContain(again.status);
        expect(app.events.filter((event) => event.kind === 'grant.opened').length).toBeLessThanOrEqual(1);
        expect((await freshStart(app, client)).status).toBe(200);
        return operations;
      });
    },
  );

  it.each(FAULTS)('FLT-05 a registration or a sign-in page whose store fails (%s) is 503 and recovers by itself', async (fault) => {
    await atEveryOperation(fault, async ({ app, faulty }, arm) => {
      const client = await app.client();
      const url = await client.authorizeUrl();
      arm();
      const registered = await app.register({ redirect_uris: ['https://app.example/cb'] });
      const page = await app.browser().get(url);
      const operations = faulty.heal();
      expect([201, 503]).toContain(registered.status);
      if (page.status !== 200) expectUnavailable(page, page.text);
      expect((await freshStart(app, client)).status).toBe(200);
      return operations;
    });
  });

  it('FLT-05 answers calls with 503, not 200 or 401, while the store is down, and recovers afterwards', async () => {
    const { app, faulty } = await brokenApp();
    const { client, tokens } = await app.signedIn();
    faulty.plan('refuse', 1, true);
    for (const token of [tokens.access, `access_${'A'.repeat(22)}.${'A'.repeat(43)}`]) {
      const { status, response } = await app.call(token);
      expectUnavailable({ status, headers: response.headers }, await response.text());
      expect(response.headers.get('www-authenticate')).toBeNull();
    }
    expectUnavailable(await client.refresh(tokens.refresh), '');
    expect((await app.call(null)).status).toBe(401);
    faulty.heal();
    expect((await app.call(tokens.access)).status).toBe(200);
    expect(app.events.some((event) => event.kind === 'request.failed' && event.endpoint === 'guard')).toBe(true);
  });

  it('FLT-27 a client that never reads its answer loses nothing: the next refresh with the old token gives the same', async () => {
    const { app } = await brokenApp();
    const { client, tokens } = await app.signedIn();
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refresh, client_id: client.id });
    const unread = await app.ask('POST', '/token', body);
    await unread.body?.cancel();
    const next = tokensOf(await client.refresh(tokens.refresh));
    expect((await app.call(next.access)).status).toBe(200);
  });

  it('I5 keeps no secret in clear on any store: no token, code, cookie, password, client secret or claim', async () => {
    for (const { store } of await makeStores(makeClock().now)) {
      const written: string[] = [];
      const spy: Store = {
        ...wrapped(store),
        write: (key, value, when, options) => (written.push(JSON.stringify([key, value, options])), store.write(key, value, when, options)),
      };
      const app = await appOn(spy, makeClock());
      const { client, browser, tokens } = await app.signedIn(POST);
      const next = tokensOf(await client.refresh(tokens.refresh));
      const secrets = [
        tokens.access,
        tokens.refresh,
        next.access,
        next.refresh,
        ALICE.password,
        client.secret ?? '',
        client.verifier,
        ...browser.cookies.values(),
      ];
      const all = written.join('\n');
      for (const secret of secrets)
        expect([secret.length > 7, all.includes(secret), all.includes(secret.split('.').at(-1) ?? '')]).toEqual([true, false, false]);
      expect(
        written
          .filter((one) => one.startsWith('["grant:'))
          .join('')
          .includes('"Alice"'),
      ).toBe(false);
    }
  });
});

function wrapped(store: Store): Store {
  return {
    atomic: store.atomic,
    read: (key) => store.read(key),
    write: (...all) => store.write(...all),
    remove: (...all) => store.remove(...all),
    list: (...all) => store.list(...all),
  };
}

async function freshStart(app: App, client: TestClient): Promise<JsonAnswer> {
  return client.redeem(await client.signIn(app.browser(), ALICE));
}
