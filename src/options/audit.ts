/**
 * Option `audit`: whether events that matter for security are kept in the store, and for how long.
 */
import type { Seconds } from '../model/store.ts';
import { fail } from './kinds.ts';

/** How the audit log is kept. */
export interface AuditOptions {
  /** How long an entry is kept, `'90d'`, `'12h'` or seconds: from an hour to ten years. */
  readonly keep: string | Seconds;
}

const UNITS: { readonly [unit: string]: Seconds } = { h: 3600, d: 86_400, y: 365 * 86_400 };

/** The checked option; null without one. @throws {TypeError} naming the fix. */
export function auditOf(given: AuditOptions | undefined): { readonly keep: Seconds } | null {
  if (given === undefined) return null;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) fail('audit', "must be an object, such as { keep: '90d' }");
  const unknown = Object.keys(given).find((name) => name !== 'keep');
  if (unknown !== undefined) fail('audit', `has the unknown member ${JSON.stringify(unknown)}; known is keep`);
  const keep = secondsOf(given.keep);
  if (!(keep >= 3600 && keep <= 3650 * 86_400))
    fail(
      'audit.keep',
      `must be from an hour to ten years: '90d', '12h', '1y', or a whole number of seconds; it is ${JSON.stringify(given.keep)}`,
    );
  return { keep };
}

function secondsOf(keep: unknown): Seconds {
  if (typeof keep === 'number') return Number.isSafeInteger(keep) ? keep : NaN;
  const [, count = '', unit = ''] = /^(\d{1,6})([hdy])$/.exec(String(keep)) ?? [];
  return typeof keep === 'string' ? Number(count || NaN) * (UNITS[unit] ?? NaN) : NaN;
}
