/** Databases of users on Workers: a Durable Object for each, with SQLite of its own. */
import { DurableObject } from 'cloudflare:workers';
import { type Databases, type SqlRow, statementOf, type UserDatabase } from '../model/user-state.ts';
import type { ObjectNamespace } from '../stores/object-namespace.ts';

/**
 * The database of one user. Export it from the Worker and bind it (`new_sqlite_classes`), for {@link objectDatabases}.
 *
 * @example
 * export { PortcullisDatabase } from 'portcullis/worker';
 */
export class PortcullisDatabase extends DurableObject<unknown> {
  /** Carries out a statement. Reached through the binding alone, never from outside. */
  query(statement: string, values: readonly (string | number | null)[]): SqlRow[] {
    return this.ctx.storage.sql.exec(statement, ...values).toArray() as SqlRow[];
  }
}

/**
 * A database for each user, in a Durable Object, for `McpAgent.databases` and `this.sql`.
 *
 * @param namespace finds the binding in the environment, class `PortcullisDatabase`.
 * @throws {TypeError} with the first query, if the binding is missing.
 * @example
 * class NotesAgent extends McpAgent<Env> {
 *   static override databases = objectDatabases((env: Env) => env['USERS']);
 *   server = new McpServer({ name: 'notes', version: '1.0.0' });
 *   async init() {}
 * }
 */
export function objectDatabases<Env>(namespace: (env: Env) => ObjectNamespace): Databases {
  return (name, env) => {
    const objects = namespace(env as Env) as ObjectNamespace | undefined;
    if (typeof objects?.idFromName !== 'function')
      throw new TypeError(
        'objectDatabases: the Durable Object binding is missing. Add it to the Worker configuration, class PortcullisDatabase.',
      );
    const object = objects.get(objects.idFromName(name) as never) as UserDatabase;
    return { query: (statement, values) => object.query(statementOf(statement), values) };
  };
}
