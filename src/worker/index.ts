/** `portcullis/worker`: Durable Object classes to export and to bind, and what uses them. */
export { objectDatabases, PortcullisDatabase } from './database-object.ts';
export { objectEvents, PortcullisNews } from './object-events.ts';
export { PortcullisStore } from './store-object.ts';
