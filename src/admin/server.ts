/**
 * Acts on the server itself: health, expired records, the audit.
 */
import type { Acts } from './act.ts';
import { listAudit } from './audit.ts';

/** Acts on the server. */
export const server: Acts = {
  session: {
    method: 'GET',
    takes: [],
    run: async ({ as, userId, permission }) => ({ userId, permission, tenant: as.settings.tenant, issuer: as.settings.issuer }),
  },
  health: { method: 'GET', takes: [], run: ({ helpers }) => helpers.health() },
  sweep: {
    method: 'POST',
    takes: ['most'],
    run: async ({ helpers }, input) => ({ removed: await helpers.sweep(Math.min(input.optionalNumber('most') ?? 1000, 10_000)) }),
  },
  audit: { method: 'GET', takes: ['after'], run: ({ as }, input) => listAudit(as, input.optional('after')) },
};
