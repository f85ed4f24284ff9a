/** What the policy reads, and what it says of a refusal. */
import { describe, expect, it } from 'vitest';
import { checkClient, checkClientId, checkRegistration, problemOf } from '../../src/clients/client-policy.ts';
import { approveClient } from '../../src/core/records/client-status.ts';
import type { Client } from '../../src/model/client.ts';
import type { ClientPolicy } from '../../src/model/client-policy.ts';
import type { Key, Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { makeServer } from '../support/server.ts';

const CLIENT = { id: 'c1', redirectUris: ['https://app.example/cb'], applicationType: 'web', grantTypes: [], authMethod: 'none', createdAt: 1 } as unknown as Client; // prettier-ignore
const POLICY = { newClients: 'approve', allowHosts: [], denyHosts: ['evil.example'] } as unknown as ClientPolicy;

function makeWorld(clientPolicy: ClientPolicy | null) {
  const clock = makeClock();
  const inner = memoryStore(clock);
  const reads: string[] = [];
  const read: Store['read'] = (key: Key, ...all) => (reads.push(key.split(':')[0] ?? ''), inner.read(key, ...all));
  const store = { atomic: inner.atomic, read, remove: inner.remove.bind(inner), list: inner.list.bind(inner), write: inner.write.bind(inner) } as Store; // prettier-ignore
  return { ...makeServer({ clock, store, settings: { clientPolicy } }), reads };
}

describe('clients/client-policy', () => {
  it('reads nothing and refuses nothing without the option', async () => {
    const { as, reads } = makeWorld(null);
    await checkClientId(as, 'https://evil.example/client');
    await checkRegistration(as, { ...CLIENT, redirectUris: ['https://evil.example/cb'] });
    expect([await problemOf(as, CLIENT), await checkClient(as, CLIENT), reads]).toEqual([null, undefined, []]);
  });

  it('reads what is said of new clients only for a client that it would concern', async () => {
    const { as, reads } = makeWorld(POLICY);
    expect([await problemOf(as, CLIENT), reads.includes('client-mode')]).toEqual(['client_waiting', true]);
    await approveClient(as, 'c1', CLIENT);
    reads.length = 0;
    expect([await problemOf(as, CLIENT), reads.includes('client-mode')]).toEqual([null, false]);
  });

  it('says to the person whether the app waits or is not allowed, with a code that ends no sign-in elsewhere', async () => {
    const { as } = makeWorld(POLICY);
    const waiting = {
      code: 'unauthorized_client',
      reason: 'client_waiting',
      message: expect.stringContaining('approved by an administrator'),
    };
    await expect(checkClient(as, CLIENT)).rejects.toMatchObject(waiting);
    await expect(checkClient(as, CLIENT, true)).resolves.toBeUndefined();
    const denied = {
      code: 'unauthorized_client',
      reason: 'client_host_denied',
      message: expect.stringContaining('does not allow this app'),
    };
    await expect(checkClient(as, { ...CLIENT, redirectUris: ['https://evil.example/cb'] }, true)).rejects.toMatchObject(denied);
    await expect(checkClientId(as, 'https://evil.example/client')).rejects.toMatchObject(denied);
  });
});
