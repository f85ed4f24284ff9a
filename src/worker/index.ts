/** Portcullis on Cloudflare Workers: the Durable Object class to export and to bind as `PORTCULLIS`. */
export { workerRuntime } from './runtime.ts';
export { PortcullisStore } from './store-object.ts';
