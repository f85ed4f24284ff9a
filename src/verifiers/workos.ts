/**
 * WorkOS AuthKit as the authorization server. The MCP server's URL must be registered as a resource in its dashboard, or clients get
 * `invalid_target`. Access tokens live for minutes, so clients refresh often, with WorkOS.
 */
import { checkTypes } from '../lib/check-options.ts';
import type { Seconds } from '../model/store.ts';
import {
  checked,
  type Claims,
  hostOf,
  listClaim,
  type Reading,
  refuse,
  type SourceOptions,
  SourceUnavailable,
  textClaim,
  type TokenSource,
} from './contract.ts';
import { fetchJson } from './discovery.ts';
import { signedTokens } from './jwt.ts';
import { makePageTickets, type PageTicket } from './page-ticket.ts';

/** Options of {@link workosTokens}. */
export interface WorkosOptions extends SourceOptions {
  /** AuthKit's domain: `acme.authkit.app`, or your custom domain. */
  readonly domain: string;
  /** The guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of WorkOS AuthKit. `props.permissions` are those of the role, besides `props.organization` and `props.role`.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...workosTokens({ domain: 'acme.authkit.app' }) });
 */
export function workosTokens(given: WorkosOptions): TokenSource {
  const { domain, ...options } = checked('workosTokens', given, 'domain audience');
  const issuer = `https://${hostOf('workosTokens', 'domain', domain)}`;
  return signedTokens('workosTokens', {
    ...options,
    issuer,
    jwksUri: `${issuer}/oauth2/jwks`,
    types: ['at+jwt', 'jwt'],
    read: (claims) => ({
      permissions: listClaim(claims, 'permissions'),
      ...programOf(claims),
      props: { organization: textClaim(claims, 'org_id'), role: textClaim(claims, 'role') },
    }),
  });
}

/** A machine-to-machine application has only its own id in `sub`. */
function programOf(claims: Claims): Reading {
  const subject = textClaim(claims, 'sub');
  return subject?.startsWith('client_') ? { clientId: subject, program: true } : {};
}

// Standalone Connect: the sign-in is yours. WorkOS redirects the browser to your login page with `external_auth_id`; once the user has signed
// in there, in the same browser, your server reports the user to WorkOS.

const COMPLETE = 'https://api.workos.com/authkit/oauth2/complete';

/** The user who signed in at your page. */
export interface WorkosPerson {
  /** Your own stable id of the user. */
  readonly id: string;
  readonly email: string;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly metadata?: { readonly [name: string]: string };
}

/** Options of {@link workosConnect}. */
export interface WorkosConnectOptions {
  /** API key of the WorkOS environment: `sk_…`. */
  readonly apiKey: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** The current time in seconds; the machine's clock by default. */
  readonly now?: (() => Seconds) | undefined;
}

/** The two steps. */
export interface WorkosConnect {
  /** Starts a sign-in at your page. @returns null if the request has no `external_auth_id`. */
  start(request: Request): Promise<PageTicket | null>;
  /**
   * Reports the user to WorkOS, from the browser of `start`.
   *
   * @param ticket from the page's form.
   * @param consent what the user may choose on the consent page of WorkOS, in its format: `user_consent_options`.
   * @returns where to redirect the browser; null if the ticket is another browser's, or expired.
   * @throws {SourceUnavailable} if WorkOS does not answer as expected.
   */
  complete(request: Request, ticket: string, user: WorkosPerson, consent?: readonly unknown[]): Promise<string | null>;
}

const MAX_ID = 512;

/**
 * A sign-in page of your own for WorkOS AuthKit (Standalone Connect): `start` when WorkOS sends the browser to it, `complete` once the user has
 * signed in there.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * const connect = workosConnect({ apiKey: 'sk_live_abc' });
 */
export function workosConnect(options: WorkosConnectOptions): WorkosConnect {
  checkTypes('workosConnect', options ?? null, 'apiKey:string fetch:function now:function');
  const { apiKey, fetch: fetcher = fetch, now = () => Math.floor(Date.now() / 1000) } = options;
  if (!apiKey) refuse('workosConnect', 'apiKey', 'is missing');
  const tickets = makePageTickets(apiKey, 'workos connect', now);
  return {
    async start(request) {
      const id = new URL(request.url).searchParams.get('external_auth_id');
      return id === null || id === '' || id.length > MAX_ID ? null : tickets.seal(request, { id });
    },
    async complete(request, ticket, user, consent) {
      const started = await tickets.open(request, ticket);
      if (!started) return null;
      const body = JSON.stringify({ external_auth_id: started['id'], user, ...(consent && { user_consent_options: consent }) });
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
      const answer = await fetchJson(fetcher, COMPLETE, 'workos_connect', { method: 'POST', headers, body });
      const location = answer?.['redirect_uri'];
      if (typeof location !== 'string') throw new SourceUnavailable('workos_connect_malformed');
      return location;
    },
  };
}
