/**
 * The output of `--verbose`: every request of the client as a numbered line with its response and what follows from it.
 * It never contains a code, token, secret or query: a line has named public members only.
 */
import { printable } from './printable.ts';
import type { Reach } from './reach.ts';
import { CliError } from './terminal.ts';

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
