import { describe, expect, it } from 'vitest';
import { statementOf } from '../../src/model/user-state.ts';

const TRIGGER = `CREATE TRIGGER log AFTER INSERT ON notes BEGIN
  UPDATE notes SET done = CASE WHEN new.done THEN 1 ELSE 0 END; DELETE FROM notes WHERE done = 2;
END`;

describe('model/user-state, sql-statement', () => {
  it.each([
    'SELECT 1',
    'SELECT 1;',
    ' \n SELECT 1 ; ;\t-- over; and out',
    'SELECT 1 /* one; two */; -- three; four',
    `SELECT ';', 'it''s; so', ";", "a""; b", \`;\`, [;] FROM notes`,
    'INSERT INTO notes (begin, "end") VALUES (?, ?)',
    `SELECT 'left open; and so no SQL`,
    'SELECT "left open; and so no SQL',
    'SELECT `left open; and so no SQL',
    'SELECT [left open; and so no SQL',
    'SELECT `two; words`, [two; words], `a``; b` FROM notes',
    TRIGGER.replace('END;', 'END; x;'),
    `${TRIGGER} and what the database says of it`,
    `EXPLAIN ${TRIGGER}`,
    'SELECT 1 /* left open; as well',
    TRIGGER,
    `${TRIGGER};\n`,
    TRIGGER.replace('CREATE', 'create temp').replace(' log', ' IF NOT EXISTS log'),
    `EXPLAIN QUERY PLAN ${TRIGGER}`,
  ])('takes one statement: %s', (text) => {
    expect(text.startsWith(statementOf(text))).toBe(true);
  });

  it('returns it without trailing semicolons, space and comments', () => {
    expect(statementOf("\tSELECT ';' /* a */ ; -- b\n;\n")).toBe("\tSELECT ';'");
    expect(statementOf(`${TRIGGER};`)).toBe(TRIGGER);
  });

  it.each([
    'SELECT 1; SELECT 2',
    'SELECT 1;SELECT 2;',
    `SELECT 'a'; DROP TABLE notes; --'`,
    'SELECT 1; /* nothing */ SELECT 2',
    'SELECT "a""";DELETE FROM notes',
    'CREATE TABLE trigger (x); DELETE FROM notes',
    'SELECT CREATE TRIGGER x; DELETE FROM notes',
    `${TRIGGER}; DELETE FROM notes`,
    '; SELECT 1',
  ])('refuses several: %s', (text) => {
    expect(() => statementOf(text)).toThrow(/one statement at a time/);
  });

  it.each(['', ' ;; ', '-- SELECT 1', '/* SELECT 1 */'])('refuses none: %j', (text) => {
    expect(() => statementOf(text)).toThrow(/there is none/);
  });

  it.each(['BEGIN', 'begin immediate', 'COMMIT;', 'END', 'ROLLBACK TO a', 'SAVEPOINT a', 'RELEASE a', `/**/ATTACH 'x' AS y`, 'DETACH y'])(
    'refuses what outlasts a statement or leads out of the database: %s',
    (text) => {
      expect(() => statementOf(text)).toThrow(/stand by themselves/);
    },
  );
});
