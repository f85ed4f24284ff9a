/** The Worker in which the suite runs: only the store's Durable Object; tests call everything else themselves. */
export { PortcullisStore } from '../../src/worker/store-object.ts';

export default {
  fetch(): Response {
    return new Response('This Worker only hosts tests.', { status: 404 });
  },
};
