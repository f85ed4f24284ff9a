/**
 * One statement, as a query of a user's database may be. SQLite on Node would carry out the first of several and forget the rest, a
 * Durable Object all of them, so both ask here first. Text is split as SQLite does it (https://www.sqlite.org/c3ref/complete.html);
 * whether it is SQL is for the database to say.
 */

/** Space and comments; what is quoted; words; anything else by itself. What is left open goes to the end. */
const TOKENS =
  /([ \t\n\f\r]+|--[^\n]*|\/\*(?:(?!\*\/)[^])*(?:\*\/)?)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?|[\w$\u0080-\uffff]+|[^]/g;
const TRIGGER = /^(?:EXPLAIN (?:QUERY PLAN )?)?CREATE (?:TEMP |TEMPORARY )?TRIGGER /;
/** Each of them lasts for longer than a statement, or leads out of the database: a connection serves many requests. */
const NOT_ALONE = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'ATTACH', 'DETACH']);

/**
 * The one statement of a text, without semicolons and comments behind it: workerd takes a comment there for a second statement.
 *
 * @throws {TypeError} when there is none, there are several, or it does not stand by itself; nothing has been carried out then.
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

/** Whether something follows the END of a trigger. Its own statements end with semicolons, its END follows one. */
function afterTrigger(tokens: readonly string[]): boolean {
  return tokens.some((token, at) => token === ';' && tokens[at - 1] === 'END' && tokens[at - 2] === ';');
}
