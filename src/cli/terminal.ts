/** The I/O of a command: two streams, a browser, a timer. Tests replace it. */
import { openInBrowser } from './open.ts';
import { wantsColours } from './style.ts';

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
  /** Runs something after that many seconds, unless it is called off by what it returns. */
  readonly after: (seconds: number, run: () => void) => () => void;
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

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  return {
    hasColours: wantsColours(stdout, env),
    ...(stderr.isTTY && { status: (line: string) => void stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns ?? 80) - 1)}`) }),
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    open: openInBrowser,
    after(seconds, run) {
      const timer = setTimeout(run, seconds * 1000);
      return () => clearTimeout(timer);
    },
  };
}
