import { describe, expect, it } from 'vitest';
import type { Client } from '../../../src/model/client.ts';
import type { PendingAuthorization } from '../../../src/model/pending-authorization.ts';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import { checkBrowser, counted, openPending } from '../../../src/endpoints/authorize/pending.ts';

describe('endpoints/authorize/pending, sign-ins that begin', () => {
  it('remembers at most 1,000 networks that have begun too many, and asks the store about others (SEC-152)', async () => {
    let asked = 0;
    // Stands for the count in the store, over which all of them are: 300,000 sign-ins would be needed to get there.
    const as = { settings: {}, place: null, now: () => 1000, limit: async () => (asked++, 600) } as unknown as AuthServer;
    const begin = (who: string): Promise<unknown> => counted(as, who, () => Promise.resolve({}));
    for (let turn = 0; turn < 3; turn++) await expect(begin('the first')).rejects.toThrow('Too many sign-ins');
    expect(asked).toBe(1);
    await expect(begin('another')).rejects.toThrow('Too many sign-ins');
    await expect(begin('the first')).rejects.toThrow('Too many sign-ins');
    expect(asked).toBe(2);
    for (let other = 0; other < 999; other++) await expect(begin(`network ${other}`)).rejects.toThrow('Too many sign-ins');
    await expect(begin('the first')).rejects.toThrow('Too many sign-ins');
    expect(asked).toBe(1002);
  });

  it('asks the store again where the clock has gone back', async () => {
    let [now, wait]: [number, number | null] = [10_000, 600];
    const as = { settings: {}, place: null, now: () => now, limit: async () => wait } as unknown as AuthServer;
    const begin = (): Promise<unknown> => counted(as, 'one', () => Promise.resolve({ begun: true }));
    await expect(begin()).rejects.toThrow('Too many sign-ins');
    [now, wait] = [6400, null];
    expect(await begin()).toEqual({ begun: true });
  });
});

describe('endpoints/authorize/pending, what is kept', () => {
  const NOW = 1_790_000_000;
  const CLIENT = {
    id: 'https://app.example/client',
    redirectUris: [],
    applicationType: 'web',
    grantTypes: [],
    authMethod: 'none',
    createdAt: 0,
  };

  it('keeps the client of a metadata document as it was checked, and no other', async () => {
    const kept: PendingAuthorization[] = [];
    const secrets = {
      secret: () => 's',
      recordId: async (text: string) => `id of ${text}`,
      hash: async (text: string) => `hash of ${text}`,
    };
    const records = { openPending: async (_hash: string, pending: PendingAuthorization) => void kept.push(pending) };
    const as = {
      secrets,
      records,
      place: null,
      now: () => NOW,
      settings: { issuer: 'https://as.example', origin: 'https://as.example' },
    } as unknown as AuthServer;
    const request = { redirectUri: 'https://app.example/cb', scope: [], resource: 'r', challenge: 'x' } as never;
    for (const client of [CLIENT, { ...CLIENT, documentHost: 'app.example' }]) await openPending(as, client as Client, request);
    expect(kept.map(({ described }) => described?.documentHost)).toEqual([undefined, 'app.example']);
    expect('described' in (kept[0] ?? {})).toBe(false);
  });

  it('refuses another browser with a reason of its own', async () => {
    const as = {
      secrets: { hash: async (text: string) => `hash of ${text}` },
      settings: { issuer: 'https://as.example', origin: 'https://as.example' },
    };
    const call = { as, request: new Request('https://as.example/approve') } as never;
    await expect(checkBrowser(call, 'flow', 'hash of another')).rejects.toMatchObject({ code: 'access_denied', reason: 'another_browser' });
  });
});
