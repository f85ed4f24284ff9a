/**
 * Acts on the server itself: health, expired records, the audit.
 */
import type { Acts } from './act.ts';
import { listAudit } from './audit.ts';
import { measuresOf } from './measures.ts';

/** Acts on the server. */
export const server: Acts = {
  session: {
    method: 'GET',
    takes: [],
    run: async ({ as, userId, permission }) => ({ userId, permission, tenant: as.settings.tenant, issuer: as.settings.issuer }),
  },
  health: { method: 'GET', takes: [], run: ({ helpers }) => helpers.health() },
  measures: {
    method: 'GET',
    takes: ['days'],
    run: ({ as }, input) => measuresOf(as).read(Math.max(1, input.optionalNumber('days') ?? 30)),
  },
  sweep: {
    method: 'POST',
    takes: ['most'],
    run: async ({ helpers }, input) => ({ removed: await helpers.sweep(Math.min(input.optionalNumber('most') ?? 1000, 10_000)) }),
  },
  audit: { method: 'GET', takes: ['after'], run: ({ as }, input) => listAudit(as, input.optional('after')) },
};
