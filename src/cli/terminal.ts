/** What a command has around it: a terminal, which tests replace, texts that are safe to print there, the error that ends it, and the package's version. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';

/** Where a command writes and reads, and what it may start. */
export interface Terminal {
  /** Results: what was asked for. */
  readonly out: (line: string) => void;
  /** Everything beside: steps, links, the one line of a failure. */
  readonly err: (line: string) => void;
  /** Whether results may have colours. */
  readonly hasColours?: boolean;
  /** Shows what is going on in one line that the next one replaces; an empty one takes it away. Only where a person looks. */
  readonly status?: (line: string) => void;
  /** Shows a page to the user, if it can. The link was printed before. */
  readonly open: (url: string) => void;
  /** Asks a person; absent where no person is. A secret is not shown. */
  readonly ask?: (question: string, isHidden?: boolean) => Promise<string>;
  /** The standard input. */
  readonly input?: () => Promise<string>;
  /** Runs something after that many seconds, unless it is called off by what it returns. */
  readonly after: (seconds: number, run: () => void) => () => void;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    hasColours: wantsColours(stdout, env),
    ...(stderr.isTTY && { status: (line: string) => void stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns ?? 80) - 1)}`) }),
    ...(stdin.isTTY &&
      stderr.isTTY && {
        ask: (question: string, isHidden = false) => askPerson(question, isHidden, { input: stdin, output: stderr }), // results go to stdout
      }),
    input: () => readAll(stdin),
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    open: openInBrowser,
    after(seconds, run) {
      const timer = setTimeout(run, seconds * 1000);
      return () => clearTimeout(timer);
    },
  };
}

/** A failure that the user can do something about: its message is the whole of what is printed. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: 1 | 2;

  /** @param exitCode 2 for a command that was written wrongly, 1 for everything else. */
  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Colours a text. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** The style of a terminal. */
export function styleOf({ hasColours }: { readonly hasColours?: boolean }): Style {
  const code = (on: number, off: number) => (text: string) => (hasColours === true ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: code(1, 22), red: code(31, 39), yellow: code(33, 39), green: code(32, 39), dim: code(2, 22) };
}

/** Whether a stream gets colours: only a terminal, and not with `NO_COLOR` (no-color.org). */
export function wantsColours(stream: { readonly isTTY?: boolean }, env: { readonly [name: string]: string | undefined }): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

// Controls, format characters (which reorder text, or stand in it unseen: U+061C, U+200B, tags), line and paragraph separators, private
// use, lone surrogates, and all else that shows nothing, but for the variation selectors of emoji (Unicode TR 36 §3.1).
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}/gu;

/**
 * One line of text from a server, safe to print: characters that could move the cursor, change colours or reverse the reading direction are shown as
 * codes.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** Text of several lines, safe to print: line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(UNSAFE, (sign) => (sign === '\n' || sign === '\t' ? sign : escaped(sign)));
}

/** JSON, safe to print, with the same value: such characters stand inside of its texts alone. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, (sign) => (sign === '\n' ? sign : sign.split('').map(escaped).join('')));
}

function escaped(sign: string): string {
  const code = (sign.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}

/** Where the person types and reads. */
interface Streams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks one question; a secret is not shown. @throws {CliError} if the person leaves by Ctrl+C or Ctrl+D. */
export async function askPerson(question: string, isHidden: boolean, { input, output }: Streams): Promise<string> {
  const { createInterface } = await import('node:readline/promises'); // few commands ask
  let isMuted = false;
  const shown = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (!isMuted) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: shown, terminal: true });
  try {
    const left = new Promise<never>((_resolve, reject) => lines.once('close', () => reject(new CliError('Nothing was changed.'))));
    const answer = lines.question(question);
    answer.catch(() => undefined); // `left` reports it
    isMuted = isHidden;
    return await Promise.race([answer, left]);
  } finally {
    lines.removeAllListeners('close');
    lines.close();
    if (isHidden) output.write('\n');
  }
}

/** All of a stream, without the line feed at its end. */
export async function readAll(input: AsyncIterable<unknown>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of input) parts.push(part as Uint8Array);
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

const OPENERS: { readonly [platform: string]: readonly [command: string, ...before: string[]] } = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/**
 * Opens a page in the user's browser with the opener of the platform, and does not wait for it. No shell is involved: a URL from a server is one
 * argument, never a command line. Without a browser nothing happens: the link is in the terminal.
 */
export function openInBrowser(url: string): void {
  const [command, ...before] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...before, url], { detached: true, stdio: 'ignore' });
  child.on('error', () => undefined); // no opener, as in a container: the link is in the terminal
  child.unref();
}

/** The version of this package. Its own `package.json` lies two folders up, in `src` as in `dist`. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
