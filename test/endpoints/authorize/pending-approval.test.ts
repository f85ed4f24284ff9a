import { describe, expect, it } from 'vitest';
import type { Client } from '../../../src/model/client.ts';
import { type PendingAuthorization, PENDING_TTL } from '../../../src/model/pending-authorization.ts';
import { approvedScope, approvePending, redirectOf } from '../../../src/endpoints/authorize/pending.ts';

const pending: PendingAuthorization = {
  v: 1,
  clientId: 'c',
  redirectUri: 'https://app.example/cb',
  scope: ['read', 'write'],
  resource: 'r',
  challenge: 'x',
  browserHash: 'h',
  expiresAt: 0,
};

describe('endpoints/authorize/pending: approval', () => {
  it('SEC-127 approves scopes that were both requested and selected, in the order of the request (S-158)', () => {
    expect(approvedScope(pending, ['write', 'read'])).toEqual(['read', 'write']);
    expect(approvedScope(pending, ['write', 'admin', 'read write', 'READ'])).toEqual(['write']);
    expect(approvedScope(pending, [])).toEqual([]);
  });

  it('stores an approval, and restarts the lifetime for the upstream request', () => {
    const approved = { scope: ['read'], stateHash: 's' };
    expect(PENDING_TTL).toBe(600);
    expect(approvePending(pending, approved, 1000)).toEqual({ ...pending, approved, expiresAt: 1600 });
  });

  it('redirects to a URI that is still registered, or to our own page for a device', () => {
    const client: Client = {
      id: 'c',
      redirectUris: ['https://app.example/cb'],
      applicationType: 'web',
      grantTypes: [],
      authMethod: 'none',
      createdAt: 0,
    };
    expect(redirectOf(pending, client)).toBe('https://app.example/cb');
    expect(() => redirectOf(pending, { ...client, redirectUris: [] })).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    const device = { ...pending, redirectUri: 'https://as.example/device', device: {} } as unknown as PendingAuthorization;
    expect(redirectOf(device, { ...client, redirectUris: [] })).toBe('https://as.example/device');
  });
});
