/**
 * What stands in the place of an `OAuthServerProvider`: this server, which `mcpAuthRouter` tells its address, and `requireBearerAuth` asks what a
 * token is worth.
 */
import type { Access, Checked } from '../model/access.ts';
import { OAuthProvider } from '../node/main.ts';
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
}

/**
 * The `provider` of {@link mcpAuthRouter} and the `verifier` of {@link requireBearerAuth}.
 *
 * @example
 * const provider = new ServerProvider({ store: sqliteStore('./data/portcullis.db'), logins: [password()] });
 */
export class ServerProvider {
  readonly #options: ServerProviderOptions;
  #mounted: Mounted | undefined;
  readonly #waiting: ((server: Mounted) => void)[] = [];

  /** @throws {TypeError} for an option that the router decides. All others are checked when the router is made. */
  constructor(options: ServerProviderOptions) {
    const decided = DECIDED.find((name) => Object.hasOwn(Object(options), name));
    if (decided !== undefined)
      throw new TypeError(`ServerProvider: \`${decided}\` is not an option; the options of mcpAuthRouter say it (issuerUrl, resourceServerUrl, scopesSupported).`);
    this.#options = options;
  } // prettier-ignore

  /** The helpers of the server: accounts, clients, grants. @throws {TypeError} before the router was made. */
  get helpers(): OAuthHelpers {
    const { auth, env } = this.#server();
    return auth.helpers(env);
  }

  /** What a token is worth, as there. @throws an error with the `errorCode` `invalid_token` for any that is not valid. */
  async verifyAccessToken(token: string): Promise<AuthInfo> {
    const access = await this.helpers.verifyToken(token, this.#server().resource);
    if (access) return this.authInfoOf(access, token);
    throw Object.assign(new Error('The access token is not valid.'), { errorCode: 'invalid_token' });
  }

  /** A verified token as tools want it. */
  authInfoOf(access: Checked | Access, token: string): AuthInfo {
    const { clientId, scope, expiresAt, userId, props } = access;
    const extra = this.#options.extra?.(access) ?? { ...Object(props), userId, access, props };
    return { token, clientId, scopes: [...scope], expiresAt, resource: new URL(access.resource), extra };
  }

  /** @internal Makes the server; called by the router. @throws {TypeError} for a wrong option, or the second time. */
  mount({ issuer, resource, name, scopes }: Standing): Mounted {
    if (this.#mounted) throw new TypeError('mcpAuthRouter: this provider has a router already; make another ServerProvider for it.');
    const { extra: _, ...options } = this.#options;
    const auth = new OAuthProvider({
      clientRegistrationEndpoint: '/register',
      ...options,
      issuer,
      resources: { [resource]: name === undefined ? {} : { name } },
      scopesSupported: scopes,
    } as OAuthProviderOptions);
    this.#mounted = { issuer, resource, name, scopes, auth, env: { ...process.env }, on: options.on };
    for (const then of this.#waiting) then(this.#mounted);
    return this.#mounted;
  }

  /** @internal Runs a function as soon as the server is there. */
  whenMounted(then: (server: Mounted) => void): void {
    if (this.#mounted) then(this.#mounted);
    else this.#waiting.push(then);
  }

  /** @internal */
  get hasLogins(): boolean {
    return (this.#options.logins ?? []).length > 0;
  }

  #server(): Mounted {
    if (!this.#mounted) throw new TypeError('ServerProvider: give it to mcpAuthRouter({ provider, issuerUrl }) first, which says where it stands.');
    return this.#mounted;
  } // prettier-ignore
}
