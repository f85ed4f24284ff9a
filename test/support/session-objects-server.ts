/**
 * A server process for tests of sessions over several isolates: two Workers of the same code, each in an isolate of its own, which share their
 * Durable Objects, and one before them that sends each request to the Worker that its header `x-member` names. Prints its port.
 */
import { startMiniflare, workerFrom } from './miniflare.ts';

const common = await workerFrom('session-objects.ts');
const FRONT = 'export default { fetch: (request, env) => env[request.headers.get("x-member")].fetch(request) };';
/** The objects live in the first Worker. */
const objects = (scriptName?: string): object =>
  Object.fromEntries(
    [
      ['PORTCULLIS', 'PortcullisStore'],
      ['NEWS', 'PortcullisNews'],
    ].map(([binding, className]) => [binding, { className, useSQLite: true, ...(scriptName !== undefined && { scriptName }) }]),
  );
const member = (name: string, durableObjects: object): object => ({
  ...common,
  name,
  bindings: { PORTCULLIS_LIMITS: 'off', MEMBER: name },
  durableObjects,
});

const port = await startMiniflare({
  workers: [
    { name: 'front', modules: true, script: FRONT, compatibilityDate: '2026-10-23', serviceBindings: { one: 'one', two: 'two' } },
    member('one', objects()),
    member('two', objects('one')),
  ],
});
process.stdout.write(`${port}\n`);
