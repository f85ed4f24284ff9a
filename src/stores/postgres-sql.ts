/**
 * Tables and statements of the PostgreSQL store. A record's own `lists` column decides which lists it is in; rows of `portcullis_entries` only
 * help to find it, and outdated ones are skipped. Keys are compared bytewise ("C").
 */

/** Migrations from an empty database to the current schema: each has the statements from the previous one. Only ever append. */
export const LAYOUTS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE portcullis_records (
      key text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, until bigint NOT NULL, lists text, value text NOT NULL)`,
    `CREATE TABLE portcullis_entries (
      seq bigint GENERATED ALWAYS AS IDENTITY, list text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, PRIMARY KEY (list, key))`,
    'CREATE INDEX portcullis_entries_in_order ON portcullis_entries (list, seq)',
  ],
];

/** The current schema version. */
export const LAYOUT_STATEMENT = 'SELECT max(layout) AS layout FROM portcullis_layout';

/** Schemas of the search path, in order, and which of them has our tables. */
export const SCHEMAS = `SELECT s.name, EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = 'portcullis_layout' AND n.nspname = s.name) AS known
  FROM unnest(current_schemas(false)) WITH ORDINALITY AS s(name, place) ORDER BY s.place`;

/** Whether this role may create tables. Parameter: schema. */
export const MAY_CREATE = "SELECT has_schema_privilege($1, 'USAGE') AND has_schema_privilege($1, 'CREATE') AS may";

/** Privileges that this role needs and does not have. */
export const LACKING = `SELECT t.name, r.lacks FROM (VALUES ('portcullis_records'), ('portcullis_entries')) AS t(name),
    (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS r(lacks)
  WHERE NOT has_table_privilege(t.name, r.lacks)`;

/** Adds the schema to each of our table names in a text. */
export function inSchema(schema: string, text: string): string {
  const quoted = `"${schema.replaceAll('"', '""')}"`;
  return text.replaceAll(/'?\bportcullis_(?:records|entries|layout)\b'?/g, (name) =>
    name.startsWith("'") ? `'${quoted.replaceAll("'", "''")}.${name.slice(1)}` : `${quoted}.${name}`,
  );
}

/** An arbitrary number for the advisory lock. */
const LOCK = 8_314_159_265;

/**
 * Migrates a database: several statements without parameters, which PostgreSQL runs as one transaction. The lock lets one process at a time
 * migrate; the next one finds it done.
 */
export function migration(layouts: readonly (readonly string[])[]): string {
  const steps = layouts.map(
    (statements, at) => `DO $portcullis$ BEGIN
      IF (SELECT coalesce(max(layout), 0) FROM portcullis_layout) = ${at} THEN
        ${statements.join(';\n')};
        INSERT INTO portcullis_layout VALUES (${at + 1});
      END IF;
    END $portcullis$`,
  );
  const first = [`SELECT pg_advisory_xact_lock(${LOCK})`, 'CREATE TABLE IF NOT EXISTS portcullis_layout (layout int PRIMARY KEY)'];
  return [...first, ...steps].join(';\n'); // no BEGIN: a failure would leave an open transaction on the pool's connection
}

/** Key $1, new version $2, expiry $3, value $4, now $5; last the required version. */
const INSERT = 'INSERT INTO portcullis_records AS r (key, version, until, value, lists)';
const ONTO = 'ON CONFLICT (key) DO UPDATE SET version = excluded.version, until = excluded.until, value = excluded.value, lists =';
const UPDATE = 'UPDATE portcullis_records AS r SET version = $2, until = $3, value = $4';
const that = (version: string): string => `WHERE r.key = $1 AND r.version = ${version} AND r.until > $5 RETURNING version`;

const WRITE = {
  any: `${INSERT} VALUES ($1, $2, $3, $4, NULL) ${ONTO} CASE WHEN r.until > $5 THEN r.lists END RETURNING version`,
  absent: `${INSERT} VALUES ($1, $2, $3, $4, NULL) ${ONTO} NULL WHERE r.until <= $5 RETURNING version`,
  version: `${UPDATE} ${that('$6')}`,
};
/** The same with lists: $6, a JSON array. `any` does not need the time, but PostgreSQL needs the type of each parameter. */
const LISTED = {
  any: `${INSERT} VALUES ($1, $2, $3, $4, $6) ${ONTO} excluded.lists WHERE $5::bigint IS NOT NULL RETURNING version`,
  absent: `${INSERT} VALUES ($1, $2, $3, $4, $6) ${ONTO} excluded.lists WHERE r.until <= $5 RETURNING version`,
  version: `${UPDATE}, lists = $6 ${that('$7')}`,
};

/** List names from a JSON array. */
const NAMES = (json: string): string => `jsonb_array_elements_text(coalesce(${json}, '[]')::jsonb)`;

/** Writes the record, removes its key from lists it leaves, and adds it to lists it enters: one statement, one snapshot. */
function listed(write: string): string {
  return `WITH before AS (SELECT lists FROM portcullis_records WHERE key = $1), written AS (${write}),
    gone AS (DELETE FROM portcullis_entries e USING written, before, ${NAMES('before.lists')} AS was(name)
      WHERE e.list = was.name AND e.key = $1 AND NOT $6::jsonb @> to_jsonb(was.name)),
    entered AS (INSERT INTO portcullis_entries (list, key) SELECT n.name, $1 FROM written, ${NAMES('$6')} AS n(name)
      ON CONFLICT (list, key) DO UPDATE SET key = excluded.key)
    SELECT version FROM written`;
}

/** Removes the record and its list entries. @param condition beyond being live. */
function removal(condition: string): string {
  return `WITH removed AS (DELETE FROM portcullis_records WHERE key = $1 AND until > $2 ${condition} RETURNING key, lists),
    gone AS (DELETE FROM portcullis_entries e USING removed r, ${NAMES('r.lists')} AS was(name) WHERE e.list = was.name AND e.key = r.key)
    SELECT 1 FROM removed`;
}

const STANDS = 'jsonb_exists(r.lists::jsonb, e.list)';

/** A count: the same parameters as a write; $3 and $4 are those of a new window. */
const INCREMENT = `${INSERT} VALUES ($1, $2, $3, $4, NULL) ON CONFLICT (key) DO UPDATE SET version = excluded.version,
    until = CASE WHEN r.until > $5 THEN r.until ELSE excluded.until END, lists = CASE WHEN r.until > $5 THEN r.lists END,
    value = CASE WHEN r.until > $5 THEN jsonb_set(r.value::jsonb, '{count}', to_jsonb((r.value::jsonb->>'count')::bigint + 1))::text
      ELSE excluded.value END
  WHERE r.until <= $5 OR jsonb_typeof(r.value::jsonb->'count') = 'number' RETURNING value`;

/** Names of the statements. */
type StatementName =
  'read' | 'increment' | 'writeAny' | 'writeAbsent' | 'writeVersion' | 'listAny' | 'listAbsent' | 'listVersion' | 'remove' | 'removeVersion' |
  'entries' | 'entriesRead' | 'tidy' | 'all' | 'count' | 'sweep'; // prettier-ignore

function entriesWith(columns: string): string {
  return `SELECT e.seq, e.key, r.key IS NOT NULL AS stands${columns} FROM portcullis_entries e
    LEFT JOIN portcullis_records r ON r.key = e.key AND r.until > $3 AND ${STANDS}
    WHERE e.list = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $4`;
}

/** The statements, with their parameters besides those of a write. */
export const STATEMENTS: Readonly<Record<StatementName, string>> = {
  /** Key, now. */
  read: 'SELECT version, until, value FROM portcullis_records WHERE key = $1 AND until > $2',
  increment: INCREMENT,
  writeAny: WRITE.any,
  writeAbsent: WRITE.absent,
  writeVersion: WRITE.version,
  listAny: listed(LISTED.any),
  listAbsent: listed(LISTED.absent),
  listVersion: listed(LISTED.version),
  /** Key, now. */
  remove: removal(''),
  /** Key, now, version. */
  removeVersion: removal('AND version = $3'),
  /** List, after, now, most. */
  entries: entriesWith(''),
  /** The same; with the records. */
  entriesRead: entriesWith(', r.version, r.until, r.value'),
  /** List, keys as a JSON array: removes entries whose records do not name the list. */
  tidy: `DELETE FROM portcullis_entries e USING ${NAMES('$2')} AS k(key) WHERE e.list = $1 AND e.key = k.key
    AND NOT EXISTS (SELECT 1 FROM portcullis_records r WHERE r.key = e.key AND ${STANDS})`,
  /** After, now, most. */
  all: `SELECT key, version, until, lists, value FROM portcullis_records WHERE key > $1 AND until > $2 ORDER BY key LIMIT $3`,
  /** Now. */
  count: 'SELECT count(*) AS n FROM portcullis_records WHERE until > $1',
  /** After, most, now. */
  sweep: `WITH looked AS (SELECT key, until FROM portcullis_records WHERE key > $1 ORDER BY key LIMIT $2),
    removed AS (DELETE FROM portcullis_records r USING looked WHERE r.key = looked.key AND looked.until <= $3 AND r.until <= $3
      RETURNING r.key, r.lists),
    gone AS (DELETE FROM portcullis_entries e USING removed r, ${NAMES('r.lists')} AS was(name) WHERE e.list = was.name AND e.key = r.key)
    SELECT (SELECT max(key) FROM looked) AS last, (SELECT count(*) FROM looked) AS seen, (SELECT count(*) FROM removed) AS removed`,
};
