/**
 * `portcullis/mcp-sdk-v1`: `mcpAuthRouter`, `mcpAuthMetadataRouter` and `requireBearerAuth` of the MCP SDK 1.x for Express, under the names and
 * with the options that they have there.
 */
export { type BearerAuthOptions, requireBearerAuth, type TokenVerifier } from './express.ts';
export {
  type AuthMetadataOptions,
  type AuthRouterOptions,
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
  mcpAuthRouter,
  type RequestHandler,
} from './express.ts';
export { type AuthInfo, ServerProvider, type ServerProviderOptions } from './server-provider.ts';
