/**
 * Clients as the operator describes them, in the options or through the helpers. The operator is trusted, so each mistake is explained: a
 * `TypeError` that names the client, the member and the fix.
 */
import { isDocumentUrl } from '../lib/url.ts';
import { checkTypes } from '../lib/check-options.ts';
import { isReadable } from '../lib/untrusted-text.ts';
import { type Client, CLIENT_AUTH_METHODS, type ClientAuthMethod, CONFIDENTIAL_GRANT_TYPES, DEVICE_CODE } from './client.ts';
import { OAuthError } from './error.ts';
import { keySetOf, type JwkSet } from './key-set.ts';
import { checkRedirectUri } from './redirect.ts';
import { canonicalResource } from './resource.ts';
import { isScopeToken } from './scope.ts';
import type { Seconds } from './store.ts';

/** All names, to check their spelling. */
const GRANT_TYPE_NAMES: readonly string[] = ['authorization_code', 'refresh_token', DEVICE_CODE, ...CONFIDENTIAL_GRANT_TYPES];

/** A client as the operator describes it. */
export interface ClientSpec {
  /** Shown on pages. */
  readonly name?: string | undefined;
  /** The client's home page, for the consent page. */
  readonly uri?: string | undefined;
  /** An image for pages, as an https URL: PNG, JPEG, GIF or WebP of at most 64 kB. */
  readonly logoUri?: string | undefined;
  /** The client's privacy policy, linked on the consent page. */
  readonly policyUri?: string | undefined;
  /** The client's terms of service, linked on the consent page. */
  readonly tosUri?: string | undefined;
  /** Required for sign-in; a client that only acts for itself has none. */
  readonly redirectUris?: readonly string[] | undefined;
  /** `native` by default. */
  readonly applicationType?: 'native' | 'web' | undefined;
  /** By default `authorization_code` and `refresh_token` if there are redirect URIs, else `client_credentials`. */
  readonly grantTypes?: readonly string[] | undefined;
  /** By default `private_key_jwt` if there are keys, else a secret in a Basic header or in the body. If set, only that method works. */
  readonly authMethod?: ClientAuthMethod | undefined;
  /** Public keys for `private_key_jwt`. */
  readonly jwks?: JwkSet | undefined;
  /** URL of the keys instead. */
  readonly jwksUri?: string | undefined;
  /** The most that it may get when it acts for itself; none by default. What a user may grant it is not limited by this. */
  readonly scope?: readonly string[] | undefined;
  /** Resources it may introspect tokens for (RFC 7662), by path on this server (`/mcp`) or full URL. */
  readonly introspects?: readonly string[] | undefined;
  /** Accepts only pushed authorization requests (RFC 9126). */
  readonly requirePushedAuthorizationRequests?: boolean | undefined;
  /** Accepts only DPoP-bound tokens (RFC 9449). */
  readonly dpopBoundAccessTokens?: boolean | undefined;
}

/** A client of the helpers: also with what only they keep. */
export interface HelperClientSpec extends ClientSpec {
  /** Name and links in other languages (RFC 7591 §2.2): `{ 'client_name#ja': '…', 'tos_uri#ja': 'https://…' }`. */
  readonly localized?: { readonly [member: string]: string };
  /** Addresses of the people responsible for it. */
  readonly contacts?: readonly string[];
}

/** A client of the `clients` option, under an id that the operator chose. */
export interface ConfiguredClient extends ClientSpec {
  /** 1 to 128 letters, digits, `-` and `_`, or the URL of a metadata document that is not fetched. */
  readonly id: string;
  /** At least 32 characters; for the two methods that use a secret. */
  readonly secret?: string | undefined;
}

const CLIENT_ID = /^[\w-]{1,128}$/;
const MIN_SECRET = 32;
const LINKS = ['logoUri', 'policyUri', 'tosUri'] as const;
const MEMBERS =
  'name:string uri:string logoUri:string policyUri:string tosUri:string redirectUris:string[] applicationType grantTypes:string[] authMethod jwks jwksUri:string scope:string[] introspects:string[] requirePushedAuthorizationRequests:boolean dpopBoundAccessTokens:boolean';

/** Refuses a misspelt member, which would protect nothing. @param more members, each after a space. @throws {TypeError} naming it. */
export function checkMembers(owner: string, spec: Partial<ConfiguredClient>, more: string): void {
  checkTypes(owner, spec, MEMBERS + more);
}

/** Makes the client of a spec. @throws {TypeError} naming what is wrong. */
export function clientFrom(id: string, spec: ClientSpec, createdAt: Seconds): Client {
  const { name, uri, redirectUris = [], applicationType = 'native', jwks, jwksUri, scope, introspects } = spec;
  const direct = introspects === undefined ? ['client_credentials'] : [];
  const defaults = redirectUris.length > 0 ? ['authorization_code', 'refresh_token'] : direct;
  const { grantTypes = defaults, authMethod = jwks || jwksUri !== undefined ? 'private_key_jwt' : 'client_secret_basic' } = spec;
  const reject = (problem: string): never => {
    throw new TypeError(`The client ${JSON.stringify(id)}: ${problem}.`);
  };
  if (!CLIENT_ID.test(id) && !isDocumentUrl(id, true))
    reject('its id must be 1 to 128 letters, digits, "-" and "_", or the URL of a document');
  if (applicationType !== 'native' && applicationType !== 'web') reject('`applicationType` must be "native" or "web"');
  if (!CLIENT_AUTH_METHODS.includes(authMethod)) reject(`\`authMethod\` must be one of ${CLIENT_AUTH_METHODS.join(', ')}`);
  if (name !== undefined && !isReadable(name)) reject('`name` has invisible characters, or no visible ones');
  const unknown = grantTypes.find((type) => !GRANT_TYPE_NAMES.includes(type));
  if (unknown !== undefined) reject(`\`grantTypes\` holds ${JSON.stringify(unknown)}, which is not one of ${GRANT_TYPE_NAMES.join(', ')}`);
  const guarded = grantTypes.find((type) => CONFIDENTIAL_GRANT_TYPES.includes(type));
  if (guarded !== undefined && authMethod === 'none')
    reject(`${guarded} needs a client that proves who it is; give it another \`authMethod\``);
  if (grantTypes.includes('authorization_code') && redirectUris.length === 0) reject('`redirectUris` is empty, and sign-ins need one');
  redirectUris.forEach(
    (one) => isRedirect(one) || reject(`\`redirectUris\` holds ${JSON.stringify(one)}, which is neither https nor loopback`),
  );
  const bad = scope?.find((one) => !isScopeToken(one));
  if (bad !== undefined) reject(`\`scope\` holds ${JSON.stringify(bad)}, which is not a scope`);
  const nowhere = introspects?.find((one) => !one.startsWith('/') && canonicalResource(one) === null);
  if (nowhere !== undefined) reject(`\`introspects\` holds ${JSON.stringify(nowhere)}; name a path such as "/mcp", or a full URL`);
  if (introspects !== undefined && authMethod === 'none')
    reject('`introspects` needs a client that proves who it is; give it another `authMethod`');
  checkKeys(authMethod, jwks, jwksUri, reject);
  const links = LINKS.flatMap((member) => {
    const link = spec[member];
    if (link !== undefined && !/^https:\/\/[^\s\\]+$/.test(link)) reject(`\`${member}\` must be an https URL`);
    return link === undefined ? [] : [[member, link] as const];
  });
  return {
    id,
    redirectUris,
    applicationType,
    grantTypes,
    authMethod,
    createdAt,
    ...(name === undefined ? {} : { name }),
    ...(uri === undefined ? {} : { uri }),
    ...Object.fromEntries(links),
    ...(scope === undefined ? {} : { scope }),
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(introspects === undefined ? {} : { introspects }),
    ...(spec.requirePushedAuthorizationRequests ? { pushedOnly: true } : {}),
    ...(spec.dpopBoundAccessTokens ? { dpopBound: true } : {}),
    ...(spec.authMethod === undefined ? {} : { methodChosen: true }),
  };
}

function checkKeys(method: ClientAuthMethod, jwks: unknown, jwksUri: string | undefined, reject: (problem: string) => never): void {
  if (jwks !== undefined && jwksUri !== undefined) reject('give `jwks` or `jwksUri`, not both');
  if (method === 'private_key_jwt' && jwks === undefined && jwksUri === undefined) reject('private_key_jwt needs `jwks` or `jwksUri`');
  if (jwks !== undefined && !keySetOf(jwks)) reject('`jwks` must be `{ keys: [...] }` with public keys only');
  if (jwksUri !== undefined && !isDocumentUrl(jwksUri, true)) reject('`jwksUri` must be an https URL with a path');
}

function isRedirect(text: string): boolean {
  try {
    checkRedirectUri(text); // private-use schemes may be listed; they are not used (`findRedirect`)
    return true;
  } catch (error) {
    if (error instanceof OAuthError) return false;
    throw error;
  }
}

/** Checks the secret of a configured client. @throws {TypeError} naming what is wrong. */
export function checkSecret({ id, secret }: ConfiguredClient, { authMethod }: Client): void {
  const needed = authMethod.startsWith('client_secret');
  if (needed === (secret !== undefined && secret.length >= MIN_SECRET)) return;
  const problem = needed ? `needs a \`secret\` of at least ${MIN_SECRET} characters` : `has a \`secret\`, which ${authMethod} does not use`;
  throw new TypeError(`The client ${JSON.stringify(id)} ${problem}.`);
}
