/** Where clients read which server issues the tokens (RFC 9728); the guard answers. */
export { GET, OPTIONS } from '../../../mcp/route';
export const dynamic = 'force-dynamic';
