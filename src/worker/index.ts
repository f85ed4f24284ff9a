/** Portcullis on Cloudflare Workers: the Durable Object classes to export and to bind, and news of changed rights over one of them. */
export { PortcullisNews } from './news-object.ts';
export { objectEvents, type NewsNamespace } from './object-events.ts';
export { workerRuntime } from './runtime.ts';
export { PortcullisStore } from './store-object.ts';
