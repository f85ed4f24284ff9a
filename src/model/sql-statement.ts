/**
 * Checks that a query for a user's database is a single statement. SQLite on Node would run the first of several and ignore the rest, a
 * Durable Object all of them. Text is split like SQLite does it (https://www.sqlite.org/c3ref/complete.html); the database checks the SQL.
 */

/** Space and comments; quoted text; words; any other character. An unclosed quote or comment extends to the end. */
const TOKENS =
  /([ \t\n\f\r]+|--[^\n]*|\/\*(?:(?!\*\/)[^])*(?:\*\/)?)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?|[\w$\u0080-\uffff]+|[^]/g;
const TRIGGER = /^(?:EXPLAIN (?:QUERY PLAN )?)?CREATE (?:TEMP |TEMPORARY )?TRIGGER /;
/** Statements that outlive themselves or leave the database: a connection serves many requests. */
const NOT_ALONE = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'ATTACH', 'DETACH']);

/**
 * The only statement of a text, without trailing semicolons and comments: workerd would count a trailing comment as a second statement.
 *
 * @throws {TypeError} if there is none, there are several, or it is a transaction statement; nothing was run.
 */
export function statementOf(text: string): string {
  const tokens: string[] = [];
  let end = 0;
  for (const { 0: token, 1: gap, index } of text.matchAll(TOKENS)) {
    if (gap !== undefined) continue;
    tokens.push(token.toUpperCase());
    if (token !== ';') end = index + token.length;
  }
  while (tokens.at(-1) === ';') tokens.pop();
  const [first] = tokens;
  if (first === undefined) throw new TypeError('McpAgent: `sql` takes a statement, and there is none in this text.');
  if (NOT_ALONE.has(first))
    throw new TypeError(
      `McpAgent: \`sql\` takes statements that stand by themselves; ${first} does not. Each one is carried out whole or not at all.`,
    );
  const several = TRIGGER.test(tokens.slice(0, 6).join(' ')) ? afterTrigger(tokens) : tokens.includes(';');
  if (several) throw new TypeError('McpAgent: `sql` takes one statement at a time; nothing of these was carried out.');
  return text.slice(0, end);
}

/** Whether anything follows the END of a trigger. Its own statements end with semicolons, and END follows one. */
function afterTrigger(tokens: readonly string[]): boolean {
  return tokens.some((token, at) => token === ';' && tokens[at - 1] === 'END' && tokens[at - 2] === ';');
}
