/** `portcullis/mcp`: MCP servers that know who called. Needs the peer `@modelcontextprotocol/server` 2.x, also for servers of SDK 1.x. */
export { type AgentClass, McpAgent } from './agent.ts';
export type { StateChange } from './agent-state.ts';
export type { Sql } from './agent-sql.ts';
export type { Databases, SqlRow, SqlValue, UserDatabase } from '../model/database.ts';
export { elicit, type FormField, type FormSchema, type ElicitRequest } from './elicitation/elicit.ts';
export type { Answer } from './elicitation/request-state.ts';
export { boundSessions, type BoundSessionsOptions } from './sessions/bound-sessions.ts';
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
} from './policy/catalogue.ts';
export { type McpFactory, mcpHandler, type McpOptions, openMcpHandler, type OpenMcpFactory } from './handler.ts';
export {
  postgresChannel,
  redisChannel,
  type ChannelOptions,
  type PostgresListener,
  type RedisPublisher,
  type RedisSubscriber,
} from './events/channels.ts';
export { userEvents, type Channel, type EventUser, type ListKind, type UserEvent, type UserEvents } from './events/user-events.ts';
export {
  cachedPermissions,
  rolePermissions,
  type CachedLookup,
  type CacheOptions,
  type PermissionLookup,
} from '../model/live-permissions.ts';
export { mount } from './mount.ts';
export { policy, type Policy, type PolicyOptions } from './policy/policy.ts';
export type { ChallengeForm } from './policy/gate.ts';
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
} from './policy/permission.ts';
export type { AnyServer, OldServer } from './sdk.ts';
export { sessions, type Sessions, type SessionsOptions } from './sessions/sessions.ts';
export { type Report, ToolError } from './tool-error.ts';
export type { Access, AuthContext } from '../model/access.ts';
export type { Context, FetchObject } from '../model/handler.ts';
