/**
 * Client: the program that asks for access, as it was registered (RFC 7591 §2, §3.2.1).
 */
import type { JwkSet } from './key-set.ts';
import type { Seconds } from './store.ts';

/** How a client proves who it is at the token endpoint. */
export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** All of them, as metadata tells. */
export const CLIENT_AUTH_METHODS: readonly ClientAuthMethod[] = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'];

/** Algorithms in which assertions may be signed: asymmetric ones alone. Published in metadata. */
export const ASSERTION_ALGS: readonly string[] = ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'];
/** Algorithms of DPoP proofs, as metadata tells: with public keys alone. */
export const DPOP_ALGS: readonly string[] = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];

/** A registered client as it is kept. */
export type Client = {
  readonly id: string;
  readonly name?: string;
  readonly uri?: string;
  readonly redirectUris: readonly string[];
  /** `native` clients may use a loopback redirect on any port (RFC 8252 §7.3); `web` ones may not use loopback at all. */
  readonly applicationType: 'native' | 'web';
  readonly grantTypes: readonly string[];
  readonly authMethod: ClientAuthMethod;
  /** It named its method, and is held to it. One that named none and has a secret may show that in the body or in a Basic header. */
  readonly methodChosen?: true;
  /** SHA-256 of the secret, base64url; the secret itself is shown once and never kept. */
  readonly secretHash?: string;
  /** The secret before the last change of it, while both are taken. */
  readonly formerSecret?: { readonly hash: string; readonly until: Seconds };
  /** Public keys that its assertions are checked with; of a client whose method is `none` they are checked where it sends one. */
  readonly jwks?: JwkSet;
  /** Where such keys stand instead. */
  readonly jwksUri?: string;
  /** SHA-256 of the token with which it manages its own registration (RFC 7592). */
  readonly managementHash?: string;
  /** What the client registered as its scope; told back, and no ceiling. */
  readonly scope?: readonly string[];
  /** Resources that it stands for: it may ask what tokens for them are worth. Canonical URLs, or paths of this server. */
  readonly introspects?: readonly string[];
  /** Whether its authorization requests have to be pushed (RFC 9126 §6). */
  readonly pushedOnly?: boolean;
  /** Whether all its tokens have to be bound to a key (RFC 9449 §5.2). */
  readonly dpopBound?: boolean;
  /** Host of the metadata document that describes it; only for clients that are known by such a document. */
  readonly documentHost?: string;
  /** Until when the document is taken without another look at it. Kept longer, for when its host is down. */
  readonly freshUntil?: Seconds;
  /** The operator entered it. All others registered themselves, and nobody vouches for what they say. */
  readonly entered?: boolean;
  /** It registered itself, and it has been allowed nothing so far: where there is no room, the oldest of these give way. */
  readonly unused?: true;
  readonly createdAt: Seconds;
  /** When an unused registration ends. */
  readonly expiresAt?: Seconds;
};
