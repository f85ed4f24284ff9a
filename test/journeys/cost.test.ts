/** What each request asks of the store, counted: the promises of the architecture's hot paths, and the price of the rest. */
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, type Counts, makeApp, storeNames } from '../support/app.ts';

/** The operations of one request. */
async function costOf(app: App, run: () => Promise<unknown>): Promise<string> {
  const before: Counts = { ...app.counts };
  await run();
  const spent = (name: keyof Counts): number => app.counts[name] - before[name];
  return `${spent('reads')} reads, ${spent('writes')} writes, ${spent('removes')} removes, ${spent('lists')} lists`;
}
const cost = (reads: number, writes: number, removes = 0, lists = 0): string =>
  `${reads} reads, ${writes} writes, ${removes} removes, ${lists} lists`;

describe.each(storeNames)('the cost of a request on %s', (store) => {
  it('is one read for a guarded call, and none without a token', async () => {
    const app = await makeApp(store);
    const { tokens } = await app.signedIn();
    expect(await costOf(app, () => app.call(tokens.access))).toBe(cost(1, 0));
    expect(await costOf(app, () => app.call(null))).toBe(cost(0, 0));
    expect(await costOf(app, () => app.call('nonsense'))).toBe(cost(0, 0));
  });

  it.each([
    ['public', {}, 1],
    ['confidential', { token_endpoint_auth_method: 'client_secret_post' }, 2],
  ] as const)(
    'is one write for the code and one for the refresh of a %s client, and no write for a repeat',
    async (_kind, metadata, reads) => {
      const app = await makeApp(store);
      const { client, code } = await app.toCode(metadata);
      let refresh = '';
      expect(await costOf(app, async () => void ({ refresh } = tokensOf(await client.redeem(code))))).toBe(cost(reads, 1));
      expect(await costOf(app, () => client.refresh(refresh))).toBe(cost(reads, 1));
      expect(await costOf(app, () => client.refresh(refresh))).toBe(cost(reads, 0));
      expect(await costOf(app, () => client.revoke(refresh))).toBe(cost(2, 1));
      expect(await costOf(app, () => client.revoke(refresh))).toBe(cost(2, 0));
    },
  );

  it('is small for every page and form', async () => {
    const app = await makeApp(store);
    expect(await costOf(app, () => app.ask('GET', '/.well-known/oauth-authorization-server'))).toBe(cost(0, 0));
    expect(await costOf(app, () => app.register({ redirect_uris: ['https://app.example/cb'] }))).toBe(cost(1, 3, 0, 1)); // the places (counted the first time); a limit, the places, the client
    const [client, browser] = [await app.client(), app.browser()];
    const url = await client.authorizeUrl();
    let page = await browser.get(url);
    expect(await costOf(app, async () => (page = await browser.get(url)))).toBe(cost(1, 2)); // client; limit, pending
    // pending, client, name, account, account once more, session, consent; five limits, the browser twice, session, consent, grant, that it went through, the client's longer life; pending, four limits
    expect(await costOf(app, () => browser.submit(page, { decision: 'approve', ...ALICE }))).toBe(cost(7, 11, 5));
    expect(await costOf(app, async () => (page = await browser.get(url)))).toBe(cost(3, 2)); // and the session, the consent
    expect(await costOf(app, () => browser.submit(page, { decision: 'approve' }))).toBe(cost(6, 3, 1)); // pending, client, session twice, consent, client once more; consent, grant, that it went through; pending
  });
});
