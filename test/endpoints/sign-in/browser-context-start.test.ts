/** Who started a request: the user, or another site (SEC-134). */
import { describe, expect, it } from 'vitest';
import { isFirstPartyStart } from '../../../src/endpoints/sign-in/browser-context.ts';
import type { Client } from '../../../src/model/client.ts';

const started = (site: string | null, entered?: boolean, query = ''): boolean =>
  isFirstPartyStart(
    new Request(`https://as.example/authorize${query}`, { headers: site === null ? {} : { 'sec-fetch-site': site } }),
    (entered === undefined ? {} : { entered }) as Client,
  );

describe('endpoints/sign-in/browser-context: who started a request', () => {
  it('is the user for a typed URL, whatever the client, and another site for everything else of a client that registered itself (SEC-134)', () => {
    expect([started('none'), started('none', false), started('none', true)]).toEqual([true, true, true]);
    for (const site of ['cross-site', 'same-site', 'same-origin', null])
      expect([started(site), started(site, false)]).toEqual([false, false]);
  });

  it('does not matter for a client that the operator entered', () => {
    for (const site of ['cross-site', 'same-site', 'same-origin', null]) expect(started(site, true)).toBe(true);
  });

  it('is not known of a request that our own sign-in page redirected to (F-40)', () => {
    for (const entered of [true, false]) expect(started('none', entered, '?returned=1')).toBe(false);
  });
});
