/**
 * Stytch as the authorization server (Connected Apps), consumer and B2B. Its tokens are for the *project*, not for one MCP server: `aud` is
 * the project's id, unless the client has a custom audience. If a token for one MCP server must not work at another, use separate projects
 * or custom audiences. You host the consent page, with `stytchConsent`.
 */
import { checkTypes } from '../lib/check-options.ts';
import type { Seconds } from '../model/store.ts';
import {
  checked,
  type Claims,
  hostOf,
  listClaim,
  refuse,
  signedClaims,
  type SourceOptions,
  SourceUnavailable,
  textClaim,
  type TokenSource,
} from './contract.ts';
import { fetchJson, type JsonObject } from './discovery.ts';
import { signedTokens } from './jwt.ts';
import { makePageTickets, type PageTicket } from './page-ticket.ts';

/** Options of {@link stytchTokens}. */
export interface StytchOptions extends SourceOptions {
  /** The project's domain: `acme.customers.stytch.com`, or your custom domain. */
  readonly domain: string;
  /** The project's id, which is the audience: `project-live-…`. */
  readonly projectId: string;
  /** A custom audience, instead of the project's id. */
  readonly audience?: string | readonly string[] | undefined;
  /** B2B: permissions of each role of the RBAC policy (`{ stytch_admin: ['admin'] }`). Other roles have none. */
  readonly roles?: { readonly [role: string]: readonly string[] } | undefined;
}

const ORGANIZATION = 'https://stytch.com/organization';
const SESSION = 'https://stytch.com/session';

/**
 * Access tokens of a Stytch project. With `roles`, `props.permissions` are those of the member's roles; `props.organization` is the
 * organization's id.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...stytchTokens({ domain: 'acme.customers.stytch.com', projectId: 'project-live-abc' }) });
 */
export function stytchTokens(given: StytchOptions): TokenSource {
  const {
    domain,
    projectId,
    roles,
    audience = projectId,
    ...options
  } = checked('stytchTokens', given, 'domain projectId audience roles:object');
  if (typeof projectId !== 'string' || !projectId.startsWith('project-'))
    refuse('stytchTokens', 'projectId', 'must be the id of the project, such as "project-live-…", from the dashboard');
  return signedTokens('stytchTokens', {
    ...options,
    issuer: `https://${hostOf('stytchTokens', 'domain', domain)}`,
    audience,
    algorithms: ['RS256'],
    types: ['at+jwt', 'jwt'],
    read: (claims) => ({
      ...(roles && {
        permissions: [...new Set(rolesOf(claims).flatMap((role) => (Object.hasOwn(roles, role) ? (roles[role] ?? []) : [])))],
      }),
      ...(textClaim(claims, 'sub')?.startsWith('m2m-client-') && { program: true }),
      props: { organization: within(claims, ORGANIZATION, 'organization_id') },
    }),
  });
}

function rolesOf(claims: Claims): readonly string[] {
  const session = claims[SESSION];
  return typeof session === 'object' && session !== null ? listClaim(session as Claims, 'roles') : listClaim(claims, 'roles');
}

function within(claims: Claims, name: string, member: string): unknown {
  const value = claims[name];
  return typeof value === 'object' && value !== null ? (value as Claims)[member] : undefined;
}

/** Options of {@link stytchConsent}. */
export interface StytchConsentOptions {
  /** Id of the Stytch project: `project-live-…`. */
  readonly projectId: string;
  /** Secret of the project. */
  readonly secret: string;
  /** Whether it is a B2B project: members of organizations instead of users. */
  readonly b2b?: boolean | undefined;
  /** By default `https://api.stytch.com` for a live project, `https://test.stytch.com` for a test one. */
  readonly baseUrl?: string | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** The current time in seconds; the machine's clock by default. */
  readonly now?: (() => Seconds) | undefined;
}

/** The user: a session from your login, or ids that you vouch for. */
export type StytchPerson =
  | { readonly session_jwt: string }
  | { readonly session_token: string }
  | { readonly user_id: string }
  | { readonly organization_id: string; readonly member_id: string };

/** What the page shows, and what it needs to submit the decision. */
export interface StytchStart extends PageTicket {
  /** From Stytch: the client, scopes, and whether consent is needed. */
  readonly asked: JsonObject;
}

/** The two calls. */
export interface StytchConsent {
  /** Gets what the page shows. @param request the browser's; its query is the authorization request. */
  start(request: Request, person: StytchPerson): Promise<StytchStart>;
  /**
   * Sends the decision on the request of `start`, from the same browser and user.
   *
   * @param ticket from the page's form.
   * @returns where to redirect the browser, with a code or an error; null if the ticket is another browser's or user's.
   */
  authorize(request: Request, ticket: string, person: StytchPerson, decision: { readonly granted: boolean }): Promise<string | null>;
}

const ASKED = ['client_id', 'redirect_uri', 'response_type', 'state', 'nonce', 'code_challenge', 'prompt'] as const;

/**
 * The consent page that Stytch Connected Apps leave to you: `start` tells what it must show, `authorize` sends the user's decision. Both reject
 * with `SourceUnavailable` if Stytch does not answer as expected.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * const consent = stytchConsent({ projectId: 'project-live-abc', secret: 'secret' });
 */
export function stytchConsent(options: StytchConsentOptions): StytchConsent {
  checkTypes('stytchConsent', options ?? null, 'projectId secret:string b2b:boolean baseUrl:string fetch:function now:function');
  const { projectId, secret, b2b = false, baseUrl, fetch: fetcher = fetch, now = () => Math.floor(Date.now() / 1000) } = options;
  if (!/^project-(live|test)-/.test(projectId ?? ''))
    refuse('stytchConsent', 'projectId', 'must be the id of the project, such as "project-live-…"');
  if (!secret) refuse('stytchConsent', 'secret', 'is missing; it is next to the project id in the dashboard');
  const base = baseUrl ?? (projectId.startsWith('project-live-') ? 'https://api.stytch.com' : 'https://test.stytch.com');
  const path = b2b ? '/v1/b2b/idp/oauth/authorize' : '/v1/idp/oauth/authorize';
  const tickets = makePageTickets(secret, `stytch ${projectId}`, now);
  const post = async (to: string, body: JsonObject): Promise<JsonObject> => {
    const headers = { authorization: `Basic ${btoa(`${projectId}:${secret}`)}`, 'content-type': 'application/json' };
    const answer = await fetchJson(fetcher, base + to, 'stytch_consent', { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer) throw new SourceUnavailable('stytch_consent_not_found');
    return answer;
  };
  return {
    async start(request, person) {
      const wanted = wantedIn(new URL(request.url).searchParams);
      const authorization = await post(`${path}/start`, { ...wanted, ...person });
      return { asked: authorization, ...(await tickets.seal(request, { wanted, person: nameOf(person) })) };
    },
    async authorize(request, ticket, person, { granted }) {
      const started = await tickets.open(request, ticket);
      if (!started || started['person'] !== nameOf(person)) return null;
      const { redirect_uri: location } = await post(path, { ...(started['wanted'] as JsonObject), ...person, consent_granted: granted });
      if (typeof location !== 'string') throw new SourceUnavailable('stytch_consent_malformed');
      return location;
    },
  };
}

function wantedIn(query: URLSearchParams): JsonObject {
  return {
    ...Object.fromEntries(ASKED.flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : []))),
    scopes: (query.get('scope') ?? '').split(' ').filter((one) => one !== ''),
  };
}

/** Identifies the user while the page is open: a session's JWT is reissued every few minutes, its subject stays. */
function nameOf(person: StytchPerson): string {
  if (!('session_jwt' in person)) return JSON.stringify(person);
  const subject = textClaim(signedClaims(person.session_jwt) ?? {}, 'sub');
  return subject === undefined ? person.session_jwt : `sub ${subject}`;
}
