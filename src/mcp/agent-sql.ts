/** The `sql` of an agent: a template whose values never become part of the statement, on the database of the caller. */
import { base64url } from '../lib/base64url.ts';
import { utf8 } from '../lib/bytes.ts';
import type { Checked } from '../model/access.ts';
import type { Databases, SqlRow, SqlValue, UserDatabase } from '../model/database.ts';

/** A template that is a query: `` await sql`SELECT text FROM notes WHERE done = ${false}` ``. */
export type Sql = <Row extends SqlRow = SqlRow>(parts: TemplateStringsArray, ...values: readonly SqlValue[]) => Promise<readonly Row[]>;

/** Opens the database of the caller with the first query. */
export function sqlOf(databases: Databases, { access, handle, env }: { access: Checked; handle: string; env: unknown }): Sql {
  let database: Promise<UserDatabase> | undefined;
  return async <Row extends SqlRow>(parts: TemplateStringsArray, ...values: readonly SqlValue[]): Promise<readonly Row[]> => {
    if (!Array.isArray(parts) || !Array.isArray(parts.raw))
      throw new TypeError('McpAgent: `sql` is a template: sql`SELECT …`. A text that was put together is not taken.');
    const given = values.map(boundOf);
    const { query } = await (database ??= nameOf(access, handle).then((name) => databases(name, env)));
    return (await query(parts.join('?'), given)) as readonly Row[];
  };
}

/** The caller cannot choose the name: it is a hash of what the guard found out, and a handle only separates databases of one user. */
async function nameOf({ issuer = '', tenant = '', userId, resource }: Checked, handle: string): Promise<string> {
  const text = `database\n${JSON.stringify([issuer, tenant, userId, resource, handle])}`;
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))));
}

function boundOf(value: SqlValue): string | number | null {
  if (typeof value === 'boolean') return Number(value);
  if (value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw new TypeError('McpAgent: `sql` takes texts, numbers, true, false and null. Store anything else as JSON: ${JSON.stringify(value)}.');
}
