import { afterEach, describe, expect, it, vi } from 'vitest';
import { workerRuntime } from '../../src/worker/runtime.ts';
import { runtimeSuite, scryptSuite } from '../support/runtime-suite.ts';

runtimeSuite('worker/runtime', workerRuntime());
scryptSuite('worker/runtime', workerRuntime());

describe('worker/runtime, fetch', () => {
  afterEach(() => void vi.unstubAllGlobals());
  const withFlags = (flags: Record<string, boolean>): void => void vi.stubGlobal('Cloudflare', { compatibilityFlags: flags });

  it('SEC-088 fetches untrusted URLs only if the compatibility flag restricts fetches to public addresses (S-088)', () => {
    expect(Cloudflare.compatibilityFlags['global_fetch_strictly_public']).not.toBe(true); // as these tests are configured
    expect(workerRuntime().fetchPublic).toBeUndefined();
    withFlags({ global_fetch_strictly_public: false });
    expect(workerRuntime().fetchPublic).toBeUndefined();
    withFlags({ global_fetch_strictly_public: true });
    expect(workerRuntime().fetchPublic).toBeTypeOf('function');
  });

  it('SEC-090 follows no redirect and sends no more than it is told', async () => {
    withFlags({ global_fetch_strictly_public: true });
    const fetched = vi.fn((_url: string, _init: RequestInit) => Promise.resolve(new Response('{}')));
    vi.stubGlobal('fetch', fetched);
    const { signal } = new AbortController();
    await workerRuntime().fetchPublic?.('https://client.example/a', { signal, headers: { accept: 'application/json' } });
    expect(fetched.mock.calls).toEqual([
      ['https://client.example/a', { signal, headers: { accept: 'application/json' }, redirect: 'manual' }],
    ]);
  });
});
