import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/clients/caller.ts';
import { registeredClient } from '../../src/grants/registered-client.ts';
import type { Client } from '../../src/model/client.ts';

const client: Client = {
  id: 'c',
  redirectUris: [],
  applicationType: 'native',
  grantTypes: ['a', 'b'],
  authMethod: 'client_secret_basic',
  createdAt: 0,
};
const proven = { kind: 'confidential', clientId: 'c', client } as unknown as Caller;

describe('grants/registered-client', () => {
  it('is the client that proved itself, for what it is registered for', () => {
    expect(registeredClient(proven, 'b')).toBe(client);
    expect(() => registeredClient(proven, 'c')).toThrow(
      expect.objectContaining({ code: 'unauthorized_client', reason: 'grant_type_unregistered' }),
    );
  });

  it('refuses a client that sent only its id', () => {
    for (const kind of ['public', 'none'])
      expect(() => registeredClient({ kind, clientId: 'c', client } as unknown as Caller, 'b')).toThrow(
        expect.objectContaining({ code: 'invalid_client', reason: 'client_unproven' }),
      );
  });
});
