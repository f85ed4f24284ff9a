/**
 * Six clients as data: how each is registered, its redirect URI, and where it calls from. The facts are those of docs/clients.md,
 * whose profiles `test/clients` tests from end to end. A verdict says what the findings mean for one.
 */
import { isLoopbackHost } from '../../lib/url.ts';
import { type Check, type CheckId, CHECKS, type ClientId, type Finding } from './findings.ts';
import type { Server } from './server-metadata.ts';

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

/** One client at this server. */
export interface Verdict {
  readonly client: ClientId;
  readonly name: string;
  /** `no way here`: it calls from the internet, and this server is on this computer. */
  readonly verdict: 'connects' | 'stopped' | 'no way here' | 'no sign-in needed' | 'unknown';
  /** How the server would know it. */
  readonly knownBy: 'document' | 'registration' | null;
  /** The checks that stop it. */
  readonly stoppedBy: readonly CheckId[];
}

/** The verdict for each client. @param servers those with metadata; a client uses the first. */
export function verdictsOf(url: string, isOpen: boolean, servers: readonly Server[], findings: readonly Finding[]): readonly Verdict[] {
  const down = findings.some(({ check, level }) => level === 'outage' && CHECKS[check].stops === 'all');
  return CLIENTS.map((client) => {
    const server = servers[0];
    const knownBy = server ? wayOf(client, server) : null;
    const stops = new Set(
      findings.filter((finding) => finding.level === 'problem' && stopsClient(finding, client)).map(({ check }) => check),
    );
    if (!isOpen && server && knownBy === null) stops.add('client-registration');
    const away = client.calls === 'from the internet' && isLoopbackHost(new URL(url).hostname);
    const stoppedBy = [...stops];
    const sees =
      stoppedBy.length > 0
        ? 'stopped'
        : away
          ? 'no way here'
          : down
            ? 'unknown'
            : isOpen
              ? 'no sign-in needed'
              : server
                ? 'connects'
                : 'unknown';
    return { client: client.id, name: client.name, verdict: sees, knownBy, stoppedBy };
  });
}

/** Clients with a metadata document use it before registration (MCP authorization, client registration). */
function wayOf({ document, proves, needsIss }: ClientProfile, server: Server): Verdict['knownBy'] {
  const { takesDocuments, registrationEndpoint, document: metadata } = server;
  const methods = metadata['token_endpoint_auth_methods_supported'];
  const canProve = !Array.isArray(methods) || proves.some((method) => methods.includes(method));
  const hasIss = metadata['authorization_response_iss_parameter_supported'] === true || !needsIss;
  if (document !== null && takesDocuments && canProve && hasIss) return 'document';
  return registrationEndpoint === null ? null : 'registration';
}

function stopsClient({ check, found }: Finding, client: ClientProfile): boolean {
  const { stops }: Check = CHECKS[check];
  if (check === 'sign-in-page' || check === 'register') return found.startsWith(`${client.name}:`);
  return stops === 'all' || (stops === 'hosted' && client.calls === 'from the internet');
}
