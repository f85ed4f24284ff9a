/**
 * One administration command under way: what it works on, its input, how it asks and answers, as JSON or as tables whose texts are safe for a
 * terminal; and the work of those that are more than one act, or that take or give a secret.
 */
import { CliError, printable, printableJson, type Style, styleOf, type Terminal } from '../terminal.ts';
import type { Input, Target } from './target.ts';
import type { Verb, Work } from './verbs.ts';
import { sentenceFor } from '../../model/advice/sentences.ts';

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

/** One row, or one thing. */
type Row = { readonly [member: string]: unknown };

/** Prints rows under one head, a page at a time; the widths are those of the first page. */
export function makeTable(terminal: Terminal, columns: readonly string[] | undefined): (rows: readonly Row[]) => void {
  let known: { readonly names: readonly string[]; readonly widths: readonly number[] } | undefined;
  return (rows) => {
    if (rows.length === 0) return;
    const isFirst = known === undefined;
    const names = known?.names ?? columns ?? Object.keys(rows[0] ?? {});
    const cells = rows.map((row) => names.map((name) => shown(name, row[name])));
    known ??= { names, widths: names.map((name, at) => Math.max(name.length, ...cells.map((line) => line[at]?.length ?? 0))) };
    const { widths } = known;
    const line = (texts: readonly string[]): string => texts.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ').trimEnd(); // prettier-ignore
    if (isFirst) terminal.out(styleOf(terminal).bold(line(names.map(printable))));
    for (const texts of cells) terminal.out(line(texts));
  };
}

/** Prints one thing: its plain members, and below them each list of things as a table. */
function printThing(terminal: Terminal, thing: Row, style: Style = styleOf(terminal)): void {
  const own = Object.entries(thing);
  const inside = own.flatMap(([, value]) => (isRow(value) && !isNamed(value) ? Object.entries(value) : []));
  const kept = own.filter(([, value]) => !isRow(value) || isNamed(value));
  const all = [...kept, ...inside.filter(([name]) => !kept.some(([other]) => other === name))];
  const plain = all.filter(([, value]) => !isRows(value));
  const width = Math.max(0, ...plain.map(([name]) => name.length));
  for (const [name, value] of plain) terminal.out(`${style.dim(printable(name).padEnd(width))}  ${shown(name, value)}`);
  for (const [name, value] of all) {
    if (!isRows(value)) continue;
    terminal.out(`\n${style.bold(printable(name))}`);
    makeTable(terminal, undefined)(value);
  }
}

const TIME = /(?:At|Until|^at)$/;

function shown(name: string, value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return TIME.test(name) ? timeOf(value) : String(value);
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map((one) => shown('', one)).join(', ');
  if (isRow(value)) return Object.values(value).map((one) => shown('', one)).join(' '); // prettier-ignore
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

/** A time in UTC, to the second. */
function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An organization, or a browser with its system: shown in one cell. */
function isNamed(value: Row): boolean {
  return Object.values(value).every((one) => typeof one === 'string');
}

function isRows(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRow);
}

/** The work, by name. @returns the exit code; undefined means 0. */
export const WORK: { readonly [name in Work]: (job: Job) => Promise<0 | 1 | void> } = {
  async find(job) {
    const found = (await act(job, job.input)) as { readonly [list: string]: readonly Row[] | undefined };
    if (!job.isJson && !found['users']?.length && !found['identities']?.length) throw new CliError('No user was found.');
    answer(job, found);
  },

  async password(job) {
    const { passwordStdin, noPassword, ...input } = job.input;
    if (passwordStdin && noPassword) throw new CliError('--password-stdin and --no-password exclude each other.', 2);
    if (job.verb.asks !== undefined) await confirm(job, `${job.verb.asks} ${job.about}?`);
    const password = noPassword ? undefined : await secret(job, 'Password', passwordStdin === true, '--password-stdin');
    answer(job, await act(job, { ...input, ...(password === undefined ? {} : { password }) }));
  },

  async permissions(job) {
    const { none, permissions = [], ...input } = job.input;
    if ((none === true) === (permissions as readonly string[]).length > 0)
      throw new CliError('Name each permission with --permission NAME, or take all away with --none.', 2);
    await confirm(job, `${job.verb.asks} ${job.about} to ${(permissions as readonly string[]).join(', ') || 'none'}?`);
    answer(job, await act(job, { ...input, permissions }));
  },

  async revokeAll(job) {
    if (Object.keys(job.input).length === 0)
      throw new CliError('Say which grants: --user, --client, --scope, --organization or --unused-since.', 2);
    let count = 0;
    for await (const { rows } of pagesOf(job, job.input, 'grants')) {
      count += rows.length;
      job.terminal.status?.(`${count} grants found …`);
    }
    job.terminal.status?.('');
    if (count > 0) await confirm(job, `Revoke ${count} ${count === 1 ? 'grant' : 'grants'}? Each client's next call is refused.`);
    let ended = 0;
    // Also where none was found: a server may have a former store, whose grants are not listed by client, or over a store.
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = (await act(job, { ...job.input, ...(after === undefined ? {} : { after }) })) as { ended: number; next?: string };
      [ended, after] = [ended + page.ended, page.next];
      job.terminal.status?.(`${ended} of ${count} grants revoked …`);
    }
    job.terminal.status?.('');
    if (job.isJson) return answer(job, { ended });
    job.terminal.out(`${ended} ${ended === 1 ? 'grant was' : 'grants were'} revoked.`);
  },

  async sessions(job) {
    const { sessions = [] } = (await act(job, job.input)) as { sessions?: readonly Row[] };
    if (job.isJson) for (const session of sessions) job.terminal.out(printableJson(JSON.stringify(session)));
    else if (sessions.length === 0) job.terminal.err('Nothing found.');
    else makeTable(job.terminal, ['id', 'agent', 'network', 'createdAt', 'seenAt', 'provenAt'])(sessions);
  },

  async key(job) {
    const { organization, organizationName, ttl, scope = [], ...input } = job.input;
    if (ttl === undefined) throw new CliError('Say how long the key is valid: --ttl 90d', 2);
    if ((organization === undefined) !== (organizationName === undefined))
      throw new CliError('--organization ID and --organization-name TEXT go together.', 2);
    const of = organization === undefined ? {} : { organization: { id: organization, name: organizationName } };
    const made = (await act(job, { ...input, scope, ttl, ...of })) as { key: string; info: Row };
    if (job.isJson) return answer(job, made);
    job.terminal.err('This is the key. It is shown only this once:');
    job.terminal.out(printable(made.key));
  },

  async token(job) {
    const token = await secret(job, 'Token', !job.terminal.ask, 'the standard input');
    const result = (await act(job, { token })) as Row;
    answer(job, result);
    const advice = sentenceFor(String(result['why']));
    if (advice !== undefined) job.terminal.err(advice);
    return result['live'] === true ? 0 : 1;
  },

  async export(job) {
    for (let { after } = job, more = true; more; more = after !== undefined) {
      const lines = (await act(job, { ...job.input, ...(after === undefined ? {} : { after }) })) as string;
      after = undefined;
      for (const line of lines.split('\n').filter(Boolean)) {
        const next = /^\{"next":(\d+)\}$/.exec(line)?.[1]; // the log goes on after this part
        if (next === undefined) job.terminal.out(printableJson(line));
        else after = next;
      }
    }
  },

  async verify(job) {
    const problems: Row[] = [];
    let [blocks, entries, first]: [number, number, Verdict | undefined] = [0, 0, undefined];
    for (let next: Verdict['next'], more = true; more; more = next !== undefined) {
      const from = next && { fromBlock: next.block, ...(next.hash === undefined ? {} : { fromHash: next.hash }) };
      const verdict = (await act(job, { ...job.input, ...from })) as Verdict;
      first ??= verdict;
      problems.push(...verdict.problems);
      [blocks, entries, next] = [blocks + verdict.blocks, entries + verdict.entries, verdict.next];
    }
    answer(job, { ok: problems.length === 0, blocks, entries, headBlock: first?.head.block, headHash: first?.head.hash, problems });
    return problems.length === 0 ? 0 : 1;
  },

  async health(job) {
    const health = (await act(job, {})) as Row;
    answer(job, health);
    return health['ok'] === true ? 0 : 1;
  },

  async sweep(job) {
    const swept = (await act(job, job.input)) as { removed: number };
    if (job.isJson) answer(job, swept);
    else job.terminal.out(`${swept.removed} expired records were removed.`);
  },
};

/** One part of a verification. */
interface Verdict {
  readonly problems: readonly Row[];
  readonly head: { readonly block: number; readonly hash: string };
  readonly blocks: number;
  readonly entries: number;
  readonly next?: { readonly block: number; readonly hash?: string };
}

/** What administrators must have, in a store; the name that `adminApi` has in the documentation. */
const ADMIN = 'admin';

/** @throws {CliError} for the last account that is an administrator, unless it is meant: then no one could administer the server. */
export async function checkLast({ input, target, isLast }: Job): Promise<void> {
  if (!target.isStore || isLast || (input['permissions'] as readonly string[] | undefined)?.includes(ADMIN)) return;
  const { account } = (await target.ask('GET', 'users/show', { id: input['id'] })) as { account: Row | null };
  if (!isAdmin(account)) return;
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = (await target.ask('GET', 'users', { after })) as { users: readonly Row[]; next?: string };
    if (page.users.some((one) => one['id'] !== input['id'] && isAdmin(one))) return;
    after = page.next;
  }
  throw new CliError(`This is the last account with the permission ${ADMIN}. Nothing was changed; to do it anyway, add --last.`);
}

function isAdmin(account: Row | null): boolean {
  return account !== null && account['disabled'] !== true && (account['permissions'] as readonly string[]).includes(ADMIN);
}

/** Whether an entry is of the time that `--since` names. */
export function isSince({ input }: Pick<Job, 'input'>, row: Row): boolean {
  return input['since'] === undefined || Number(row['at']) >= Number(input['since']);
}

/** A secret, from a person or from the standard input. @throws {CliError} if there is neither, or nothing comes. */
async function secret({ terminal }: Job, what: string, fromInput: boolean, how: string): Promise<string> {
  if (!fromInput && !terminal.ask) throw new CliError(`${what}: there is no terminal to ask on. Give it with ${how}.`, 2);
  const given = (fromInput ? await terminal.input?.() : await terminal.ask?.(`${what}: `, true)) ?? '';
  if (given === '') throw new CliError(`${what}: nothing was given. Nothing was changed.`);
  return given;
}
