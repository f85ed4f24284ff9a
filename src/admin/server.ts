/**
 * Acts on the server itself: health, expired records, the audit.
 */
import { metricsText } from '../core/metrics.ts';
import { type Acts, wrong } from './act.ts';
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
  metrics: {
    method: 'GET',
    takes: [],
    run: async ({ as, helpers }) => {
      if (as.settings.scrapeToken === null) throw wrong('Nothing is counted; give the option monitoring: { scrapeToken }.');
      return metricsText(as, (await helpers.health()).ok);
    },
  },
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
