/**
 * What stands in the place of an `OAuthServerProvider`: this server, which `mcpAuthRouter` tells its address, and `requireBearerAuth` asks what a
 * token is worth.
 */
import type { Access, Checked } from '../model/access.ts';
import { OAuthProvider } from '../node/main.ts';
import type { Store } from '../model/store.ts';
import type { OAuthProviderOptions } from '../options/options.ts';
import type { OAuthHelpers } from '../provider/helpers.ts';

/** What a valid access token stands for, as tools of SDK 1.x find it in `extra.authInfo`. */
export interface AuthInfo {
  token: string;
  clientId: string;
  scopes: string[];
  expiresAt?: number;
  resource?: URL;
  extra?: Record<string, unknown>;
}

/** Options that the router decides. */
const DECIDED = 'issuer basePath tenants apiRoute apiHandler apiHandlers resource resources authorizeEndpoint tokenEndpoint scopesSupported'.split(' '); // prettier-ignore

/** Options of {@link ServerProvider}: those of `OAuthProvider`, without what the options of the router say. */
export type ServerProviderOptions = Omit<
  OAuthProviderOptions,
  | 'issuer' | 'basePath' | 'tenants' | 'apiRoute' | 'apiHandler' | 'apiHandlers' | 'resource' | 'resources' | 'authorizeEndpoint' | 'tokenEndpoint' | 'scopesSupported' | 'anonymous' | 'clientRegistrationEndpoint'
> & {
  /** Where clients register themselves; `undefined` if they may not. Default `/register`. */
  readonly clientRegistrationEndpoint?: '/register' | undefined;
  /** What tools find in `authInfo.extra`. Default: the props of the grant, with `userId`, `access` and `props`. */
  readonly extra?: (access: Checked) => Record<string, unknown>;
}; // prettier-ignore

/** Where the server stands. */
export interface Standing {
  readonly issuer: string;
  readonly resource: string;
  readonly name: string | undefined;
  readonly scopes: readonly string[];
}

/** The server once the router has been made. */
export interface Mounted extends Standing {
  readonly auth: OAuthProvider;
  /** Second argument of `fetch`; one object, since what is made for an environment is kept by it. */
  readonly env: object;
  readonly on: OAuthProviderOptions['on'];
  /** Remembers which proofs of keys were used (RFC 9449 §11.1). */
  readonly store: Store | undefined;
}

interface Inside {
  readonly options: ServerProviderOptions;
  readonly waiting: ((server: Mounted) => void)[];
  mounted?: Mounted;
}
/** What the router and the guard know of a provider, and its users need not. */
const insides = new WeakMap<ServerProvider, Inside>();
const insideOf = (provider: ServerProvider): Inside => insides.get(provider) as Inside;

/**
 * The `provider` of {@link mcpAuthRouter} and the `verifier` of {@link requireBearerAuth}.
 *
 * @example
 * const provider = new ServerProvider({ store: sqliteStore('./data/portcullis.db'), logins: [password()] });
 */
export class ServerProvider {
  /** @throws {TypeError} for an option that the router decides. All others are checked when the router is made. */
  constructor(options: ServerProviderOptions) {
    const decided = DECIDED.find((name) => Object.hasOwn(Object(options), name));
    if (decided !== undefined) throw new TypeError(`ServerProvider: \`${decided}\` is not an option; the options of mcpAuthRouter say it.`);
    if (options.dpopNonces)
      throw new TypeError('ServerProvider: `dpopNonces` is not supported, since requireBearerAuth checks no nonces; remove it.');
    insides.set(this, { options, waiting: [] });
  }

  /** The helpers of the server: accounts, clients, grants. @throws {TypeError} before the router was made. */
  get helpers(): OAuthHelpers {
    const { auth, env } = serverOf(this);
    return auth.helpers(env);
  }

  /**
   * What a token is worth, as there; but for a token that is bound to a key (DPoP): the proof of the key comes with the request, which only
   * `requireBearerAuth` sees.
   *
   * @throws an error with the `errorCode` `invalid_token` for any that is not valid.
   */
  async verifyAccessToken(token: string): Promise<AuthInfo> {
    const access = await this.helpers.verifyToken(token, serverOf(this).resource);
    if (access && access.cnf === undefined) return authInfoOf(this, access, token); // RFC 9449 §7.1: no bearer token
    throw Object.assign(new Error('The access token is not valid.'), { errorCode: 'invalid_token' });
  }
}

/** A verified token as tools want it. */
export function authInfoOf(provider: ServerProvider, access: Checked | Access, token: string): AuthInfo {
  const { clientId, scope, expiresAt, userId, props } = access;
  const extra = insideOf(provider).options.extra?.(access) ?? { ...Object(props), userId, access, props };
  return { token, clientId, scopes: [...scope], expiresAt, resource: new URL(access.resource), extra };
}

/** Makes the server. @throws {TypeError} for a wrong option, or the second time. */
export function mount(provider: ServerProvider, { issuer, resource, name, scopes }: Standing): Mounted {
  const inside = insideOf(provider);
  if (inside.mounted) throw new TypeError('mcpAuthRouter: this provider has a router already; make another ServerProvider for it.');
  const { extra: _, ...options } = inside.options;
  const auth = new OAuthProvider({
    clientRegistrationEndpoint: '/register',
    ...options,
    issuer,
    resources: { [resource]: name === undefined ? {} : { name } },
    scopesSupported: scopes,
  } as OAuthProviderOptions);
  const env = { ...process.env };
  const store = (typeof options.store === 'function' ? options.store(env as never) : options.store) as Store | undefined;
  inside.mounted = { issuer, resource, name, scopes, auth, env, on: options.on, store };
  for (const then of inside.waiting) then(inside.mounted);
  return inside.mounted;
}

/** Runs a function as soon as the server is there. */
export function whenMounted(provider: ServerProvider, then: (server: Mounted) => void): void {
  const { mounted, waiting } = insideOf(provider);
  if (mounted) then(mounted);
  else waiting.push(then);
}

/** Whether the server has pages of ours. */
export function hasLogins(provider: ServerProvider): boolean {
  return (insideOf(provider).options.logins ?? []).length > 0;
}

/** Paths that exist only if an option asks for them. */
export function pathsAsked(provider: ServerProvider): readonly string[] {
  const { monitoring, deviceAuthorizationEndpoint } = insideOf(provider).options;
  const { health = '/health', ready = '/ready', metrics = '/metrics', scrapeToken } = monitoring ?? {};
  const probes = monitoring === undefined ? [] : [health, ready, ...(scrapeToken === undefined ? [] : [metrics])];
  return deviceAuthorizationEndpoint === undefined ? probes : [...probes, deviceAuthorizationEndpoint];
}

function serverOf(provider: ServerProvider): Mounted {
  const { mounted } = insideOf(provider);
  if (mounted) return mounted;
  throw new TypeError('ServerProvider: give it to mcpAuthRouter({ provider, issuerUrl }) first.');
}
