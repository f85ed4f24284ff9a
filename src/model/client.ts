/**
 * Client: the application that requests access, as it was registered (RFC 7591 §2, §3.2.1), with the authentication methods, algorithms and grant
 * types that there are.
 */
import type { JwkSet } from './key-set.ts';
import type { Seconds } from './store.ts';

/** How a client authenticates at the token endpoint. */
export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** All methods, as published in metadata. */
export const CLIENT_AUTH_METHODS: readonly ClientAuthMethod[] = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'];

/** Signature algorithms for assertions, asymmetric only; published in metadata. */
export const ASSERTION_ALGS: readonly string[] = ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'];
/** Signature algorithms for DPoP proofs, asymmetric only; published in metadata. */
export const DPOP_ALGS: readonly string[] = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];

/** A stored client. */
export type Client = {
  readonly id: string;
  readonly name?: string;
  /** The name in other languages, by tag in lower case (`client_name#ja`, RFC 7591 §2.2). */
  readonly names?: { readonly [language: string]: string };
  readonly uri?: string;
  /** An image. Pages show it from our own origin, after its bytes were checked (`endpoints/authorize/logo.ts`). */
  readonly logoUri?: string;
  /** The client's privacy policy. */
  readonly policyUri?: string;
  /** The client's terms of service. */
  readonly tosUri?: string;
  /** Links in other languages, by member (`logo_uri#ja`, RFC 7591 §2.2). Our pages do not use them. */
  readonly links?: { readonly [member: string]: string };
  /** Addresses of the people responsible for the client. */
  readonly contacts?: readonly string[];
  readonly redirectUris: readonly string[];
  /** `native` clients may use a loopback redirect URI on any port (RFC 8252 §7.3); `web` clients may not use loopback. */
  readonly applicationType: 'native' | 'web';
  readonly grantTypes: readonly string[];
  readonly authMethod: ClientAuthMethod;
  /** Set if it named its authentication method, which is then enforced. Otherwise a client with a secret may use the body or a Basic header. */
  readonly methodChosen?: true;
  /** SHA-256 of the secret, base64url; the secret itself is shown once and never stored. */
  readonly secretHash?: string;
  /** The secret before the last change, while both are valid. */
  readonly formerSecret?: { readonly hash: string; readonly until: Seconds };
  /** Public keys for its assertions. If its method is `none`, an assertion is optional, and checked if sent. */
  readonly jwks?: JwkSet;
  /** URL of these keys instead. */
  readonly jwksUri?: string;
  /** SHA-256 of its registration access token (RFC 7592). */
  readonly managementHash?: string;
  /** The scope that it registered; echoed, and no limit. */
  readonly scope?: readonly string[];
  /** Resources it may introspect tokens for: canonical URLs, or paths on this server. */
  readonly introspects?: readonly string[];
  /** Whether its authorization requests must be pushed (RFC 9126 §6). */
  readonly pushedOnly?: boolean;
  /** Whether its tokens must be DPoP-bound (RFC 9449 §5.2). */
  readonly dpopBound?: boolean;
  /** Host of its metadata document, for clients that are identified by one. */
  readonly documentHost?: string;
  /** Until when the document is used without fetching it again. It is stored longer, in case its host is down. */
  readonly freshUntil?: Seconds;
  /** Set if the operator registered it. Others registered themselves, and what they say is unverified. */
  readonly entered?: boolean;
  /** Set if it registered itself and has no grant so far. When registrations are full, the oldest of these are removed. */
  readonly unused?: true;
  readonly createdAt: Seconds;
  /** When an unused registration expires. */
  readonly expiresAt?: Seconds;
};

/** A client as applications see it. */
export type ClientInfo = Omit<Client, 'secretHash' | 'formerSecret' | 'managementHash'>;

/** The public part of a client. */
export function withoutSecret(client: Client): ClientInfo {
  const { secretHash: _secretHash, formerSecret: _formerSecret, managementHash: _managementHash, ...rest } = client;
  return rest;
}

/** Token exchange (RFC 8693). */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** Assertions of a trusted issuer (RFC 7523 §2.1). */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Devices without a browser (RFC 8628). */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** Grant types of clients that register themselves. */
const SELF_GRANT_TYPES: readonly string[] = ['authorization_code', 'refresh_token'];

/** The same, plus the device grant if this server offers it. A client must name that one to get it. */
export function selfGrantTypes({ paths }: { readonly paths: { readonly deviceAuthorization: string | null } }): readonly string[] {
  return paths.deviceAuthorization === null ? SELF_GRANT_TYPES : [...SELF_GRANT_TYPES, DEVICE_CODE];
}

/** Grant types only for clients that the operator registered and that authenticate. */
export const CONFIDENTIAL_GRANT_TYPES: readonly string[] = ['client_credentials', TOKEN_EXCHANGE, JWT_BEARER];

/** Whether a host is one of a list, or below one of it. */
export function isHostIn(host: string, hosts: readonly string[]): boolean {
  const name = host.replace(/\.$/, ''); // the same host in DNS
  return hosts.some((one) => name === one || name.endsWith(`.${one}`));
}

/** Whether the id of a client is the URL of a document on a denied host: known before anything is fetched. */
export function isDeniedId({ denyHosts }: { readonly denyHosts: readonly string[] }, id: string): boolean {
  return denyHosts.length > 0 && id.includes(':') && URL.canParse(id) && isHostIn(new URL(id).hostname, denyHosts);
}
