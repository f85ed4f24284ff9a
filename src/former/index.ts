/** `portcullis/former`: users of the server that this one replaced stay signed in. */
export type { FormerClient, FormerGrant, FormerProblem, FormerStore } from '../model/former.ts';
export { betterAuthTables, type BetterAuthOptions, type BetterAuthRow } from './better-auth.ts';
export { mcpSdkProvider, type SdkAuthInfo, type SdkClient, type SdkProvider, type SdkUser } from './mcp-sdk.ts';
export { workersOAuthKv, type FormerKv } from './workers-oauth-kv.ts';
