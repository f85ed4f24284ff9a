/**
 * Audit of changes: each is written before it is made, so that none is made that cannot be written, and gets its outcome after it.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { has, readPage, versioned } from '../core/records/record.ts';
import type { AuditRecord } from '../model/admin.ts';
import { OAuthError } from '../model/error.ts';
import type { Cursor, IndexKey, Key, Seconds } from '../model/store.ts';

const ALL: IndexKey = 'audit:all';
/** How long an entry is kept. */
const AUDIT_TTL: Seconds = 90 * 86_400;

/** What is known of a change before it is made. */
export type Change = Pick<AuditRecord, 'act' | 'by' | 'target'>;

/** Runs a change between its two entries. */
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
