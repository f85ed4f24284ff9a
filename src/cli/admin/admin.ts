/**
 * `portcullis user`, `client`, `grant`, `session`, `key`, `token`, `audit` and `store`: the acts of an administrator, over a store or a running
 * server; with the values of their flags.
 */
import { meant, parseFlags, usage } from '../flags.ts';
import { CliError, printable, printableJson, type Terminal } from '../terminal.ts';
import { act, answer, checkLast, confirm, isSince, type Job, makeTable, pagesOf, WORK } from './job.ts';
import type { Input, Target } from './target.ts';
import { FLAGS, type Kind, type Noun, NOUNS } from './verbs.ts';

/** Flags of every command. */
const COMMON = {
  store: { type: 'string' },
  server: { type: 'string' },
  tenant: { type: 'string' },
  json: { type: 'boolean' },
  yes: { type: 'boolean' },
  all: { type: 'boolean' },
  after: { type: 'string' },
  'no-open': { type: 'boolean' },
} as const;

/** Rows after which a list stops, at the end of a page. */
const MAX_ROWS = 100;

/** Runs a command. @throws {CliError} with 2 for one that was written wrongly. */
export async function runAdmin(noun: string, argv: readonly string[], terminal: Terminal): Promise<0 | 1 | void> {
  const { verbs } = NOUNS[noun] as Noun;
  const help = `${noun} --help`;
  const own = Object.fromEntries(Object.values(verbs).flatMap(({ flags = [] }) => flags.map((name) => [calledOf(name), optionOf(name)])));
  const { values, positionals } = parseWords(argv, { ...COMMON, ...own }, help);
  const [name = '', ...words] = positionals;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (!verb) throw new CliError(`${name === '' ? `${noun} needs a verb` : `${noun} has no ${name}`}${meant(name, Object.keys(verbs)) || '.'} See: portcullis ${help}`, 2); // prettier-ignore
  const given = values as { readonly [flag: string]: unknown };
  const foreign = Object.keys(given).find((flag) => Object.hasOwn(own, flag) && !verb.flags?.some((one) => calledOf(one) === flag));
  if (foreign !== undefined) throw usage(`${noun} ${name} takes no --${foreign}`, help);
  const store = noun === 'store' && words.length > 0 ? words.shift() : values.store;
  const labels = (verb.words ?? []).map((word) => word.split('=') as [string, string]);
  if (words.length !== labels.length)
    throw usage(labels.length === 0 ? `${noun} ${name} takes no more words` : `Write: portcullis ${noun} ${name} ${labels.map(([, label]) => label).join(' ')}`, help); // prettier-ignore
  const emptyWord = labels.find((_label, at) => words[at]?.trim() === '')?.[1];
  if (emptyWord !== undefined) throw usage(`${emptyWord} is empty`, help);
  const emptyFlag = verb.flags?.map(calledOf).find((flag) => [given[flag]].flat().includes(''));
  if (emptyFlag !== undefined) throw usage(`--${emptyFlag} is empty`, help);
  const flags = (verb.flags ?? []).flatMap((key) => {
    const [flag, about] = [calledOf(key), FLAGS[key]];
    return given[flag] === undefined || !about ? [] : [[about.member, about.means ?? valueOf(flag, about.kind, given[flag])] as const];
  });
  const named = labels.map(([member], at) => [member, words[at]] as const);
  const { last, ...flagged } = Object.fromEntries(flags);
  const written: Input = { ...verb.input, ...flagged, ...Object.fromEntries(named) };
  const target = await openTarget({ ...values, store, resource: written['resource'], scopes: written['scope'] }, terminal);
  try {
    const { input, about } = await withUser(target, written, labels, verb.userAs);
    const common = { target, terminal, verb, isJson: values.json === true, isSure: values.yes === true, isLast: last === true };
    return await run({ ...common, input, about, isAll: values.all === true, after: values.after });
  } finally {
    await target.close();
  }
}

const ID = /^-[\w-]{21,42}$/;

/** Like `parseFlags`; but an id may begin with a hyphen, as one of 64 does, and is a word all the same. */
function parseWords<const T extends Parameters<typeof parseFlags>[1]>(
  argv: readonly string[],
  options: T,
  help: string,
): ReturnType<typeof parseFlags<T>> {
  const isId = (word: string): boolean => ID.test(word) && !Object.hasOwn(options, word.slice(2));
  const masked = argv.map((word, at) => (isId(word) ? `\0${at}` : word));
  const shown = (word: unknown): unknown => (typeof word === 'string' && word.startsWith('\0') ? argv[Number(word.slice(1))] : word);
  const { values, positionals } = parseFlags(masked, options, help);
  const all = Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.map(shown) : shown(value)]);
  return { values: Object.fromEntries(all), positionals: positionals.map(shown) } as ReturnType<typeof parseFlags<T>>;
}

async function run(job: Job): Promise<0 | 1 | void> {
  const { verb, input, about } = job;
  if (verb.shutsOut) await checkLast(job);
  if (verb.work !== undefined) return WORK[verb.work](job);
  if (verb.rows !== undefined) return list(job);
  if (verb.asks !== undefined) await confirm(job, `${verb.asks} ${about}?`);
  answer(job, await act(job, input));
}

/** Prints the rows of a list as they come: as a table, or as lines of JSON. */
async function list(job: Job): Promise<void> {
  const { terminal, verb, isJson, isAll } = job;
  const { since, ...others } = job.input;
  const input = verb.act === 'audit' || since === undefined ? others : job.input; // which has no filter of its own
  const print = makeTable(terminal, verb.columns);
  let count = 0;
  for await (const { rows, next } of pagesOf(job, input)) {
    const wanted = rows.filter((row) => isSince(job, row));
    if (isJson) for (const row of wanted) terminal.out(printableJson(JSON.stringify(row)));
    else print(wanted);
    count += wanted.length;
    if (isAll || count < MAX_ROWS || next === undefined) continue;
    terminal.err(`There may be more: continue with --after ${printable(next)}, or see them with --all.`);
    break;
  }
  if (count === 0) terminal.err('Nothing found.');
}

/** Puts the id in place of a user name or an address. */
async function withUser(
  target: Target,
  input: Input,
  labels: readonly (readonly [string, string])[],
  as = 'user',
): Promise<{ input: Input; about: string }> {
  const [member, label] = labels[0] ?? [];
  const key = label === 'USER' ? (member as string) : input['user'] === undefined ? undefined : 'user';
  const about = member === undefined ? '' : printable(String(input[member]));
  if (key === undefined) return { input, about };
  const user = await findUser(target, String(input[key]));
  if (key !== 'user' || as === key) return { input: { ...input, [key]: user.id }, about: printable(user.about) };
  const { user: _user, ...rest } = input;
  if (rest[as] !== undefined) throw new CliError(`--user and --${as} exclude each other.`, 2);
  return { input: { ...rest, [as]: user.id }, about };
}

interface Found {
  readonly id: string;
  readonly username?: string;
}

/** The user whom a word means. @throws {CliError} for one that is not there: an act on a mistyped id would do nothing and say that it did. */
async function findUser(target: Target, word: string): Promise<{ readonly id: string; readonly about: string }> {
  const { users, identities } = (await target.ask('GET', 'users/find', { q: word })) as {
    users: readonly Found[];
    identities: readonly { userId: string; issuer: string }[];
  };
  // An id comes first: an account may have the id of another user as its name.
  const byId = users.filter(({ id }) => id === word);
  const isOutside = identities.some(({ userId }) => userId === word);
  const [user, ...more] = isOutside || byId.length > 0 ? byId : users;
  if (user && more.length === 0) return { id: user.id, about: `${user.username} (${user.id})` };
  if (user)
    throw new CliError(`${printable(word)} means several users. Name one by its id: ${users.map(({ id }) => printable(id)).join(', ')}`);
  if (await isThere(target, word)) return { id: word, about: word };
  // The name of an account at another site is chosen there, perhaps by someone who wants to be taken for another user.
  const others = identities.map(({ userId, issuer }) => `${printable(userId)} (${printable(issuer)})`).join(', ');
  throw new CliError(
    `There is no user ${printable(word)}.${others === '' ? '' : ` If you mean an account at another site, name its user: ${others}`}`,
  );
}

/** Whether an id without an account is that of a user: of another site, disabled, or with sessions or grants. */
async function isThere(target: Target, id: string): Promise<boolean> {
  const shown = (await target.ask('GET', 'users/show', { id })) as { readonly [member: string]: unknown };
  if (['identities', 'passkeys', 'sessions'].some((list) => (shown[list] as readonly unknown[]).length > 0) || shown['disabled'] === true)
    return true;
  return ((await target.ask('GET', 'grants', { user: id })) as { grants: readonly unknown[] }).grants.length > 0;
}

function calledOf(key: string): string {
  return FLAGS[key]?.called ?? key;
}

function optionOf(key: string): { readonly type: 'string' | 'boolean'; readonly multiple?: true } {
  const kind = FLAGS[key]?.kind;
  return kind === 'yes' ? { type: 'boolean' } : { type: 'string', ...(kind === 'texts' && { multiple: true }) };
}

/** The help of a noun. */
export function helpOf(noun: string): string {
  const { what, verbs, examples } = NOUNS[noun] as Noun;
  const lines = Object.entries(verbs).map(([name, { words = [], does, flags = [] }]) => {
    const left = ['', name, ...words.map((word) => word.split('=')[1])].join(' ');
    return { left, does, flags: flags.map((key) => `--${[calledOf(key), FLAGS[key]?.shown ?? []].flat().join(' ')}`).join('  ') };
  });
  const width = Math.max(...lines.map(({ left }) => left.length)) + 3;
  return `Usage: portcullis ${noun} VERB [words] (--store STORE | --server URL) [options]

${lines.map(({ left, does, flags }) => ` ${left.padEnd(width)}${does}${flags === '' ? '' : `\n${' '.repeat(width + 3)}${flags}`}`).join('\n')}
${what === '' ? '' : `\n${what}\n`}
  --store STORE     a data folder or file of SQLite, postgres://… or redis://… (portcullis store --help); default: PORTCULLIS_DATA.
                    Set PORTCULLIS_SECRET and PORTCULLIS_EPOCH to the server's values. The server may be running.
  --server URL      a running server with the option \`admin\`: sign in as an administrator in the browser
  --tenant NAME     one tenant of the store; a server's tenant has an address of its own
  --json            JSON; a list as one object on each line
  --all, --after C  every row of a list, or the rows after cursor C
  --yes             do not ask for confirmation
  --no-open         print the address of the sign-in page instead of opening a browser

Exit code: 0 for success, 1 for failure (one line says why), 2 for a usage error, or without a terminal to confirm on (use --yes).

Examples:
${examples.map((line) => `  portcullis ${line.replace(/(?= [<>] |$)/, ' --store ./data')}`).join('\n')}`;
}

/** The flags that say what a command works on. */
interface Place {
  readonly store?: string | undefined;
  readonly server?: string | undefined;
  readonly tenant?: string | undefined;
  readonly 'no-open'?: boolean | undefined;
  readonly resource: unknown;
  readonly scopes: unknown;
}

/** Opens what a command works on, a store or a server, from its flags and the environment. @throws {CliError} with 2 if none is named, or both. */
async function openTarget(place: Place, terminal: Terminal): Promise<Target> {
  const { server, tenant, resource, scopes } = place;
  const store = place.store ?? (server === undefined ? process.env['PORTCULLIS_DATA'] : undefined);
  if (store !== undefined && server !== undefined) throw new CliError('Name a store or a server, not both.', 2);
  if (server !== undefined) {
    if (tenant !== undefined) throw new CliError('A tenant of a server has an address of its own: --server https://mcp.example/acme', 2);
    return (await import('./remote.ts')).openRemote(server, terminal, place['no-open'] !== true);
  }
  if (store === undefined || store === '') throw new CliError('Name what to work on: --store ./data, or --server https://mcp.example', 2);
  const { openLocal } = await import('./target.ts');
  const texts = Array.isArray(scopes) ? (scopes as readonly string[]) : [];
  return openLocal(store, { tenant, resource: resource as string | undefined, scopes: texts, warn: terminal.err }, process.env);
}

const UNITS: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration as seconds: `90d`, `12h`, `3600`. @throws {CliError} */
function secondsOf(flag: string, text: string): number {
  const [, count, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (count === undefined)
    throw new CliError(`--${flag} takes a duration such as 90d, 12h, 30m or 3600s; it is ${JSON.stringify(text)}.`, 2);
  return Number(count) * (UNITS[unit] ?? 1);
}

/** A time as seconds since 1970: a duration before now, or a date. @throws {CliError} */
function pastOf(flag: string, text: string, now: number = Math.floor(Date.now() / 1000)): number {
  if (/^\d+[smhd]$/.test(text)) return now - secondsOf(flag, text);
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new CliError(`--${flag} takes a time such as 7d, 2026-11-29 or 2026-11-29T12:00:00Z; it is ${JSON.stringify(text)}.`, 2);
  return Math.floor(at / 1000);
}

/** The value of a flag as an act takes it. @throws {CliError} */
function valueOf(flag: string, kind: Kind, given: unknown): unknown {
  if (kind === 'number' && !/^\d{1,15}$/.test(String(given)))
    throw new CliError(`--${flag} takes a whole number; it is ${JSON.stringify(given)}.`, 2);
  if (kind === 'seconds') return secondsOf(flag, String(given));
  return kind === 'past' ? pastOf(flag, String(given)) : given;
}
