/**
 * A listener for `on` that writes each event as one line of JSON, for tools that collect logs.
 */
import type { Event } from '../model/event.ts';
import { causesOf, safe } from './default-listener.ts';

type Level = 'info' | 'warn' | 'error';

/** Options of {@link jsonLog}. */
interface JsonLogOptions {
  /** Gets each line. Default: `console.log`. */
  readonly write?: (line: string, level: Level) => void;
}

/** Members whose text is not of ours alone; ids are left as they are, so that lines can be joined. */
const TEXTS: readonly string[] = ['detail', 'name', 'network', 'reason'];
const REFUSED = /^(?:login\.failed|request\.refused|call\.denied|upstream\.failed|grant\.caught_up)$/;
/** Grants that end because their tokens may have been stolen. */
const STOLEN = /^(?:code_replayed|code_guessed|refresh_reused)$/;

/**
 * Makes a listener for `on` that writes a line of JSON for each event: `time`, `level`, `kind` and the members of the event. Errors are written
 * with their causes, and what looks like a secret is removed.
 *
 * @example
 * const on = jsonLog();
 */
export function jsonLog({ write = (line) => console.log(line) }: JsonLogOptions = {}): (event: Event) => void {
  return (event) => {
    const { at, kind, error, ...members } = event as Event & { readonly error?: unknown };
    const level = levelOf(event);
    const safeMembers = Object.entries(members).map(([name, value]) => [
      name,
      TEXTS.includes(name) && value !== undefined ? safe(String(value)) : value,
    ]);
    const line = { time: new Date(at * 1000).toISOString(), level, kind, ...Object.fromEntries(safeMembers) };
    write(JSON.stringify(error === undefined ? line : { ...line, error: causesOf(error) }), level);
  };
}

function levelOf(event: Event): Level {
  if (event.kind === 'request.failed') return 'error';
  return REFUSED.test(event.kind) || (event.kind === 'grant.ended' && STOLEN.test(event.reason)) ? 'warn' : 'info';
}
