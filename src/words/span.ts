/** Lengths of time and points in time, as a language says them. `Intl` knows the plural forms. */
import type { Words } from './words.ts';

/** A length of time: “30 days”. */
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

/** A day: “23 November 2026”, in the time zone of Greenwich. */
export function sayDay(seconds: number, { lang }: Words): string {
  return new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeZone: 'UTC' }).format(seconds * 1000);
}

/** Things to choose from: “a or b”. */
export function sayOr(list: readonly string[], { lang }: Words): string {
  return new Intl.ListFormat(lang, { type: 'disjunction' }).format(list);
}
