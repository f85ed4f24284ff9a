/** The findings of the doctor: one entry per failed check, and the passed checks. No text contains a secret of the run. */
import { printable } from '../printable.ts';
import { CHECKS, type CheckId } from './checks.ts';

/** `problem` stops a client or violates a rule, `warning` should be changed, `outage` is a missing response. */
export type Level = 'problem' | 'warning' | 'outage';

/** The place of a finding. */
export interface Place {
  readonly url: string;
  /** The name of a header. */
  readonly header?: string;
  /** The name of a member of a JSON document. */
  readonly field?: string;
}

/** A finding. */
export interface Finding {
  readonly check: CheckId;
  readonly level: Level;
  readonly where: Place;
  /** The value found there. */
  readonly found: string;
  /** The fix. */
  readonly fix: string;
  readonly rule: string;
}

/** Collects findings. */
export interface Findings {
  readonly list: readonly Finding[];
  /** Adds a finding; the same one at the same place is added once. */
  add(check: CheckId, level: Level, where: Place, found: string, fix: string): void;
  /** Records that a check was made. It has passed unless a finding was added. */
  made(check: CheckId): void;
  /** The checks that were made and have no finding. */
  passed(): readonly CheckId[];
}

/** Maximum length of a server's text within our line. */
const MAX_QUOTE = 160;

/** Makes an empty collection. @param secrets texts that no report may contain, such as the token. */
export function makeFindings(secrets: readonly string[]): Findings {
  const list: Finding[] = [];
  const made = new Set<CheckId>();
  const hidden = secrets.filter((secret) => secret !== '').toSorted((one, other) => other.length - one.length);
  const clean = (text: string): string => hidden.reduce((left, secret) => left.replaceAll(secret, '…'), printable(text));
  return {
    list,
    add(check, level, { url, ...place }, found, fix) {
      made.add(check);
      const where = { url: clean(withoutQuery(url)), ...place };
      const finding = { check, level, where, found: clean(found), fix: clean(fix), rule: CHECKS[check].rule };
      if (!list.some((one) => JSON.stringify(one) === JSON.stringify(finding))) list.push(finding);
    },
    made: (check) => void made.add(check),
    passed: () => [...made].filter((check) => !list.some((finding) => finding.check === check)),
  };
}

/** An untrusted text, on one line and shortened. */
export function quoted(text: unknown): string {
  const line = (typeof text === 'string' ? text : (JSON.stringify(text) ?? 'nothing')).replace(/\s+/g, ' ').trim();
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}

/** A URL without its query, which may contain keys. */
function withoutQuery(url: string): string {
  if (!URL.canParse(url)) return quoted(url);
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
}
