/** `portcullis/mcp`: MCP servers that know the caller. Needs the peer `@modelcontextprotocol/server` 2.x, also for servers of SDK 1.x. */
export { type AgentClass, McpAgent } from './agent.ts';
export type { Sql } from './agent.ts';
export type { Databases } from '../model/user-state.ts';
export { mcpHandler, openMcpHandler } from './handler.ts';
export { mount } from './mount.ts';
export { accessOf, authInfoOf } from './tool-context.ts';
export { type AnyServer } from './sdk.ts';

export { policy, type Policy } from './policy/policy.ts';
export { type Caller, type Refusal, requireAny, requirePermission, requireScopes } from './policy/permission.ts';
export { type Catalogue, catalogue, type Declared, type HandlerContext, prompt, resource, tool } from './policy/catalogue.ts';
export { type CachedLookup, cachedPermissions, type PermissionLookup, rolePermissions } from '../model/live-permissions.ts';
export { ToolError } from './errors.ts';

export { type Answer } from './elicitation/request-state.ts';
export { elicit } from './elicitation/elicit.ts';
export { boundSessions } from './sessions/bound-sessions.ts';
export { type Sessions, sessions } from './sessions/sessions.ts';
export { type Channel, userEvents, type UserEvents } from './events/user-events.ts';
export { postgresChannel, redisChannel } from './events/user-events.ts';
