/**
 * Six clients as data: how each is registered, its redirect URI, and where it calls from. The facts are those of docs/clients.md,
 * whose profiles `test/clients` tests from end to end.
 */
import type { ClientId } from './checks.ts';

/** A client. */
export interface ClientProfile {
  readonly id: ClientId;
  readonly name: string;
  /** Whether it calls from its vendor's machines or from the user's. */
  readonly calls: 'from the internet' | 'from your computer';
  /** Its metadata document, if it has one. */
  readonly document: string | null;
  /** The authentication method in its document. */
  readonly proves: readonly ('none' | 'private_key_jwt')[];
  /** Whether it uses its document only if authorization responses have `iss` (RFC 9207). */
  readonly needsIss: boolean;
  readonly redirectUri: string;
  /** What it registers if the server accepts no documents, or it has none. */
  readonly registration: { readonly [member: string]: unknown };
}

const CODE = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'none' };

/** The clients of the doctor. */
export const CLIENTS: readonly ClientProfile[] = [
  {
    id: 'claude',
    name: 'Claude',
    calls: 'from the internet',
    document: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
    proves: ['none'],
    needsIss: false,
    redirectUri: 'https://claude.ai/api/mcp/auth_callback',
    registration: { client_name: 'Claude', redirect_uris: ['https://claude.ai/api/mcp/auth_callback'], ...CODE, token_endpoint_auth_method: 'client_secret_post' },
  },
  {
    id: 'chatgpt',
    name: 'ChatGPT',
    calls: 'from the internet',
    document: 'https://chatgpt.com/oauth/client.json',
    proves: ['private_key_jwt', 'none'],
    needsIss: true,
    redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
    registration: { client_name: 'ChatGPT', redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'], ...CODE },
  },
  {
    id: 'vscode',
    name: 'VS Code',
    calls: 'from your computer',
    document: 'https://vscode.dev/oauth/client-metadata.json',
    proves: ['none'],
    needsIss: false,
    redirectUri: 'http://127.0.0.1:33418/',
    registration: {
      client_name: 'Visual Studio Code',
      redirect_uris: ['https://insiders.vscode.dev/redirect', 'https://vscode.dev/redirect', 'http://localhost/', 'http://127.0.0.1/', 'http://localhost:33418/', 'http://127.0.0.1:33418/'],
      ...CODE,
      application_type: 'native',
    },
  },
  {
    id: 'cursor',
    name: 'Cursor',
    calls: 'from your computer',
    document: null,
    proves: ['none'],
    needsIss: false,
    redirectUri: 'http://localhost:8787/callback',
    registration: {
      client_name: 'Cursor',
      redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback', 'https://www.cursor.com/agents/mcp/oauth/callback', 'http://localhost:8787/callback'],
      ...CODE,
    },
  },
  {
    id: 'codex',
    name: 'Codex',
    calls: 'from your computer',
    document: 'https://chatgpt.com/oauth/codex/client.json',
    proves: ['none'],
    needsIss: false,
    redirectUri: 'http://127.0.0.1:49152/callback',
    registration: { client_name: 'Codex', redirect_uris: ['http://127.0.0.1:49152/callback'], ...CODE },
  },
  {
    id: 'mcp-remote',
    name: 'mcp-remote',
    calls: 'from your computer',
    document: null,
    proves: ['none'],
    needsIss: false,
    redirectUri: 'http://localhost:14823/oauth/callback',
    registration: { client_name: 'MCP CLI Proxy', redirect_uris: ['http://localhost:14823/oauth/callback'], ...CODE, scope: 'openid email profile' },
  },
]; // prettier-ignore
