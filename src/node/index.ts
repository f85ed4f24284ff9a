/** Portcullis on Node: a server around `{ fetch }`, the machine's runtime, and the embedded store. */
export { nodeRuntime } from './runtime.ts';
export { serve, type NodeServer, type ServeOptions } from './serve.ts';
export type { ErrorPlace } from './http/answer.ts';
export {
  admit,
  expressGuard,
  metadataListener,
  nodeListener,
  type AdmitOptions,
  type GuardedMessage,
  type NodeListener,
  type NodeListenerOptions,
} from './middleware.ts';
export { sqliteDatabases } from './databases.ts';
export { sqliteStore } from '../stores/sqlite.ts';
