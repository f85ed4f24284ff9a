/** The one thing that every agent must have: found missing at start-up where that can be seen, else at the first request. */

/** How a class gets its `server`: a field, an accessor, an assignment, or something whose names cannot be seen. */
const MADE = /\bserver\s*(?:\?\?)?=|\bserver\s*[(;]|['"]server['"]|Object\.assign|Object\.definePropert|Reflect\.set/;

/**
 * Refuses a class without a `server`. Its fields are there only once it is made, for a caller: so its text, and those of the classes
 * above it, are searched for one.
 *
 * @param base where the search ends.
 * @throws {TypeError} naming the class.
 */
export function checkServerOf(Agent: { readonly name: string; readonly prototype: object }, base: object): void {
  if ('server' in Agent.prototype) return;
  for (let one: unknown = Agent; typeof one === 'function' && one !== base; one = Object.getPrototypeOf(one))
    if (MADE.test(Function.prototype.toString.call(one))) return;
  throw noServer(Agent.name);
}

/** What is said of a class without one. */
export function noServer(name: string): TypeError {
  return new TypeError(`McpAgent: ${name} has no \`server\`; write server = new McpServer({ name, version }) in the class.`);
}
