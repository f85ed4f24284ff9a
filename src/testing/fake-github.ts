/**
 * GitHub in the test's own process, as far as signing in goes, with its ways: errors come with status 200, the token
 * answer is JSON only for those who ask, the API wants a User-Agent, an address may be unverified.
 */
import { type Asked, makeCodes, type Registered } from './fake-codes.ts';
import type { Decision } from './fake-upstream.ts';
import { type Fault, faulty } from './fault.ts';

/** A fake GitHub. */
export interface FakeGitHub {
  readonly fetch: typeof fetch;
  /** Paths that were asked, in order. */
  readonly calls: string[];
  /** By path. */
  readonly faults: Map<string, Fault>;
  user: { readonly id: number; readonly login: string; readonly name: string | null };
  emails: readonly { readonly email: string; readonly primary: boolean; readonly verified: boolean }[];
  /** Organizations, with the state of the membership. */
  organizations: { readonly [name: string]: 'active' | 'pending' };
  visit(location: string, decision?: Decision): Promise<string>;
}

const TOKEN = 'gho_upstream-access-token';

/** Makes one. */
export function makeFakeGitHub(app: Registered): FakeGitHub {
  const codes = makeCodes(app);
  const scopes = new Set<string>();
  const token = async (request: Request): Promise<Response> => {
    const asked: Asked | { readonly error: string } = await codes.redeem(request);
    const failed = 'error' in asked;
    if (!failed) for (const scope of asked.scope) scopes.add(scope);
    const body = failed
      ? { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' }
      : { access_token: TOKEN, token_type: 'bearer', scope: asked.scope.join(',') };
    if (request.headers.get('accept')?.includes('application/json')) return Response.json(body);
    return new Response(new URLSearchParams(body as Record<string, string>).toString());
  };
  const api = (request: Request, path: string): Response => {
    if (!request.headers.get('user-agent')) return new Response('Request forbidden by administrative rules.', { status: 403 });
    if (request.headers.get('authorization') !== `Bearer ${TOKEN}`) return Response.json({ message: 'Bad credentials' }, { status: 401 });
    if (path === '/user')
      return Response.json({ ...fake.user, avatar_url: 'https://avatars.example/1', email: 'public@elsewhere.example' });
    if (path === '/user/emails' && scopes.has('user:email')) return Response.json(fake.emails);
    const organization = /^\/user\/memberships\/orgs\/([^/]+)$/.exec(path)?.[1];
    const state = organization !== undefined && scopes.has('read:org') ? fake.organizations[organization] : undefined;
    return state ? Response.json({ state }) : Response.json({ message: 'Not Found' }, { status: 404 });
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
      if (!location.startsWith('https://github.com/login/oauth/authorize?'))
        throw new Error(`The browser is not on its way to GitHub: ${location}`);
      const asked = codes.ask(location);
      const back = new URL(asked.redirectUri);
      const given = { ...(error === undefined ? { code: codes.give(asked) } : { error }), state: asked.state, ...parameters };
      for (const [name, value] of Object.entries(given)) if (value !== null) back.searchParams.set(name, value);
      return back.href;
    },
  };
  return fake;
}
