/** The I/O of a command: two streams, a browser, a timer. Tests replace it. */
import { openInBrowser } from './open.ts';
import { wantsColours } from './style.ts';

export { CliError } from './cli-error.ts';

/** Where a command writes, and what it may start. */
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
        ask: async (question: string, isHidden = false) =>
          (await import('./prompt.ts')).askPerson(question, isHidden, { input: stdin, output: stderr }),
      }),
    input: async () => (await import('./prompt.ts')).readAll(stdin),
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    open: openInBrowser,
    after(seconds, run) {
      const timer = setTimeout(run, seconds * 1000);
      return () => clearTimeout(timer);
    },
  };
}
