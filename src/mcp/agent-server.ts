/** Checks that an agent class has a `server`: at start-up if the class shows it, else at the first request. */

/** How a class sets its `server`: a field, an accessor, an assignment, or code that hides the names it sets. */
const MADE = /\bserver\s*(?:\?\?)?=|\bserver\s*[(;]|['"]server['"]|Object\.assign|Object\.definePropert|Reflect\.set/;

/**
 * Refuses a class without a `server`. Fields exist only on an instance, which is made for a caller: so the source of the class, and of the
 * classes above it, is searched.
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

/** The error for a class without a `server`. */
export function noServer(name: string): TypeError {
  return new TypeError(`McpAgent: ${name} has no \`server\`; write server = new McpServer({ name, version }) in the class.`);
}
