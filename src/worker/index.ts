/** `portcullis/worker`: Durable Object classes to export and to bind, and what uses them. */
export { PortcullisStore } from './store-object.ts';
export { objectDatabases, objectEvents, PortcullisDatabase, PortcullisNews } from './user-objects.ts';
