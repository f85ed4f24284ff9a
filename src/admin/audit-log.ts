/**
 * Acts on the audit log of the option `audit`.
 */
import { type AuditFilter, exportEntries, listEntries, verifyLog } from '../core/audit/read.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { type Acts, type Input, wrong } from './act.ts';

const FILTER = ['kind', 'act', 'by', 'target', 'since', 'until'];

/** Acts on the audit log. */
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
