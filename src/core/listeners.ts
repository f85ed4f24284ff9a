/**
 * Listeners for `on` that write lines without secrets. The default one prints each failure on stderr, with the id shown on the page, and on loopback
 * (development) each refusal with a hint. `jsonLog` writes each event as one line of JSON, for tools that collect logs.
 */
import { lazy } from '../lib/async.ts';
import type { Event } from '../model/event.ts';

const refusalLine = lazy(async () => (await import('../model/advice.ts')).refusalLine);

const MAX_MESSAGE = 300;
/** Characters that are searched for secrets; more of them take time with their square. */
const MAX_SEARCHED = 4096;
const MAX_CAUSES = 4;
/** Removed from every line: tokens, values of secret parameters, passwords in URLs, long random texts. */
const SECRETS: readonly RegExp[] = [
  /(?<=\/\/)[^\s/"']+(?=@)/g,
  /(?<=(?:authorization|cookie)\\?["']?\s*[=:]\s*\\?["']?)[^"'\\]+/gi,
  /(?<=\b(?:bearer|basic|dpop)\s+)\S+/gi,
  /(?<=(?:secret|password|passphrase|token|code|verifier|assertion|key)\\?["']?\s*[=:]\s*)(?:\\?"[^"]*|'[^']*|[^\s"'&,;]+)/gi,
  /[\w+-]{40,}={0,2}/g,
];

/** Makes the listener. @param isLoopback whether the issuer is on loopback. */
export function defaultListener(isLoopback: boolean): (event: Event) => void | Promise<void> {
  return (event) => {
    if (event.kind === 'request.failed') return console.error(failureLine(event));
    if (isLoopback && (event.kind === 'request.refused' || event.kind === 'login.failed')) return printRefusal(event);
  };
}

async function printRefusal(event: Parameters<typeof refusalLine>[0]): Promise<void> {
  console.error(await refusalLine(event));
}

function failureLine({ endpoint, requestId, reason, error, tenant }: Extract<Event, { readonly kind: 'request.failed' }>): string {
  const where = tenant === undefined ? endpoint : `${endpoint} of tenant ${tenant}`;
  const causes = causesOf(error);
  return `portcullis: request ${requestId} failed at ${where}${reason === undefined ? '' : ` (${reason})`}${causes === '' ? '' : `: ${causes}`}`;
}

/** An error and its causes in one line, with the stack frame of the innermost one. */
export function causesOf(error: unknown): string {
  const texts: string[] = [];
  let place = '';
  for (let one = error; one !== undefined && one !== null && texts.length < MAX_CAUSES; one = (one as { readonly cause?: unknown }).cause) {
    texts.push(textOf(one));
    place = (one instanceof Error && /^ +at .+$/m.exec(one.stack ?? '')?.[0].trim()) || place;
  }
  return texts.join('; caused by ') + (place === '' ? '' : ` (${safe(place)})`);
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? safe(error) : `a thrown ${typeof error}`;
  const { code } = error as { readonly code?: unknown };
  const more = typeof code === 'string' && !error.message.includes(code) ? ` [${oneLine(code)}]` : '';
  return `${oneLine(error.name)}${more}: ${safe(error.message)}`;
}

/** A text in one line of bounded length, without what looks like a secret. */
export function safe(text: string): string {
  let line = oneLine(text).slice(0, MAX_SEARCHED);
  for (const secret of SECRETS) line = line.replaceAll(secret, '[removed]');
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}...` : line;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

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
