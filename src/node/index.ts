/** `portcullis/node`: an HTTP server around an object with `fetch`, the guard in other Node servers, and a database file for each user. */
export { serve, type NodeServer, type ProviderServer, type ServeOptions } from './serve.ts';
export { admit, expressGuard, metadataListener, nodeListener, type GuardedMessage, type NodeListener } from './middleware.ts';
export { sqliteDatabases } from './databases.ts';
