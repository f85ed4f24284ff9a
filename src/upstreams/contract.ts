/**
 * Contract of upstreams: identity providers as data plus their quirks. `code-flow` runs the protocol; each provider's file has its URLs and
 * peculiarities. Independent of requests, sessions and storage.
 */
import { checkTypes } from '../lib/check-options.ts';
import { isLoopbackHost } from '../lib/url.ts';
import { checkIcon, type Icon } from '../model/display.ts';
import type { Identity, Verdict as StayVerdict } from '../model/identity.ts';
import type { Json, Seconds } from '../model/store.ts';
import type { UpstreamTokens } from '../model/upstream.ts';
import type { Text } from '../words/words.ts';

/** A value, or a function that reads it from the environment: on Workers secrets exist only there. */
export type FromEnv = string | Reading['read'];

/** A method, so that a function may name the type of its environment: `(env: Env) => env.GITHUB_CLIENT_ID`. */
interface Reading {
  read(env: unknown): string;
}

/** Sends a request, like the global `fetch`. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Options of every upstream. */
export interface ProviderOptions {
  /** Id of your application at the provider. */
  readonly clientId: FromEnv;
  /** Omit only for a public client. */
  readonly clientSecret?: FromEnv | undefined;
  /** Replaces the default scopes. */
  readonly scope?: readonly string[] | undefined;
  /** Used in the callback's path; use different ids for two upstreams of one kind. */
  readonly id?: string | undefined;
  /** Name on the button. */
  readonly label?: string | undefined;
  /** Mark on the button: SVG path data in a box of 24 by 24. */
  readonly icon?: Icon | undefined;
  /** Repairs the token response before it is read: `(answer) => ({ ...answer, ...answer.data })`. */
  readonly repairAnswer?: ((answer: Body) => Body) | undefined;
  /** Replaces the global `fetch`: for a proxy, and for tests. */
  readonly fetch?: Fetch | undefined;
  /** Timeout for all requests of one step, in seconds; 10 by default. */
  readonly timeout?: Seconds | undefined;
}

const COMMON =
  'clientId:string|function clientSecret:string|function scope:string[] id:string label:string icon repairAnswer:function fetch:function timeout';

/** Rejects unknown or missing options. @param own names besides {@link ProviderOptions}; those with `!` are needed. @throws {TypeError} */
export function checkProvider(name: string, options: ProviderOptions, own: string): void {
  if (options === undefined)
    throw new TypeError(`${name}: give an object with \`clientId\` and \`clientSecret\`, of the app that you registered there.`);
  checkTypes(name, options, `${COMMON} ${own.replaceAll('!', '')}`.trim());
  for (const [, needed = ''] of own.matchAll(/(\w+):string!/g))
    if (!(options as unknown as Body)[needed]) throw new TypeError(`${name}: \`${needed}\` is missing.`);
  checkIcon(name, options.icon);
}

/** Whether a URL of an option may be requested: https, or plain http on this computer. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, hash } = new URL(text);
  return hash === '' && (protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname)));
}

/** Endpoints of an upstream. */
export type Endpoints = {
  /** Required value of `iss`, in the callback and in ID tokens. */
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly userinfo_endpoint?: string;
  readonly jwks_uri?: string;
  readonly revocation_endpoint?: string;
  readonly scopes_supported?: string[];
  readonly token_endpoint_auth_methods_supported?: string[];
  readonly id_token_signing_alg_values_supported?: string[];
  readonly authorization_response_iss_parameter_supported?: boolean;
};

/** An issuer that publishes its endpoints (OpenID Connect Discovery), and the URL of the document if it is not below the issuer. */
export type Discovered = { readonly discover: string; readonly at?: string };

/** A JSON object from an upstream. */
export type Body = { readonly [name: string]: unknown };

/** What is known after the code was redeemed. */
export interface UpstreamCallback {
  readonly issuer: string;
  /** Verified claims of the ID token, with those of userinfo; empty without OpenID Connect. */
  readonly claims: Body;
  /** The whole token response. */
  readonly answer: Body;
  readonly clientId: string;
  /** Calls the upstream's API with the access token. @throws {UpstreamError} if it is down. */
  readonly get: (
    url: string,
    headers?: { readonly [name: string]: string },
  ) => Promise<{ readonly status: number; readonly body: unknown; readonly headers: Headers }>;
}

/** An upstream as data, with the hooks for its quirks. */
export interface Provider {
  readonly id: string;
  readonly label: string;
  readonly icon?: Icon;
  /** Its endpoints, or where to discover them. */
  readonly server: Endpoints | Discovered;
  /** Whether it uses OpenID Connect: a nonce is sent, and an ID token is required. */
  readonly openid: boolean;
  readonly scope: readonly string[];
  /** The parameter for scopes; `scope` by default. */
  readonly scopeParameter?: string;
  /** By default as the upstream publishes, else `client_secret_post`. */
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post';
  /** Extra parameters of the authorization request. */
  readonly parameters?: { readonly [name: string]: string | undefined };
  /** Repairs a token response that does not conform to RFC 6749. */
  readonly repair?: (answer: Body) => Body;
  /** The issuer, if it depends on the user; verified with the token afterwards. */
  readonly issuerOf?: (unverified: Body) => string;
  /** What to add to get a refresh token, if tokens are kept. By default `offline_access`, if the upstream publishes it. */
  readonly offline?: { readonly scope?: readonly string[]; readonly parameters?: { readonly [name: string]: string } };
  /** Parameters that force a new sign-in, confirmed only by `auth_time`. By default `prompt=login` and `max_age=0` (OIDC Core §3.1.2.1). */
  readonly again?: { readonly [name: string]: string };
  /** The parameter for a login hint. By default `login_hint` with OpenID Connect (Core §3.1.2.1), otherwise none. */
  readonly hint?: string;
  /** Revokes tokens, if the upstream has its own API for it. By default RFC 7009, if it publishes an endpoint. */
  readonly revoke?: (forget: RevocationContext) => Promise<void>;
  /** Whether the options still admit a user who signed in before, judged by the data of that time. By default yes. */
  readonly admits?: (identity: Identity) => boolean;
  /** Asks the upstream whether it would still admit a user. By default it is not asked. @throws {UpstreamError} if it is down. */
  readonly recheck?: (get: UpstreamCallback['get'], token: string) => Promise<StayVerdict>;
  /** The user's identity; by default `sub` at the issuer. @throws {UpstreamError} if the user may not sign in. */
  readonly identify?: (arrival: UpstreamCallback) => Identified | Promise<Identified>;
}

/** An identity, and why claims are missing. */
export type Identified = Identity & Pick<CallbackResult, 'notTold'>;

/** What an upstream needs to revoke tokens. */
export interface RevocationContext {
  readonly tokens: UpstreamTokens;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly ask: (url: string, sent: { method: string; headers: Readonly<Record<string, string>>; body: string }) => Promise<Response>;
}

/** Result of a callback. */
export interface CallbackResult {
  readonly identity: Identity;
  readonly tokens: UpstreamTokens;
  /** When the user authenticated, if the ID token says so (`auth_time`). */
  readonly authenticatedAt?: Seconds;
  /** Why claims are missing: the result of the sign-in if an option needs one of them. */
  readonly notTold?: UpstreamError;
}

/** What is kept between redirect and callback. */
export type CallbackState = { readonly verifier: string; readonly nonce: string };

/** An upstream that is ready to use. */
export interface Upstream {
  readonly id: string;
  readonly label: string;
  readonly icon?: Icon | undefined;
  /** Issuer of its users, if known in advance. */
  readonly issuer?: string;
  /** One of its URLs. */
  readonly site: string;
  /** Scopes that it is asked for. */
  readonly scope: readonly string[];
  /** Timeout for all requests of one step, in seconds. */
  readonly timeout: Seconds;
  /** The redirect to the upstream. @throws {UpstreamError} */
  startSignIn(request: {
    readonly redirectUri: string;
    readonly state: string;
    readonly env: unknown;
    /** The visitor, so that one visitor's failures do not affect the others. */
    readonly visitor?: string;
    /** Whether a refresh token is needed because tokens are kept. */
    readonly offline?: boolean;
    /** Extra scopes for this request. */
    readonly scopes?: readonly string[];
    /** Whether the user must authenticate again. */
    readonly fresh?: boolean;
    /** Login hint. */
    readonly hint?: string;
  }): Promise<{ readonly location: string; readonly keep: Json }>;
  /** Handles the callback. @throws {UpstreamError} */
  finishSignIn(callback: {
    readonly redirectUri: string;
    readonly state: string;
    readonly parameters: URLSearchParams;
    readonly kept: Json;
    readonly now: Seconds;
    readonly env: unknown;
    readonly visitor?: string;
  }): Promise<CallbackResult>;
  /** Refreshes; without a new refresh token the old one stays. @throws {UpstreamError} `refused` if the refresh token is no longer valid. */
  refresh(context: { readonly tokens: UpstreamTokens; readonly now: Seconds; readonly env: unknown }): Promise<UpstreamTokens>;
  /** Whether the options still admit a user who signed in before. */
  readonly admits?: (identity: Identity) => boolean;
  /** Asks the upstream whether it would still admit a user. */
  readonly recheck?: (token: string, identity: Identity) => Promise<StayVerdict>;
  /** Revokes tokens; false if the upstream has no revocation. @throws {UpstreamError} */
  revoke(context: { readonly tokens: UpstreamTokens; readonly env: unknown }): Promise<boolean>;
}

/** How an upstream failed: down, response not acceptable, error in the callback, or the user may not sign in. */
export type Failure = 'unavailable' | 'broken' | 'declined' | 'refused';

/**
 * The one error of upstream providers. Contains nothing of the provider's response except a known error code.
 *
 * @example
 * async function refreshed(provider: Upstream, tokens: UpstreamTokens, now: number) {
 *   try {
 *     return await provider.refresh({ tokens, now, env });
 *   } catch (error) {
 *     if (error instanceof UpstreamError && error.failure === 'unavailable') return tokens;
 *     throw error;
 *   }
 * }
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly failure: Failure;
  /** One snake_case word for the `on` listener. */
  readonly reason: string;
  readonly retryAfter: Seconds | undefined;
  /** For the operator: what to change. */
  readonly hint: string | undefined;
  /** For a user who may not sign in, if the default text for the reason is not enough. */
  readonly text: Text;
  constructor(
    failure: Failure,
    reason: string,
    { text, retryAfter, hint }: { readonly text?: Text; readonly retryAfter?: Seconds | undefined; readonly hint?: string } = {},
  ) {
    super(`${failure}: ${reason}${hint === undefined ? '' : `: ${hint}`}`);
    this.text = text;
    this.hint = hint;
    this.failure = failure;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

/** The identity from plain OpenID Connect claims; `org_id` is the organization. */
export function identityOf({ issuer, claims }: UpstreamCallback): Identity {
  const { org_id: organization } = claims;
  const belongs = typeof organization === 'string' && organization !== '' ? { organization } : {};
  return { issuer, subject: textOf(claims['sub'], 'sub_missing'), claims, ...belongs };
}

/** The claims with `email_verified` as a boolean, which Cognito and Apple write as text (OpenID Connect Core §5.1). */
export function withBoolean(claims: Body): Body {
  const { email_verified: verified } = claims;
  return verified === 'true' || verified === 'false' ? { ...claims, email_verified: verified === 'true' } : claims;
}

/** A non-empty string. @throws {UpstreamError} `broken` otherwise. */
export function textOf(value: unknown, reason: string): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw new UpstreamError('broken', reason);
}

/** The members of an object; none for anything else. */
export function bodyOf(value: unknown): Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {};
}
