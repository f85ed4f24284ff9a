/**
 * Acts on the server itself: health, measures, expired records, the audit, and the audit log.
 */
import { type AuditFilter, exportEntries, listEntries, verifyLog } from '../core/audit/read.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { metricsText } from '../core/metrics.ts';
import { type Acts, type Input, listAudit, wrong } from './act.ts';
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

const FILTER = ['kind', 'act', 'by', 'target', 'since', 'until'];

/** Acts on the audit log of the option `audit`. */
export const auditLog: Acts = {
  'audit/entries': {
    method: 'GET',
    takes: [...FILTER, 'before'],
    run: ({ as }, input) => listEntries(kept(as), filterOf(input), input.optionalNumber('before')),
  },
  'audit/export': {
    method: 'GET',
    takes: [...FILTER, 'after'],
    run: async ({ as }, input) => exportEntries(kept(as), filterOf(input), input.optionalNumber('after')),
  },
  'audit/verify': {
    method: 'GET',
    takes: ['block', 'hash', 'fromBlock', 'fromHash'],
    run: ({ as }, input) => verifyLog(kept(as), markOf(input, 'block', 'hash'), markOf(input, 'fromBlock', 'fromHash')),
  },
};

/** @throws {OAuthError} where no audit log is kept. */
function kept(as: AuthServer): AuthServer {
  if (as.settings.audit === null) throw wrong("No audit log is kept here; give the option audit: { keep: '90d' }.");
  return as;
}

function filterOf(input: Input): AuditFilter {
  const [kind, act, by, target] = ['kind', 'act', 'by', 'target'].map((name) => input.optional(name));
  return { kind, act, by, target, since: input.optionalNumber('since'), until: input.optionalNumber('until') };
}

function markOf(input: Input, block: string, hash: string): { readonly block: number; readonly hash?: string } | undefined {
  const given = input.optional(hash);
  if (given === undefined && input.all[block] === undefined) return undefined;
  if (given !== undefined && !/^[\w-]{43}$/.test(given)) throw wrong(`${hash} must be the hash of a head, whole: 43 characters.`);
  return { block: input.number(block), ...(given === undefined ? {} : { hash: given }) };
}
