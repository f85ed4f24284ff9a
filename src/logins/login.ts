/**
 * Login: a custom way to sign in: any site that a browser can be redirected to and returns from.
 * State, cookie and single use are handled here; the application decides what is sent, and what it trusts in the response.
 */
import { checkNames } from '../lib/names.ts';
import { checkIcon, type Icon } from '../model/brand.ts';
import type { Identity } from '../model/identity.ts';
import type { RedirectLogin, UpstreamRequest } from '../model/login.ts';
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
