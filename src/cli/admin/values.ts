/** Values of the flags of administration commands, as the acts take them. */
import { CliError } from '../terminal.ts';

/** How a flag is read: a text, one text each time it is given, a number, seconds, a time in the past, or yes. */
export type Kind = 'text' | 'texts' | 'number' | 'seconds' | 'past' | 'yes';

const UNITS: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration as seconds: `90d`, `12h`, `3600`. @throws {CliError} */
export function secondsOf(flag: string, text: string): number {
  const [, count, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (count === undefined)
    throw new CliError(`--${flag} takes a duration such as 90d, 12h, 30m or 3600s; it is ${JSON.stringify(text)}.`, 2);
  return Number(count) * (UNITS[unit] ?? 1);
}

/** A time as seconds since 1970: a duration before now, or a date. @throws {CliError} */
export function pastOf(flag: string, text: string, now: number = Math.floor(Date.now() / 1000)): number {
  if (/^\d+[smhd]$/.test(text)) return now - secondsOf(flag, text);
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new CliError(`--${flag} takes a time such as 7d, 2026-11-29 or 2026-11-29T12:00:00Z; it is ${JSON.stringify(text)}.`, 2);
  return Math.floor(at / 1000);
}

/** The value of a flag as an act takes it. @throws {CliError} */
export function valueOf(flag: string, kind: Kind, given: unknown): unknown {
  if (kind === 'number' && !/^\d{1,15}$/.test(String(given)))
    throw new CliError(`--${flag} takes a whole number; it is ${JSON.stringify(given)}.`, 2);
  if (kind === 'seconds') return secondsOf(flag, String(given));
  return kind === 'past' ? pastOf(flag, String(given)) : given;
}
