/**
 * Login: a way to sign in that the application brings along: any site that a browser can be sent to and comes back from.
 * State, cookie and single use are ours; what is sent, and what is believed of the answer, is the application's.
 */
import { checkNames } from '../lib/names.ts';
import type { Identity } from '../model/identity.ts';
import type { RedirectLogin, UpstreamRequest } from '../model/login.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Json, Seconds } from '../model/store.ts';

/** A way there and back. */
export interface OwnLogin<Env = unknown> {
  /** Stands in the callback's path: `https://mcp.example/authorize/callback/<id>`. */
  readonly id: string;
  /** The site as people call it: "Continue with …". */
  readonly label: string;
  /** A URL of the site, for the page's policy. */
  readonly site: string;
  /**
   * Where to send the browser. The address must carry `state`, and the site must give it back. `keep` is sealed until the return.
   * `fresh` says that the person has to prove anew who they are, whoever is signed in there.
   */
  readonly begin: (trip: UpstreamRequest & { readonly env: Env }) => Awaitable<{
    readonly location: string;
    readonly keep?: Json;
  }>;
  /**
   * Who came back. Called once for each departure, for the very browser that was sent away. What it throws is told to the
   * operator, and the person that it did not work.
   */
  readonly finish: (came: {
    readonly redirectUri: string;
    readonly state: string;
    readonly parameters: URLSearchParams;
    readonly kept: Json;
    readonly env: Env;
  }) => Awaitable<(Identity & OwnProof) | { readonly deny: string }>;
}

/** What else may be known of who came back. */
export interface OwnProof {
  readonly permissions?: readonly string[];
  /** When the person proved who they are. Where `fresh` is asked, a return without it, or with a time before the trip, is refused. */
  readonly authenticatedAt?: Seconds;
}

/** Makes a login of it. */
export function login<Env = unknown>(options: OwnLogin<Env>): RedirectLogin {
  checkNames('login', options, 'id label site begin finish');
  const { id, label, site, begin, finish } = options;
  if (typeof begin !== 'function' || typeof finish !== 'function') throw new TypeError('login: `begin` and `finish` must be functions.');
  if (typeof site !== 'string' || !URL.canParse(site)) throw new TypeError('login: `site` must be a URL, such as "https://sso.example".');
  return {
    kind: 'redirect',
    id,
    label,
    site,
    async begin(trip, { env }) {
      const { location, keep = null } = await begin({ ...trip, env: env as Env });
      return { location, keep };
    },
    async finish(came, { env, issuer }) {
      const found = await finish({ ...came, env: env as Env });
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
