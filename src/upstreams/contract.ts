/**
 * Upstream: an outside identity provider, as data plus its quirks. `code-flow` makes it run; a file that bears the
 * provider's name says where it is and what is odd about it. Knows nothing of tickets, sessions and storage.
 */
import { checkNames } from '../lib/names.ts';
import type { Identity } from '../model/identity.ts';
import type { Json, Seconds } from '../model/store.ts';
import type { Verdict as StayVerdict } from '../model/origin.ts';
import type { UpstreamTokens } from '../model/upstream.ts';
import type { Text } from '../words/words.ts';

/** A value, or where to find it in the environment: Workers have their secrets only there. */
export type FromEnv = string | ((env: unknown) => string);

/** Sends a request: the global `fetch` is one. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** What every provider can be told. */
export interface ProviderOptions {
  readonly clientId: FromEnv;
  /** Absent only for a public client. */
  readonly clientSecret?: FromEnv;
  /** Instead of the usual ones. */
  readonly scope?: readonly string[];
  /** Stands in the callback's path: give two of one kind different ones. */
  readonly id?: string;
  /** The name on the button. */
  readonly label?: string;
  /** Repairs what the token endpoint answers, before anything is read of it: `(answer) => ({ ...answer, ...answer.data })`. */
  readonly repairAnswer?: (answer: Body) => Body;
  /** Instead of the global one: for a proxy, and for tests. */
  readonly fetch?: Fetch;
  /** Seconds in which all answers of one step must be there; default 10. */
  readonly timeout?: Seconds;
}

const COMMON = 'clientId clientSecret scope id label repairAnswer fetch timeout';

/** Refuses options that are not there, or that no provider has. @param own names beside {@link ProviderOptions}. @throws {TypeError} */
export function checkProvider(name: string, options: ProviderOptions, own: string): void {
  if (options === undefined)
    throw new TypeError(`${name}: give an object with \`clientId\` and \`clientSecret\`, of the app that you registered there.`);
  checkNames(name, options, own === '' ? COMMON : `${COMMON} ${own}`);
}

/** Where a provider's endpoints are. */
export type Endpoints = {
  /** What `iss` must be, in its callback and in its ID tokens. */
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly userinfo_endpoint?: string;
  readonly jwks_uri?: string;
  readonly revocation_endpoint?: string;
  readonly scopes_supported?: string[];
  readonly id_token_signing_alg_values_supported?: string[];
  readonly authorization_response_iss_parameter_supported?: boolean;
};

/** JSON that a provider answered. */
export type Body = { readonly [name: string]: unknown };

/** What is known once the code was redeemed. */
export interface UpstreamCallback {
  readonly issuer: string;
  /** The checked claims of the ID token, with those of the userinfo endpoint; empty without OpenID Connect. */
  readonly claims: Body;
  /** The token endpoint's whole answer. */
  readonly answer: Body;
  readonly clientId: string;
  /** Asks an API of the provider with the access token. @throws {UpstreamError} when it is down. */
  readonly get: (
    url: string,
    headers?: { readonly [name: string]: string },
  ) => Promise<{ readonly status: number; readonly body: unknown; readonly headers: Headers }>;
}

/** A provider: data, and the few places where providers differ. */
export interface Provider {
  readonly id: string;
  readonly label: string;
  /** Its endpoints, or the issuer that publishes them (OpenID Connect Discovery). */
  readonly server: Endpoints | { readonly discover: string };
  /** OpenID Connect: a nonce is sent, an ID token demanded. */
  readonly openid: boolean;
  readonly scope: readonly string[];
  /** The parameter that names the scopes. Default `scope`. */
  readonly scopeParameter?: string;
  /** Default `client_secret_post`. */
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post';
  /** More parameters of the authorization request. */
  readonly parameters?: { readonly [name: string]: string | undefined };
  /** Repairs a token answer that is not as RFC 6749 wants it. */
  readonly repair?: (answer: Body) => Body;
  /** The issuer, where it depends on who signs in; checked against the token that is then verified. */
  readonly issuerOf?: (unverified: Body) => string;
  /** What more is asked for where tokens are kept, so that there is a refresh token. Absent: `offline_access` where the provider publishes it. */
  readonly offline?: { readonly scope?: readonly string[]; readonly parameters?: { readonly [name: string]: string } };
  /** What asks for a fresh proof; only an `auth_time` of the ID token answers it. Default: `prompt=login` and `max_age=0` with OpenID Connect (Core §3.1.2.1), else nothing. */
  readonly again?: { readonly [name: string]: string };
  /** The parameter that says whom to sign in. Default: `login_hint` with OpenID Connect (Core §3.1.2.1), else none. */
  readonly hint?: string;
  /** Makes the provider forget tokens, where it has a way of its own. Default: RFC 7009, where it publishes an endpoint. */
  readonly revoke?: (forget: RevocationContext) => Promise<void>;
  /** Whether the options still let in somebody who came before, judged by what was known then. Default: yes. */
  readonly admits?: (identity: Identity) => boolean;
  /** Asks the provider whether it would still let somebody in. Default: it is not asked. @throws {UpstreamError} when it is down. */
  readonly recheck?: (get: UpstreamCallback['get'], token: string) => Promise<StayVerdict>;
  /** Who it is. Default: `sub` at the issuer. @throws {UpstreamError} for somebody who may not come in. */
  readonly identify?: (arrival: UpstreamCallback) => Identity | Promise<Identity>;
}

/** What a provider needs to forget tokens. */
export interface RevocationContext {
  readonly tokens: UpstreamTokens;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly ask: (url: string, sent: { method: string; headers: Readonly<Record<string, string>>; body: string }) => Promise<Response>;
}

/** Who came back, and what may be kept of the visit. */
export interface CallbackResult {
  readonly identity: Identity;
  readonly tokens: UpstreamTokens;
  /** When the person proved who they are, where the ID token says so (`auth_time`). */
  readonly authenticatedAt?: Seconds;
}

/** What a departure keeps for the return. */
export type CallbackState = { readonly verifier: string; readonly nonce: string };

/** A provider that runs. */
export interface Upstream {
  readonly id: string;
  readonly label: string;
  /** Who vouches for its users, where that is known beforehand. */
  readonly issuer?: string;
  /** A URL of it. */
  readonly site: string;
  /** What it is asked for. */
  readonly scope: readonly string[];
  /** Seconds in which all answers of one step are there. */
  readonly timeout: Seconds;
  /** The way there. @throws {UpstreamError} */
  startSignIn(trip: {
    readonly redirectUri: string;
    readonly state: string;
    readonly env: unknown;
    /** Who asks, so that the failures of one are not those of all. */
    readonly visitor?: string;
    /** Whether the tokens will be kept, so that a refresh token is wanted. */
    readonly offline?: boolean;
    /** What more is asked for, this once. */
    readonly scopes?: readonly string[];
    /** Whether the person shall prove anew who they are. */
    readonly fresh?: boolean;
    /** Whom the client believes to sign in. */
    readonly hint?: string;
  }): Promise<{ readonly location: string; readonly keep: Json }>;
  /** Who came back. @throws {UpstreamError} */
  finishSignIn(back: {
    readonly redirectUri: string;
    readonly state: string;
    readonly parameters: URLSearchParams;
    readonly kept: Json;
    readonly now: Seconds;
    readonly env: unknown;
    readonly visitor?: string;
  }): Promise<CallbackResult>;
  /** Trades the refresh token; a provider that gives no new one lets the old one stand. @throws {UpstreamError} `refused` when it is dead. */
  refresh(kept: { readonly tokens: UpstreamTokens; readonly now: Seconds; readonly env: unknown }): Promise<UpstreamTokens>;
  /** Whether the options still let in somebody who came before. */
  readonly admits?: (identity: Identity) => boolean;
  /** Asks the provider whether somebody may stay. */
  readonly recheck?: (token: string, identity: Identity) => Promise<StayVerdict>;
  /** Makes the provider forget the tokens; false where it has no way. @throws {UpstreamError} */
  revoke(kept: { readonly tokens: UpstreamTokens; readonly env: unknown }): Promise<boolean>;
}

/** How a provider failed: it is down, its answer is not to be trusted, it said no by the redirect, or the person may not come in. */
export type Failure = 'unavailable' | 'broken' | 'declined' | 'refused';

/** The one way a provider fails. Holds nothing of what it answered but a word of ours. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly failure: Failure;
  /** One snake_case word for the `on` listener. */
  readonly reason: string;
  readonly retryAfter: Seconds | undefined;
  /** What the operator is told in addition: what to change. */
  readonly hint: string | undefined;
  /** What the person is told who may not come in, where the words for the reason are not enough. */
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

/** The identity of a plain OpenID Connect provider. Whose members it has names the organization in `org_id`. */
export function identityOf({ issuer, claims }: UpstreamCallback): Identity {
  const { org_id: organization } = claims;
  const belongs = typeof organization === 'string' && organization !== '' ? { organization } : {};
  return { issuer, subject: textOf(claims['sub'], 'sub_missing'), claims, ...belongs };
}

/** A non-empty text, or the provider's answer is broken. */
export function textOf(value: unknown, reason: string): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw new UpstreamError('broken', reason);
}

/** An object's members; none for anything else. */
export function bodyOf(value: unknown): Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {};
}
