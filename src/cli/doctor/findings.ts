/** What the doctor found: one entry per check that failed, and which checks passed. No text in it holds a secret of the run. */
import { printable } from '../printable.ts';
import { CHECKS, type CheckId } from './checks.ts';

/** `problem` stops a client or breaks a rule, `warning` is worth a change, `outage` is no answer where one was due. */
export type Level = 'problem' | 'warning' | 'outage';

/** Where something is wrong. */
export interface Place {
  readonly url: string;
  /** The name of a header. */
  readonly header?: string;
  /** The name of a member of a JSON document. */
  readonly field?: string;
}

/** Something that is wrong. */
export interface Finding {
  readonly check: CheckId;
  readonly level: Level;
  readonly where: Place;
  /** What was found there. */
  readonly found: string;
  /** What to change. */
  readonly fix: string;
  readonly rule: string;
}

/** Collects what was found. */
export interface Findings {
  readonly list: readonly Finding[];
  /** Notes a fault. The same fault at the same place is noted once. */
  add(check: CheckId, level: Level, where: Place, found: string, fix: string): void;
  /** Notes that a check was made. It has passed unless something was added. */
  made(check: CheckId): void;
  /** The checks that were made and at which nothing is wrong. */
  passed(): readonly CheckId[];
}

/** A text of a server may be this long within a line of ours. */
const MAX_QUOTE = 160;

/** Makes an empty collection. @param secrets texts that no report may hold, such as the token. */
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

/** A text from outside, on one line and not too long. */
export function quoted(text: unknown): string {
  const line = (typeof text === 'string' ? text : (JSON.stringify(text) ?? 'nothing')).replace(/\s+/g, ' ').trim();
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}

/** A URL as a report shows it: queries may hold keys. */
export function withoutQuery(url: string): string {
  if (!URL.canParse(url)) return quoted(url);
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
}
