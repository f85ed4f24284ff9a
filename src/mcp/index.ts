/** `portcullis/mcp`: MCP servers that know who called. Needs the optional peer `@modelcontextprotocol/server` 2.x. */
export { type AgentClass, McpAgent } from './agent.ts';
export { accessOf, authInfoOf } from './auth-info.ts';
export { type McpFactory, mcpHandler, type McpOptions } from './handler.ts';
export { type Caller, type PermissionOptions, type Refusal, requirePermission, type WithCaller } from './permission.ts';
export type { AnyServer, OldServer } from './sdk.ts';
export { type Report, ToolError } from './tool-error.ts';
export type { Access, AuthContext } from '../model/access.ts';
export type { Context, FetchObject } from '../model/handler.ts';
