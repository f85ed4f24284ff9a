/** Portcullis on Cloudflare Workers: the Durable Object classes to export and to bind, news of changed rights over one of them, and databases of users. */
export { objectDatabases, PortcullisDatabase } from './database-object.ts';
export { PortcullisNews } from './news-object.ts';
export { objectEvents, type NewsNamespace } from './object-events.ts';
export { workerRuntime } from './runtime.ts';
export { PortcullisStore } from './store-object.ts';
