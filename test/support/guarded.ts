/** A guarded resource with one valid token, `good`, for tests of the guard alone. */
import type { GuardOptions } from '../../src/guard/guard.ts';
import type { Checked } from '../../src/model/access.ts';

/** The resource. */
export const RESOURCE = 'https://mcp.example/mcp';

/** What the token gives access to. */
export const access: Checked = {
  userId: 'u',
  clientId: 'c',
  grantId: 'g',
  scope: ['read'],
  resource: RESOURCE,
  expiresAt: 9e9,
  props: { claims: { sub: 'u' } },
};

/** Options of a guard that accepts that token. */
export const guardOptions: GuardOptions = {
  resource: RESOURCE,
  authorizationServers: ['https://as.example'],
  verify: (token) => (token === 'good' ? access : null),
};
