/**
 * A fake GitHub in the test's process, for sign-in, with GitHub's peculiarities: errors have status 200, the token response is JSON only on
 * request, the API requires a User-Agent, and an address may be unverified.
 */
import type { Seconds } from '../model/store.ts';
import {
  type Asked,
  type FakeTokens,
  type Fault,
  faulty,
  type Given,
  makeCodes,
  makeTokens,
  type Registered,
  type TokenWays,
} from './fake-parts.ts';
import type { Decision } from './fake-upstream.ts';

/** A fake GitHub. */
export interface FakeGitHub {
  readonly fetch: typeof fetch;
  /** Requested paths, in order. */
  readonly calls: string[];
  /** Faults by path. */
  readonly faults: Map<string, Fault>;
  user: { readonly id: number; readonly login: string; readonly name: string | null };
  emails: readonly { readonly email: string; readonly primary: boolean; readonly verified: boolean }[];
  /** Memberships in organizations. */
  organizations: { readonly [name: string]: 'active' | 'pending' };
  /** Memberships in teams, as `organization/slug`. */
  teams: { readonly [name: string]: 'active' | 'pending' };
  /** Why it does not report memberships, if so: single sign-on required, app not approved, or rate limit. */
  untold: 'sso' | 'unapproved' | 'limit' | null;
  readonly ways: TokenWays;
  readonly tokens: FakeTokens;
  visit(location: string, decision?: Decision): Promise<string>;
}

/** The registered client, and the clock. */
export interface FakeGitHubOptions extends Registered {
  /** The clock in seconds. Without it no token expires: time stands still. */
  readonly now?: () => Seconds;
}

/**
 * Makes a fake GitHub with an OAuth App, whose tokens do not expire. For a GitHub App set `ways.lifetime` to 28,800.
 *
 * @example
 * const fake = makeFakeGitHub({ clientId: 'app', clientSecret: 'secret', redirectUri: 'https://mcp.example/callback/github' });
 * const provider = github({ clientId: 'app', clientSecret: 'secret', fetch: fake.fetch });
 */
export function makeFakeGitHub(options: FakeGitHubOptions): FakeGitHub {
  const { now = () => 0, ...app } = options;
  const codes = makeCodes(app);
  const ways: TokenWays = { prefix: 'gho_', lifetime: null, rotates: true };
  const tokens = makeTokens(ways);
  const scopes = new Set<string>();
  const token = async (request: Request): Promise<Response> => {
    const body = await answerTo(request);
    if (request.headers.get('accept')?.includes('application/json')) return Response.json(body);
    return new Response(new URLSearchParams(body as Record<string, string>).toString());
  };
  const answerTo = async (request: Request): Promise<Record<string, unknown>> => {
    const form = await codes.read(request);
    if ('error' in form) return errorOf('incorrect_client_credentials', 'The client_id and/or client_secret passed are incorrect.');
    if (form.get('grant_type') === 'refresh_token') {
      const given = tokens.refresh(form.get('refresh_token') ?? '', now());
      return given ? bodyOf(given, []) : errorOf('bad_refresh_token', 'The refresh token passed is incorrect or expired.');
    }
    const asked: Asked | { readonly error: string } = await codes.redeem(form);
    if ('error' in asked) return errorOf('bad_verification_code', 'The code passed is incorrect or expired.');
    for (const scope of asked.scope) scopes.add(scope); // earlier scopes are granted again, requested or not
    return bodyOf(tokens.open(now()), [...scopes]);
  };
  const api = async (request: Request, path: string): Promise<Response> => {
    if (!request.headers.get('user-agent')) return new Response('Request forbidden by administrative rules.', { status: 403 });
    if (path.startsWith(`/applications/${app.clientId}/`)) return forget(request);
    if (!tokens.isGood(request.headers.get('authorization')?.slice('Bearer '.length), now()))
      return Response.json({ message: 'Bad credentials' }, { status: 401 });
    if (path === '/user')
      return Response.json({ ...fake.user, avatar_url: 'https://avatars.example/1', email: 'public@elsewhere.example' });
    if (path === '/user/emails' && scopes.has('user:email')) return Response.json(fake.emails);
    const organization = /^\/user\/memberships\/orgs\/([^/]+)$/.exec(path)?.[1];
    const [, org, team, member] = /^\/orgs\/([^/]+)\/teams\/([^/]+)\/memberships\/([^/]+)$/.exec(path) ?? [];
    if (fake.untold !== null && (org ?? organization) !== undefined) return untoldOf(fake.untold);
    if (org !== undefined) {
      const found = scopes.has('read:org') && member === fake.user.login ? fake.teams[`${org}/${team}`] : undefined;
      return found ? Response.json({ state: found }) : Response.json({ message: 'Not Found' }, { status: 404 });
    }
    const state = organization !== undefined && scopes.has('read:org') ? fake.organizations[organization] : undefined;
    return state ? Response.json({ state }) : Response.json({ message: 'Not Found' }, { status: 404 });
  };
  /** `DELETE /applications/{id}/token` and `…/grant`: with the app's credentials, and a token in the body. */
  const forget = async (request: Request): Promise<Response> => {
    if (request.headers.get('authorization') !== `Basic ${btoa(`${app.clientId}:${app.clientSecret}`)}`)
      return Response.json({ message: 'Requires authentication' }, { status: 401 });
    const { access_token: token } = (await request.json()) as { access_token?: string };
    if (request.method !== 'DELETE' || !tokens.revoke(token ?? '')) return new Response(null, { status: 404 });
    if (new URL(request.url).pathname.endsWith('/grant')) tokens.revokeAll(); // every token of the account for this app
    return new Response(null, { status: 204 });
  };
  const fake: FakeGitHub = {
    calls: [],
    faults: new Map(),
    user: { id: 583231, login: 'octocat', name: 'The Octocat' },
    emails: [
      { email: 'old@corp.example', primary: false, verified: true },
      { email: 'octocat@corp.example', primary: true, verified: true },
    ],
    organizations: {},
    teams: {},
    untold: null,
    ways,
    tokens,
    fetch: async (input, init) => {
      const request = new Request(input instanceof URL ? input.href : input, init);
      const { host, pathname } = new URL(request.url);
      fake.calls.push(pathname);
      const fault = fake.faults.get(pathname);
      if (fault !== undefined) return faulty(fault, init?.signal);
      if (host === 'github.com' && pathname === '/login/oauth/access_token') return token(request);
      return host === 'api.github.com' ? api(request, pathname) : new Response('Not found', { status: 404 });
    },
    async visit(location, { error, parameters = {} } = {}) {
      if (!location.startsWith('https://github.com/login/oauth/authorize?')) throw new Error(`This is not a URL of GitHub: ${location}`);
      return codes.sendBack(codes.ask(location), error, parameters);
    },
  };
  return fake;
}

function bodyOf({ expires_in, ...given }: Given, scope: readonly string[]): Record<string, unknown> {
  const ends = expires_in === undefined ? {} : { expires_in, refresh_token_expires_in: 15_897_600 };
  return { ...given, ...ends, token_type: 'bearer', scope: scope.join(',') };
}

/** GitHub's 403 responses, as documented. */
function untoldOf(why: NonNullable<FakeGitHub['untold']>): Response {
  const [message, headers]: [string, Record<string, string>] = {
    sso: ['Resource protected by organization SAML enforcement.', { 'x-github-sso': 'required; url=https://github.com/orgs/acme/sso?authorization_request=A1' }],
    unapproved: ['Although you appear to have the correct authorization credentials, the organization has enabled OAuth App access restrictions.', {}],
    limit: ['API rate limit exceeded for user ID 583231.', { 'x-ratelimit-remaining': '0', 'retry-after': '90' }],
  }[why] as [string, Record<string, string>]; // prettier-ignore
  return Response.json({ message }, { status: 403, headers });
}

function errorOf(error: string, error_description: string): Record<string, unknown> {
  return { error, error_description, error_uri: 'https://docs.github.com/' };
}
