import { describe, expect, it } from 'vitest';
import { approvedScope, type PendingAuthorization } from '../../src/model/pending-authorization.ts';

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

describe('model/pending-authorization', () => {
  it('SEC-127 approves what was both asked for and ticked, in the order of the request (S-158)', () => {
    expect(approvedScope(pending, ['write', 'read'])).toEqual(['read', 'write']);
    expect(approvedScope(pending, ['write', 'admin', 'read write', 'READ'])).toEqual(['write']);
    expect(approvedScope(pending, [])).toEqual([]);
  });
});
