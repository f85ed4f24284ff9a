/** `portcullis/mcp`: MCP servers that know who called. Needs the peer `@modelcontextprotocol/server` 2.x, also for servers of SDK 1.x. */
export { type AgentClass, McpAgent } from './agent.ts';
export type { StateChange } from './agent-state.ts';
export type { Sql } from './agent-sql.ts';
export type { Databases, SqlRow, SqlValue, UserDatabase } from '../model/database.ts';
export { elicit, type FormField, type FormSchema, type Question } from './asking.ts';
export type { Answer } from './carried.ts';
export { boundSessions, type BoundSessionsOptions } from './bound-sessions.ts';
export { accessOf, authInfoOf } from './auth-info.ts';
export {
  catalogue,
  prompt,
  resource,
  tool,
  type Catalogue,
  type CatalogueOptions,
  type CatalogueScope,
  type Declared,
  type HandlerContext,
  type PromptDeclaration,
  type ResourceDeclaration,
  type ToolDeclaration,
} from './declare.ts';
export { type McpFactory, mcpHandler, type McpOptions, openMcpHandler, type OpenMcpFactory } from './handler.ts';
export {
  postgresChannel,
  redisChannel,
  type ChannelOptions,
  type PostgresListener,
  type RedisPublisher,
  type RedisSubscriber,
} from './channels.ts';
export { userEvents, type Channel, type EventUser, type ListKind, type News, type UserEvents } from './user-events.ts';
export {
  cachedPermissions,
  rolePermissions,
  type CachedLookup,
  type CacheOptions,
  type PermissionLookup,
} from '../model/live-permissions.ts';
export { mount } from './mount.ts';
export { policy, type Policy, type PolicyOptions } from './policy.ts';
export type { ChallengeForm } from './gate.ts';
export type { Need, ScopeHierarchy } from '../model/policy.ts';
export {
  type Caller,
  type PermissionOptions,
  type Refusal,
  requireAny,
  type RequireOptions,
  requirePermission,
  requireScopes,
  type WithCaller,
} from './permission.ts';
export type { AnyServer, OldServer } from './sdk.ts';
export { sessions, type Sessions, type SessionsOptions } from './sessions.ts';
export { type Report, ToolError } from './tool-error.ts';
export type { Access, AuthContext } from '../model/access.ts';
export type { Context, FetchObject } from '../model/handler.ts';
