/** The Worker in which the suite runs: only its Durable Objects; tests call everything else themselves. */
export { PortcullisStore } from '../../src/worker/store-object.ts';
export { PortcullisDatabase } from '../../src/worker/database-object.ts';
export { PortcullisNews } from '../../src/worker/news-object.ts';
export { AgentsMcp } from './agents-mcp.ts';

export default {
  fetch(): Response {
    return new Response('This Worker only hosts tests.', { status: 404 });
  },
};
