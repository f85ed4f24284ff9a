/**
 * Client spec: a client as its operator describes it, in the options or through the helpers, and its checks. What the operator says
 * is trusted, so mistakes are told in full: a `TypeError` that names the client, the member and the fix.
 */
import { isDocumentUrl } from '../lib/document-url.ts';
import { isReadable } from '../lib/readable.ts';
import { CLIENT_AUTH_METHODS, type Client, type ClientAuthMethod } from './client.ts';
import { OAuthError } from './error.ts';
import { CONFIDENTIAL_GRANT_TYPES, GRANT_TYPE_NAMES } from './grant-type.ts';
import { keySetOf, type JwkSet } from './key-set.ts';
import { checkRedirectUri } from './redirect.ts';
import { canonicalResource } from './resource.ts';
import { isScopeToken } from './scope.ts';
import type { Seconds } from './store.ts';

/** A client as the operator describes it. */
export interface ClientSpec {
  /** What pages show. */
  readonly name?: string;
  readonly uri?: string;
  /** Needed for sign-ins; a client that only acts for itself has none. */
  readonly redirectUris?: readonly string[];
  /** Default `native`. */
  readonly applicationType?: 'native' | 'web';
  /** Default: sign-ins with refresh where there are redirect URIs, else `client_credentials`. */
  readonly grantTypes?: readonly string[];
  /** Default: `private_key_jwt` where there are keys, else a secret, in a Basic header or in the body. A client that names a method is held to it. */
  readonly authMethod?: ClientAuthMethod;
  /** Public keys for `private_key_jwt`. */
  readonly jwks?: JwkSet;
  /** Where such keys stand instead. */
  readonly jwksUri?: string;
  /** Everything that it may have when it acts for itself; none if absent. What a user may grant it has no such bound. */
  readonly scope?: readonly string[];
  /** Resources that it stands for, by path of this server (`/mcp`) or full URL: it may ask what tokens for them are worth (RFC 7662). */
  readonly introspects?: readonly string[];
  /** Takes only authorization requests that it pushed first (RFC 9126). */
  readonly requirePushedAuthorizationRequests?: boolean;
  /** Takes only tokens that are bound to a key of it (RFC 9449). */
  readonly dpopBoundAccessTokens?: boolean;
}

/** A client of the options: one that is there from the start, under an id that the operator chose. */
export interface ConfiguredClient extends ClientSpec {
  /** 1 to 128 letters, digits, `-` and `_`, or the URL of a metadata document that is not to be fetched. */
  readonly id: string;
  /** At least 32 characters; for the two methods that need one. */
  readonly secret?: string;
}

const CLIENT_ID = /^[\w-]{1,128}$/;
const MIN_SECRET = 32;

/** The client that a spec describes. @throws {TypeError} naming what is wrong. */
export function clientFrom(id: string, spec: ClientSpec, createdAt: Seconds): Client {
  const { name, uri, redirectUris = [], applicationType = 'native', jwks, jwksUri, scope, introspects } = spec;
  const direct = introspects === undefined ? ['client_credentials'] : [];
  const usual = redirectUris.length > 0 ? ['authorization_code', 'refresh_token'] : direct;
  const { grantTypes = usual, authMethod = jwks || jwksUri !== undefined ? 'private_key_jwt' : 'client_secret_basic' } = spec;
  const wrong = (mend: string): never => {
    throw new TypeError(`The client ${JSON.stringify(id)}: ${mend}.`);
  };
  if (!CLIENT_ID.test(id) && !isDocumentUrl(id, true))
    wrong('its id must be 1 to 128 letters, digits, "-" and "_", or the URL of a document');
  if (!CLIENT_AUTH_METHODS.includes(authMethod)) wrong(`\`authMethod\` must be one of ${CLIENT_AUTH_METHODS.join(', ')}`);
  if (name !== undefined && !isReadable(name)) wrong('`name` holds invisible characters, or nothing that can be seen');
  const unknown = grantTypes.find((type) => !GRANT_TYPE_NAMES.includes(type));
  if (unknown !== undefined) wrong(`\`grantTypes\` holds ${JSON.stringify(unknown)}, which is none of ${GRANT_TYPE_NAMES.join(', ')}`);
  const guarded = grantTypes.find((type) => CONFIDENTIAL_GRANT_TYPES.includes(type));
  if (guarded !== undefined && authMethod === 'none')
    wrong(`${guarded} needs a client that proves who it is; give it another \`authMethod\``);
  if (grantTypes.includes('authorization_code') && redirectUris.length === 0) wrong('`redirectUris` is empty, and sign-ins need one');
  redirectUris.forEach(
    (one) => isRedirect(one) || wrong(`\`redirectUris\` holds ${JSON.stringify(one)}, which is neither https nor loopback`),
  );
  const bad = scope?.find((one) => !isScopeToken(one));
  if (bad !== undefined) wrong(`\`scope\` holds ${JSON.stringify(bad)}, which is not a scope`);
  const nowhere = introspects?.find((one) => !one.startsWith('/') && canonicalResource(one) === null);
  if (nowhere !== undefined) wrong(`\`introspects\` holds ${JSON.stringify(nowhere)}; name a path such as "/mcp", or a full URL`);
  if (introspects !== undefined && authMethod === 'none')
    wrong('`introspects` needs a client that proves who it is; give it another `authMethod`');
  checkKeys(authMethod, jwks, jwksUri, wrong);
  return {
    id,
    redirectUris,
    applicationType,
    grantTypes,
    authMethod,
    createdAt,
    ...(name === undefined ? {} : { name }),
    ...(uri === undefined ? {} : { uri }),
    ...(scope === undefined ? {} : { scope }),
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(introspects === undefined ? {} : { introspects }),
    ...(spec.requirePushedAuthorizationRequests ? { pushedOnly: true } : {}),
    ...(spec.dpopBoundAccessTokens ? { dpopBound: true } : {}),
    ...(spec.authMethod === undefined ? {} : { methodChosen: true }),
  };
}

function checkKeys(method: ClientAuthMethod, jwks: unknown, jwksUri: string | undefined, wrong: (mend: string) => never): void {
  if (jwks !== undefined && jwksUri !== undefined) wrong('give `jwks` or `jwksUri`, not both');
  if (method === 'private_key_jwt' && jwks === undefined && jwksUri === undefined) wrong('private_key_jwt needs `jwks` or `jwksUri`');
  if (jwks !== undefined && !keySetOf(jwks)) wrong('`jwks` must be `{ keys: [...] }` with public keys only');
  if (jwksUri !== undefined && !isDocumentUrl(jwksUri, true)) wrong('`jwksUri` must be an https URL with a path');
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

/** Checks what only clients of the options have. @throws {TypeError} naming what is wrong. */
export function checkSecret({ id, secret }: ConfiguredClient, { authMethod }: Client): void {
  const needed = authMethod.startsWith('client_secret');
  if (needed === (secret !== undefined && secret.length >= MIN_SECRET)) return;
  const mend = needed ? `needs a \`secret\` of at least ${MIN_SECRET} characters` : `has a \`secret\`, which ${authMethod} does not use`;
  throw new TypeError(`The client ${JSON.stringify(id)} ${mend}.`);
}
