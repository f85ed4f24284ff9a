/** The Worker in which the suite runs: its Durable Objects, and requests that a test can cut off. Tests call everything else themselves. */
import { runStep } from './request-steps.ts';

export { PortcullisStore } from '../../src/worker/store-object.ts';
export { PortcullisDatabase } from '../../src/worker/user-objects.ts';
export { PortcullisNews } from '../../src/worker/user-objects.ts';
export { AgentsMcp } from './agents-mcp.ts';

export default {
  fetch(request: Request, _env: unknown, ctx: ExecutionContext): Promise<Response> | Response {
    return runStep(request, ctx) ?? new Response('This Worker only hosts tests.', { status: 404 });
  },
};
