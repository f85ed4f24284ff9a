/**
 * A former store: clients and grants of the authorization server that this one replaced (option `formerStore`), and what its readers have in common.
 * It is only ever read. A grant is moved when its client refreshes for the first time, because only the presented token opens its props.
 */
import type { ClientAuthMethod } from './client.ts';
import type { Awaitable } from './runtime.ts';
import type { Json, Seconds } from './store.ts';
import { base64url } from '../lib/bytes.ts';

/** Reads what another server left. Both functions throw if the store is down: the caller answers 503. */
export interface FormerStore {
  /** The client of an id; null if there is none. @param now this server's time; default: the machine's. */
  findClient(id: string, now?: Seconds): Awaitable<FormerClient | FormerProblem | null>;
  /**
   * The grant of a refresh token that is valid there; null for any other text.
   *
   * @param clientId of the client that presents it, and has authenticated. @param now this server's time; default: the machine's.
   */
  findGrant(refreshToken: string, clientId: string, now?: Seconds): Awaitable<FormerGrant | FormerProblem | null>;
  /**
   * Given by a store where `findGrant` spends the token: the `id` and `key` of its grant, made of the token's text alone. A token is then
   * asked for once, and each repeat gets what came of that.
   */
  nameOf?(refreshToken: string): Awaitable<Pick<FormerGrant, 'id' | 'key'>>;
  /**
   * The grants of a user, moved or not; each id begins with the user's and a colon. Without it, a grant can be listed and ended by its id only
   * once it has moved.
   */
  listGrants?(userId: string): Awaitable<readonly FormerListing[]>;
}

/** A grant without what only its token opens. */
export type FormerListing = Omit<FormerGrant, 'props' | 'key'>;

/** A record that cannot be used, in words for the operator: no secret, no token. */
export interface FormerProblem {
  readonly problem: string;
}

/** A client of the former server. */
export interface FormerClient {
  readonly id: string;
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  readonly authMethod: ClientAuthMethod;
  /** Whether it named its method; otherwise a secret may come in the body or in a Basic header. */
  readonly methodChosen: boolean;
  /** SHA-256 of its secret, base64url without padding. */
  readonly secretHash?: string;
  readonly name?: string;
  readonly uri?: string;
  readonly logoUri?: string;
  readonly policyUri?: string;
  readonly tosUri?: string;
  /** The name in other languages, by tag in lower case. */
  readonly names?: { readonly [language: string]: string };
  /** Links in other languages, by member (`logo_uri#ja`). */
  readonly links?: { readonly [member: string]: string };
  readonly contacts?: readonly string[];
  readonly jwksUri?: string;
  readonly createdAt: Seconds;
  /** When the registration expires; absent for never. */
  readonly expiresAt?: Seconds;
}

/** A grant of the former server. */
export interface FormerGrant {
  /** The same for every token of the grant, and different for every grant. */
  readonly id: string;
  readonly clientId: string;
  /** Stays the user's id. */
  readonly userId: string;
  readonly scope: readonly string[];
  /** The resource, or several; absent for the default. */
  readonly resource?: string | readonly string[];
  /** Whether its tokens were good for every URL below the resource, too: then it can move to the one resource that is there. */
  readonly isPrefix?: boolean;
  readonly props: unknown;
  /** A secret that each valid refresh token of the grant gives, and nothing in the store does. */
  readonly key: string;
  readonly redirectUri?: string;
  readonly metadata?: Json;
  /** When the user granted it; absent if that is not known: then it starts when it moves. */
  readonly createdAt?: Seconds;
  /** When it expires there; absent for never. */
  readonly expiresAt?: Seconds;
}

/** SHA-256 of a text, base64url: of a secret, or of a token. */
export async function sha256(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

/** The members of a record that are texts, under our names. @param names of the members there, by ours. */
export function textsIn<Names extends { readonly [name: string]: string }>(
  record: { readonly [name: string]: unknown },
  names: Names,
): { readonly [name in keyof Names]?: string } {
  const entries = Object.entries(names).flatMap(([name, there]) => (typeof record[there] === 'string' ? [[name, record[there]]] : []));
  return Object.fromEntries(entries) as { readonly [name in keyof Names]?: string };
}
