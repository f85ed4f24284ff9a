/**
 * Existing session: whoever is signed in at the application itself is signed in here. The application is asked anew for
 * every page on which that matters, and what it says counts for that page alone: whoever signs out there, or is somebody
 * else there, is so here from the next request on. What was allowed to apps stays until it is taken back
 * (docs/decisions/0013).
 */
import { checkNames } from '../lib/names.ts';
import { isLoopbackHost, ownPath } from '../lib/url.ts';
import type { Identity, Organization } from '../model/identity.ts';
import type { HostSession, Authenticated, RedirectLogin, SessionLogin } from '../model/login.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Seconds } from '../model/store.ts';

/** Whom the application has signed in. */
export type FoundSession = Identity & {
  readonly permissions?: readonly string[];
  /** Those that the user may act for. Of several, the person chooses one for each app. */
  readonly organizations?: readonly Organization[];
  /** When the person proved who they are. Without it the session never counts as a fresh one, also on the way back from `prompt=login`. */
  readonly authenticatedAt?: Seconds;
};

/** Options of {@link existingSession}. */
export interface ExistingSession<Env = unknown> {
  /**
   * Who is signed in, by the cookies of the request; null for nobody. The request has address and headers only. What it throws is
   * told to the operator, and the page is answered with 503.
   */
  readonly find: (request: Request, env: Env) => Awaitable<FoundSession | null>;
  /**
   * Where the application signs people in: a path of this origin (`/sign-in`), or a URL. It gets `return_to`, where it must send the
   * browser back to: a path where it is a path itself, else a URL of ours. With `prompt=login` it must ask who is signed in already.
   */
  readonly signInUrl?: string;
  /** The application as people call it: "Continue with …". Needed with `signInUrl`. */
  readonly label?: string;
  /** Stands in the path of the return and in events; default `session`. */
  readonly id?: string;
}

/** Makes a login of it. @throws {TypeError} naming what is wrong. */
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

/** Any origin will do to see whether a text is a path of one. */
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
