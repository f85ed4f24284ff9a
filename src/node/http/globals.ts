/**
 * Puts cheaper `Request`, `Response` and `fetch` in the place of the global ones, as `@hono/node-server` does: a handler that says
 * `new Response(…)` then costs as much as one of `node:http`. They do the same; only code that compares a class or a function by identity can tell.
 */
import { LazyRequest } from './lazy-request.ts';
import { LazyResponse } from './lazy-response.ts';

const native = (input: unknown): unknown => (input instanceof LazyRequest ? input.native() : input);

/** What stands in place now; none before the first server. */
let own: Pick<typeof globalThis, 'Request' | 'Response' | 'fetch'> | undefined;

/** Puts ours in place, once in a process. Other runtimes answer with native code that looks inside a `Response`: they keep theirs. */
export function overrideGlobalObjects(): void {
  if (own !== undefined || process.versions['bun'] !== undefined || 'Deno' in globalThis) return;
  const before = globalThis.fetch;
  own = {
    Request: new Proxy(globalThis.Request, {
      construct: (target, [input, ...rest], newTarget) => Reflect.construct(target, [native(input), ...rest], newTarget) as Request,
    }),
    Response: LazyResponse as unknown as typeof Response,
    fetch: function fetch(input, init) {
      return before(native(input) as Request, init);
    },
  };
  for (const [name, value] of Object.entries(own))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: true });
}

/** Whether a lazy request may go to the application: not where another library has put its own in the place of ours. */
export function isOverridden(): boolean {
  return own !== undefined && globalThis.Request === own.Request && globalThis.fetch === own.fetch;
}
