/**
 * Logins of the application's own: any site that a browser can be redirected to and returns from, and the session of users who are signed in at the
 * application itself (docs/decisions/0013).
 */
import { checkNames } from '../lib/check-options.ts';
import { isLoopbackHost, ownPath } from '../lib/url.ts';
import { checkIcon, type Icon } from '../model/display.ts';
import type { Identity, Organization } from '../model/identity.ts';
import type { Authenticated, HostSession, RedirectLogin, SessionLogin, UpstreamRequest } from '../model/login.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Json, Seconds } from '../model/store.ts';

/** Redirect and return. */
export interface OwnLogin<Env = unknown> {
  /** Used in the callback's path: `https://mcp.example/authorize/callback/<id>`. */
  readonly id: string;
  /** The site's name for users: "Continue with …". */
  readonly label: string;
  /** Mark on the button: SVG path data in a box of 24 by 24. */
  readonly icon?: Icon;
  /** A URL of the site, for the page's Content-Security-Policy. */
  readonly site: string;
  /**
   * Where to redirect the browser. The URL must contain `state`, and the site must return it. `keep` is sealed until the return.
   * `fresh` means that the user has to authenticate again, even with a session at the site.
   */
  readonly begin: (redirect: UpstreamRequest & { readonly env: Env }) => Awaitable<{
    readonly location: string;
    readonly keep?: Json;
  }>;
  /**
   * The user who returned. Called once for each redirect, for the browser that was redirected. If it throws, the error is reported to the
   * operator, and the user is told that it did not work.
   */
  readonly finish: (callback: {
    readonly redirectUri: string;
    readonly state: string;
    readonly parameters: URLSearchParams;
    readonly kept: Json;
    readonly env: Env;
  }) => Awaitable<(Identity & OwnProof) | { readonly deny: string }>;
}

/** Further results of a custom login. */
export interface OwnProof {
  readonly permissions?: readonly string[];
  /** When the user authenticated. If `fresh` was set, a return without it, or with a time before the redirect, is refused. */
  readonly authenticatedAt?: Seconds;
}

/**
 * A custom login: any site that a browser can be redirected to and returns from. State, cookie and single use are handled here.
 *
 * @throws {TypeError} at start-up for a wrong option; `finish` is refused an identity under this server's own issuer.
 * @example
 * login({
 *   id: 'sso',
 *   label: 'Acme SSO',
 *   site: 'https://sso.acme.example',
 *   begin: ({ state, redirectUri }) => ({ location: `https://sso.acme.example/start?${new URLSearchParams({ state, redirectUri })}` }),
 *   finish: async ({ parameters }) => ({ issuer: 'https://sso.acme.example', subject: await app.verify(parameters.get('ticket')), claims: {} }),
 * })
 */
export function login<Env = unknown>(options: OwnLogin<Env>): RedirectLogin {
  checkNames('login', options, 'id label icon site begin finish');
  const { id, label, icon, site, begin, finish } = options;
  checkIcon('login', icon);
  if (typeof begin !== 'function' || typeof finish !== 'function') throw new TypeError('login: `begin` and `finish` must be functions.');
  if (typeof site !== 'string' || !URL.canParse(site)) throw new TypeError('login: `site` must be a URL, such as "https://sso.example".');
  return {
    kind: 'redirect',
    id,
    label,
    icon,
    site,
    async begin(redirect, { env }) {
      const { location, keep = null } = await begin({ ...redirect, env: env as Env });
      return { location, keep };
    },
    async finish(callback, { env, issuer }) {
      const found = await finish({ ...callback, env: env as Env });
      if ('deny' in found) return { kind: 'refused', reason: 'denied_by_login', text: found.deny };
      const { permissions, authenticatedAt, ...identity } = found;
      if (identity.issuer === issuer)
        throw new TypeError(`login "${id}": the identity's \`issuer\` is this server itself; name the site that vouches.`);
      return {
        kind: 'proven',
        identity,
        ...(permissions ? { permissions } : {}),
        ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
      };
    },
  };
}

/** The user that the application has signed in. */
export type FoundSession = Identity & {
  readonly permissions?: readonly string[];
  /** Organizations that the user may act for. If there are several, the user chooses one for each app. */
  readonly organizations?: readonly Organization[];
  /** When the user authenticated. Without it the session never counts as fresh, not even after `prompt=login`. */
  readonly authenticatedAt?: Seconds;
};

/** Options of {@link existingSession}. */
export interface ExistingSession<Env = unknown> {
  /**
   * Finds the signed-in user by the cookies of the request; null if there is no session. The request has URL and headers only. If it throws,
   * the error is reported to the operator, and the page is answered with 503.
   */
  readonly find: (request: Request, env: Env) => Awaitable<FoundSession | null>;
  /**
   * The application's sign-in page: a path of this origin (`/sign-in`), or a URL. It gets `return_to`, where it must send the
   * browser back to: a path if it is a path itself, else a URL of ours. With `prompt=login` it must ask signed-in users to authenticate again.
   */
  readonly signInUrl?: string | undefined;
  /** The application's name for users: "Continue with …". Needed with `signInUrl`. */
  readonly label?: string | undefined;
  /** Used in the path of the return and in events; default `session`. */
  readonly id?: string | undefined;
}

/**
 * Signs in users who have a session of your application on the same origin. It is asked again for every page that needs it; access tokens
 * stay valid when the session ends.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * existingSession({
 *   find: async (request) => {
 *     const user = await app.userOf(request.headers.get('cookie'));
 *     return user && { issuer: 'app', subject: user.id, claims: { name: user.name } };
 *   },
 *   signInUrl: '/sign-in',
 *   label: 'Acme',
 * })
 */
export function existingSession<Env = unknown>(options: ExistingSession<Env>): RedirectLogin | SessionLogin {
  checkNames('existingSession', options, 'find signInUrl label id');
  const { find, signInUrl, label, id = 'session' } = options;
  if (typeof find !== 'function') throw new TypeError('existingSession: `find` must be a function that says who is signed in, or null.');
  const present: HostSession = async ({ request, env, issuer }) => {
    const found = await find(request, env as Env);
    if (found === null) return null;
    if (found.issuer === issuer)
      throw new TypeError(`existingSession: \`issuer\` of what \`find\` gave is this server itself; name the application (such as "app").`);
    return provenOf(found);
  };
  if (signInUrl === undefined) return { kind: 'session', id, present };
  const isPath = ownPath(signInUrl, OWN) !== null;
  if (!isPath && !isSafe(signInUrl))
    throw new TypeError(
      `existingSession: \`signInUrl\` must be a path such as "/sign-in", or an https URL; it is ${JSON.stringify(signInUrl)}.`,
    );
  if (typeof label !== 'string' || label === '')
    throw new TypeError('existingSession: `label` is missing: the name on the button that leads to `signInUrl`.');
  return {
    kind: 'redirect',
    id,
    label,
    site: isPath ? '' : signInUrl,
    present,
    async begin({ redirectUri, state, fresh }, { issuer }) {
      const back = new URL(redirectUri);
      back.searchParams.set('state', state);
      const there = new URL(signInUrl, issuer);
      there.searchParams.set('return_to', isPath ? back.pathname + back.search : back.href);
      if (fresh) there.searchParams.set('prompt', 'login');
      return { location: isPath ? there.pathname + there.search : there.href, keep: null };
    },
    async finish({ request }, { env, issuer }) {
      return (await present({ request, env, issuer })) ?? { kind: 'refused', reason: 'session_missing' };
    },
  };
}

/** To see whether a text is a path of an origin; any origin will do. */
const OWN = 'https://own.example';

function isSafe(text: unknown): boolean {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function provenOf({ issuer, subject, claims, permissions, organizations, authenticatedAt }: FoundSession): Authenticated {
  return {
    kind: 'proven',
    identity: { issuer, subject, claims },
    ...(permissions ? { permissions } : {}),
    ...(organizations ? { organizations } : {}),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
  };
}
