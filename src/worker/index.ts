/** `portcullis/worker`: Durable Object classes to export and to bind, and what uses them. */
export { objectDatabases, PortcullisDatabase } from './database-object.ts';
export { PortcullisNews } from './news-object.ts';
export { objectEvents } from './object-events.ts';
export { PortcullisStore } from './store-object.ts';
