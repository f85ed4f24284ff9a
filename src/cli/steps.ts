/**
 * What `connect` says of its requests: with `--verbose` each one as a numbered line, with its response and what follows from it; and one line for each
 * way in which a connection can fail, with the cause and the fix. No line contains a code, token, secret or query of a request.
 */
import { CliError, printable } from './terminal.ts';
import type { Reach } from './reach.ts';
import type { SdkHttpError } from '@modelcontextprotocol/client';

/** Prints steps, and records the last request without a response. */
export interface Steps {
  /** A fetch that prints its steps. */
  readonly fetch: typeof fetch;
  /** Prints a step that is not a request. */
  tell(text: string): void;
  /** The address and the reason of the last request if it got no response. */
  unreachable(): { readonly url: URL; readonly code: string } | null;
}

/** Seconds for responses of metadata, registration and token endpoints. MCP requests have a limit of their own. */
const PATIENCE = 30;

const MAX_REDIRECTS = 5;

/** Makes the steps of one run. @param print gets each line; absent without `--verbose`. @param reach checks each URL before a request. */
export function makeSteps(print: ((line: string) => void) | null, reach: Reach): Steps {
  let count = 0;
  let lost: { url: URL; code: string } | null = null;
  const tell = (text: string): void => print?.(`${String(++count).padStart(2)}. ${printable(text)}`);
  return {
    tell,
    unreachable: () => lost,
    async fetch(input, init = {}) {
      const url = new URL(input instanceof Request ? input.url : input);
      const kind = kindOf(url, init);
      const shown = `${init.method ?? 'GET'} ${url.origin}${url.pathname}`;
      let response: Response;
      try {
        response = await send(url, init.signal ? init : { ...init, signal: AbortSignal.timeout(PATIENCE * 1000) }, reach);
      } catch (error) {
        if (error instanceof CliError) throw error;
        const code = codeOf(error);
        if (code !== 'AbortError') lost = { url, code }; // we have aborted it ourselves
        tell(`${shown} → no answer (${code})`);
        throw error;
      }
      lost = null;
      if (print) tell(`${shown} → ${response.status}${after(kind.name)}${after(await learned(kind, response))}`);
      return response;
    },
  };
}

/** Follows redirects, so that each target is checked. A request with a body or a token stays on its origin. */
async function send(to: URL, init: RequestInit, reach: Reach): Promise<Response> {
  let url = to;
  for (let hops = 0; ; hops++) {
    await reach(url);
    const response = await fetch(url, { ...init, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null || hops === MAX_REDIRECTS) return response;
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : null;
    const isPlain = (init.method ?? 'GET') === 'GET' && !new Headers(init.headers).has('authorization');
    const keepsMethod = response.status === 307 || response.status === 308 || isPlain;
    if (!next || !/^https?:$/.test(next.protocol) || (next.origin !== url.origin && !isPlain) || !keepsMethod) return response;
    await response.body?.cancel();
    url = next;
  }
}

type Kind = { readonly about: 'resource' | 'server' | 'register' | 'token' | 'mcp'; readonly name: string };

function kindOf({ pathname }: URL, init: RequestInit): Kind {
  if (pathname.includes('/.well-known/oauth-protected-resource')) return { about: 'resource', name: 'resource metadata' };
  if (pathname.includes('/.well-known/')) return { about: 'server', name: 'authorization server metadata' };
  const text = typeof init.body === 'string' ? init.body : init.body instanceof URLSearchParams ? init.body.toString() : '';
  const grant = new URLSearchParams(text.startsWith('{') ? '' : text).get('grant_type');
  if (grant !== null) return { about: 'token', name: `tokens by ${grant}` };
  const body = text.startsWith('{') ? (JSON.parse(text) as { method?: unknown; redirect_uris?: unknown }) : {};
  if (body.redirect_uris) return { about: 'register', name: 'registration' };
  return { about: 'mcp', name: typeof body.method === 'string' ? body.method : '' };
}

async function learned({ about }: Kind, response: Response): Promise<string> {
  if (response.status === 401 && about === 'mcp') return 'a sign-in is needed';
  const json = response.headers.get('content-type')?.includes('json') && about !== 'mcp';
  const body = json ? await membersOf(response.clone()) : {};
  const say = (name: string, as: string): string | false => {
    const values = [body[name]].flat().filter((value) => typeof value === 'string' || typeof value === 'number');
    return values.length > 0 && `${as} ${values.join(' ')}`;
  };
  const parts = {
    resource: [say('authorization_servers', 'sign in at'), say('scopes_supported', 'scopes')],
    server: [say('authorization_endpoint', 'authorize at'), say('token_endpoint', 'tokens at')],
    register: [say('client_id', 'now client')],
    token: [say('scope', 'scopes'), say('expires_in', 'seconds:')],
    mcp: [],
  }[about];
  return [...parts, !response.ok && say('error', 'error')].filter((part) => part !== false).join(', ');
}

/** The members of a JSON object; empty for anything else, which the client itself reports. */
async function membersOf(response: Response): Promise<{ readonly [member: string]: unknown }> {
  try {
    return { ...((await response.json()) as object) };
  } catch {
    return {};
  }
}

function after(text: string): string {
  return text === '' ? '' : ` · ${text}`;
}

function codeOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: string; message?: string }; name: string };
  return cause?.code ?? cause?.message ?? name;
}

type Sdk = typeof import('@modelcontextprotocol/client');

/** Maximum length of a server's text within our line. */
const MAX_LENGTH = 200;

const NETWORK: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there. Check the address and that the server is running',
  ENOTFOUND: 'no host has this name. Check the address',
  EAI_AGAIN: 'the name could not be looked up. Check the address and your connection',
  ECONNRESET: 'the connection was cut. Check that the address is right, http or https too',
  EPROTO: 'it does not speak TLS. Check whether the address should begin with http:',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS. Check whether the address should begin with http:',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time. Check the address and your connection',
  TimeoutError: 'it did not answer in time. Try again later',
};

/** The line for an error in a connection to the server at `url`. */
export function explain(error: unknown, url: string, steps: Steps, sdk: Sdk): string {
  if (error instanceof CliError) return error.message;
  const lost = steps.unreachable();
  if (lost) return `Cannot reach ${lost.url.origin}: ${networkText(lost.code)}.`;
  if (error instanceof sdk.RegistrationRejectedError) {
    return `The server does not register this client (HTTP ${error.status}: ${quoted(error.body)}). Ask its operator whether clients may register themselves.`;
  }
  if (error instanceof sdk.OAuthError) return oauthText(error.code, error.message);
  if (error instanceof sdk.IssuerMismatchError) {
    return `The answer came from another authorization server than the one that was asked (${quoted(error.message)}). Nothing was accepted; tell the operator of ${url}.`;
  }
  if (error instanceof sdk.InsecureTokenEndpointError) {
    return `The server asks for codes and tokens to be sent without TLS (${quoted(error.tokenEndpoint)}). Use its https address; plain http is for this computer only.`;
  }
  if (error instanceof sdk.OAuthClientFlowError) return `The sign-in was stopped: ${quoted(error.message)}. Tell the operator of ${url}.`;
  if (error instanceof sdk.SdkHttpError) return httpText(error, url);
  if (error instanceof sdk.ProtocolError) return `The server answered with an error: ${quoted(error.message)}.`;
  if (error instanceof sdk.UnauthorizedError)
    return `${url} still refuses after the sign-in. Run it again with --verbose to see each step.`;
  if (error instanceof sdk.SdkError && error.code === sdk.SdkErrorCode.RequestTimeout)
    return `${url} did not answer in time. Try again later.`;
  if (error instanceof sdk.SdkError && error.code === sdk.SdkErrorCode.EraNegotiationFailed)
    return notMcp(url, 'no answer of that protocol');
  const { message } = error as Error;
  if (message.includes('dynamic client registration')) {
    return `The authorization server of ${url} does not let clients register themselves, which connect needs. Ask its operator to allow that.`;
  }
  const [, other] = /^Protected resource (\S+) does not match/.exec(message) ?? [];
  if (other !== undefined)
    return `The server at ${url} calls itself ${quoted(other)}. Connect to that address; if it is wrong, the server's public URL is not set (PORTCULLIS_ISSUER of Portcullis).`;
  return notMcp(url, quoted(message));
}

function networkText(code: string): string {
  const tls = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code);
  return tls ? `its certificate is not trusted (${code}). Check the address` : (NETWORK[code] ?? `no answer (${code}). Check the address`);
}

function oauthText(code: string, text: string): string {
  if (code === 'access_denied') return 'Access was denied on the sign-in page. Run it again, and choose Allow.';
  if (code === 'invalid_scope') return `The server does not know a scope that was asked for (${quoted(text)}). Check --scope.`;
  return `The authorization server refused: ${quoted(code === text ? code : `${code}, ${text}`)}. Run it again with --verbose to see each step.`;
}

function httpText({ status, message }: SdkHttpError, url: string): string {
  if (status === 401) return `${url} refuses the token that it just gave. Tell the operator of the server; --verbose shows each step.`;
  if (status === 403) return `${url} refuses this user or this address (HTTP 403: ${quoted(message)}). Ask the operator of the server.`;
  if (status === 429) return `${url} is asked too often (HTTP 429). Wait a minute and run it again.`;
  if (status !== undefined && status >= 500)
    return `${url} has a fault of its own (HTTP ${status}). Try again later, or tell its operator.`;
  return notMcp(url, `HTTP ${status ?? 'unknown'}`);
}

function notMcp(url: string, found: string): string {
  return `${url} does not answer as an MCP server (${found}). Check the path: it often ends in /mcp.`;
}

/** An untrusted text: on one line, printable, shortened. */
function quoted(text: string): string {
  const line = printable(text.replace(/\s+/g, ' ').trim());
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}
