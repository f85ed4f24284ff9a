/** Durations and points in time in a language. `Intl` has the plural forms. */
import type { Words } from './words.ts';

/** A duration: “30 days”. */
export function sayFor(seconds: number, { lang }: Words): string {
  const [count, unit] =
    seconds >= 172_800 ? [seconds / 86_400, 'day'] : seconds >= 7200 ? [seconds / 3600, 'hour'] : [seconds / 60, 'minute'];
  return new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }).format(count);
}

/** A time from now, rounded up: “in 5 minutes”. */
export function sayIn(seconds: number, { lang }: Words): string {
  const format = new Intl.RelativeTimeFormat(lang);
  const minutes = Math.ceil(seconds / 60);
  if (seconds <= 90) return format.format(Math.max(1, Math.ceil(seconds)), 'second');
  return minutes <= 90 ? format.format(minutes, 'minute') : format.format(Math.ceil(seconds / 3600), 'hour');
}

/** A day in UTC: “23 November 2026”. */
export function sayDay(seconds: number, { lang }: Words): string {
  return new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeZone: 'UTC' }).format(seconds * 1000);
}

/** Alternatives: “a or b”. */
export function sayOr(list: readonly string[], { lang }: Words): string {
  return new Intl.ListFormat(lang, { type: 'disjunction' }).format(list);
}
