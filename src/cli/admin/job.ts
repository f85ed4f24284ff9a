/** One administration command under way: what it works on, its input, and how it asks and answers. */
import { printableJson } from '../printable.ts';
import { CliError, type Terminal } from '../terminal.ts';
import { printThing, type Row } from './table.ts';
import type { Input, Target } from './target.ts';
import type { Verb } from './verbs.ts';

/** The command. */
export interface Job {
  readonly target: Target;
  readonly terminal: Terminal;
  readonly verb: Verb;
  readonly input: Input;
  /** What it is about, for a question: a user's name and id. */
  readonly about: string;
  readonly isJson: boolean;
  /** Whether `--yes` was given. */
  readonly isSure: boolean;
  /** Whether `--last` was given. */
  readonly isLast: boolean;
  /** All pages of a list, not only the first hundred rows. */
  readonly isAll: boolean;
  readonly after: string | undefined;
}

/** Asks before something is lost. @throws {CliError} with 2 where no person can be asked, with 1 for a no. */
export async function confirm({ terminal, isSure }: Pick<Job, 'terminal' | 'isSure'>, question: string): Promise<void> {
  if (isSure) return;
  if (!terminal.ask) throw new CliError(`${question} Nothing was changed: without a terminal to confirm on, this needs --yes.`, 2);
  if (!/^y(es)?$/i.test((await terminal.ask(`${question} [y/N] `)).trim())) throw new CliError('Nothing was changed.');
}

/** Runs the act of a command. */
export function act({ target, verb }: Job, input: Input): Promise<unknown> {
  return target.ask(verb.method ?? 'GET', verb.act, input);
}

/** Every page of a list, from where the command says. */
export async function* pagesOf(
  job: Job,
  input: Input = job.input,
  name: string = job.verb.act,
): AsyncGenerator<{ rows: readonly Row[]; next: string | undefined }> {
  let { after } = job;
  do {
    const page = (await job.target.ask('GET', name, {
      ...input,
      ...(after === undefined ? {} : { [job.verb.pager ?? 'after']: after }),
    })) as Row;
    const { next } = page;
    after = typeof next === 'string' || typeof next === 'number' ? String(next) : undefined;
    yield { rows: (page[job.verb.rows ?? 'grants'] ?? []) as readonly Row[], next: after };
  } while (after !== undefined);
}

/** Prints an answer: for programs as JSON; for people its members, or one word where there are none. */
export function answer({ isJson, terminal }: Pick<Job, 'isJson' | 'terminal'>, result: unknown): void {
  const thing = (result ?? {}) as Row;
  if (isJson) terminal.out(printableJson(JSON.stringify(thing, null, 2)));
  else if (Object.keys(thing).length === 0) terminal.out('Done.');
  else printThing(terminal, thing);
}
