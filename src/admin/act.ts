/**
 * Acts of an administrator: what each takes and does, without HTTP. The administration API runs them; a command line or a page can, too.
 * A change is audited.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { has, readPage, versioned } from '../model/record.ts';
import { OAuthError } from '../model/error.ts';
import type { Cursor, IndexKey, Key, Seconds } from '../model/store.ts';
import type { OAuthHelpers } from '../provider/helpers.ts';

/** Who acts, and on which server. */
export interface Admin {
  readonly as: AuthServer;
  readonly helpers: OAuthHelpers;
  /** The administrator. */
  readonly userId: string;
  /** The permission of administrators. */
  readonly permission: string;
}

/** One act. */
export interface Act {
  /** GET reads; POST changes, and is audited in the store. */
  readonly method: 'GET' | 'POST';
  /** Names of what it takes; anything else is refused. The first one names what it is about, for the audit. */
  readonly takes: readonly string[];
  /** Set where that first one must not be written down. */
  readonly isSecret?: true;
  readonly run: (admin: Admin, input: Input) => Promise<unknown>;
}

/** Acts by name. */
export type Acts = { readonly [name: string]: Act };

/** The input of an act, read strictly. Every verb throws {@link OAuthError} `invalid_request`, naming the member. */
export interface Input {
  text(name: string): string;
  optional(name: string): string | undefined;
  texts(name: string): readonly string[];
  optionalTexts(name: string): readonly string[] | undefined;
  number(name: string): number;
  optionalNumber(name: string): number | undefined;
  flag(name: string): boolean;
  /** Everything that was sent. */
  readonly all: { readonly [name: string]: unknown };
}

/** Reads an input. @throws {OAuthError} for a member that the act does not take. */
export function inputOf({ takes }: Pick<Act, 'takes'>, all: { readonly [name: string]: unknown }): Input {
  const foreign = Object.keys(all).find((name) => !takes.includes(name));
  if (foreign !== undefined) throw wrong(`This takes ${takes.join(', ') || 'nothing'}, and no other member.`);
  const of = (name: string): unknown => (Object.hasOwn(all, name) && all[name] !== null ? all[name] : undefined);
  const optional = (name: string): string | undefined => {
    const value = of(name);
    if (value !== undefined && (typeof value !== 'string' || value === '')) throw wrong(`${name} must be a non-empty string.`);
    return value;
  };
  const optionalTexts = (name: string): readonly string[] | undefined => {
    const value = of(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw wrong(`${name} must be a list of strings.`);
    return value as readonly string[];
  };
  const optionalNumber = (name: string): number | undefined => {
    const value = of(name);
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value; // of a query
    if (number !== undefined && !Number.isSafeInteger(number)) throw wrong(`${name} must be a whole number.`);
    return number as number | undefined;
  };
  const needed = <T>(read: (name: string) => T | undefined) => {
    return (name: string): T => {
      const value = read(name);
      if (value === undefined) throw wrong(`${name} is missing.`);
      return value;
    };
  };
  return {
    all,
    optional,
    optionalTexts,
    optionalNumber,
    text: needed(optional),
    texts: needed(optionalTexts),
    number: needed(optionalNumber),
    flag(name) {
      const value = of(name);
      if (value !== undefined && typeof value !== 'boolean') throw wrong(`${name} must be true or false.`);
      return value === true;
    },
  };
}

/** The error for an input that cannot be. */
export function wrong(hint: string): OAuthError {
  return new OAuthError('invalid_request', 'admin_input', { hint });
}

/** The error for something that is not there. */
export function missing(what: string): OAuthError {
  return new OAuthError('invalid_request', 'admin_target_unknown', { status: 404, hint: `There is no such ${what}.` });
}

const ALL: IndexKey = 'audit:all';
/** How long an entry is kept. */
const AUDIT_TTL: Seconds = 90 * 86_400;

/** A change that an administrator made, as it is kept. */
type AuditRecord = {
  readonly v: 1;
  readonly at: number;
  /** The act: `users/disable`. */
  readonly act: string;
  /** The administrator. */
  readonly by: string;
  /** The id of the user, client, grant or key that it was about. */
  readonly target?: string;
  /** The id of what was made. */
  readonly made?: string;
  /** Absent while it runs, or if the process ended in between. */
  readonly outcome?: 'done' | 'refused' | 'failed';
};

/** What is known of a change before it is made. */
type Change = Pick<AuditRecord, 'act' | 'by' | 'target'>;

/**
 * Runs a change between its two entries: one is written before it is made, so that no change is made that cannot be written, and gets its outcome
 * after it.
 */
export async function audited<T>(as: AuthServer, change: Change, work: () => Promise<T>): Promise<T> {
  const [key, at]: [Key, Seconds] = [`audit:${as.secrets.id()}`, as.now()];
  const write = async (entry: AuditRecord, when: 'absent' | 'any'): Promise<void> =>
    void (await as.store.write(key, entry, when, { until: at + AUDIT_TTL, index: [ALL] }));
  await write({ v: 1, at, ...change }, 'absent');
  const end = async (outcome: NonNullable<AuditRecord['outcome']>, more?: Pick<AuditRecord, 'made' | 'target'>): Promise<void> => {
    as.emit({ kind: 'admin.acted', ...change, ...more, outcome });
    await write({ v: 1, at, ...change, ...more, outcome }, 'any').catch(() => undefined); // the entry is there, and the act is done
  };
  try {
    const result = await work();
    await end('done', madeBy(result));
    return result;
  } catch (error) {
    const isRefused = (error instanceof OAuthError && error.status < 500) || error instanceof TypeError;
    await end(isRefused ? 'refused' : 'failed', await unknownOf(as, change, error));
    throw error;
  }
}

/** The id of what was made, which no one knows before: its name alone would not tell two keys of one name apart. */
function madeBy(result: unknown): Pick<AuditRecord, 'made'> {
  const { user, client, info } = Object(result) as { readonly [member: string]: unknown };
  const { id } = Object(user ?? client ?? info) as { readonly id?: unknown };
  return typeof id === 'string' ? { made: id } : {};
}

/** What is not known here may be a secret of another server, in the place of an id: of that, only the beginning of its hash is kept. */
async function unknownOf(as: AuthServer, { target }: Change, error: unknown): Promise<Pick<AuditRecord, 'target'>> {
  const isUnknown = error instanceof TypeError || (error instanceof OAuthError && /^admin_(target_unknown|input)$/.test(error.reason));
  return isUnknown && target !== undefined ? { target: `sha256:${(await as.secrets.hash(target)).slice(0, 12)}` } : {};
}

/** One page of the entries, oldest first. */
export async function listAudit(as: AuthServer, after?: Cursor): Promise<{ readonly entries: readonly object[]; readonly next?: Cursor }> {
  const { values, ...page } = await readPage(as.store, ALL, isEntry, after);
  return { ...page, entries: values.map(({ v: _v, ...entry }) => entry) };
}

const isEntry = (value: unknown): value is AuditRecord => versioned(value) && has(value, 'at', 'act', 'by');
