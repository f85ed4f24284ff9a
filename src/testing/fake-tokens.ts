/**
 * Tokens of a fake provider. Like a real one it refuses a used refresh token with rotation (and then ends everything that came from it), a
 * revoked one, and a wrong secret.
 */
import { base64url } from '../lib/bytes.ts';
import type { Seconds } from '../model/store.ts';

/** Behaviour of a provider's tokens. */
export interface TokenWays {
  /** Prefix of its access tokens. */
  readonly prefix: string;
  /** Lifetime of access tokens in seconds; null for tokens that do not expire, without refresh tokens. */
  lifetime: Seconds | null;
  /** Whether refresh tokens rotate, or stay valid until they are revoked. */
  rotates: boolean;
}

/** Tokens in a token response. */
export type Given = { readonly access_token: string; readonly refresh_token?: string; readonly expires_in?: Seconds };

/** The tokens of one provider. */
export interface FakeTokens {
  /** Tokens for a new sign-in. */
  open(now: Seconds): Given;
  /** Refreshed tokens; null if the refresh token is not valid. */
  refresh(token: string, now: Seconds): Given | null;
  isGood(token: string | undefined, now: Seconds): boolean;
  /** Revokes a token and all related ones; false if it was never issued. */
  revoke(token: string): boolean;
  /** Revokes all tokens. */
  revokeAll(): void;
  /** Number of refresh requests, and of refused ones. */
  readonly refreshes: { asked: number; refused: number };
}

interface Family {
  isOver: boolean;
  refresh: string | null;
}

/** Makes the tokens of one provider. */
export function makeTokens(ways: TokenWays): FakeTokens {
  const families = new Map<string, Family>();
  const ends = new Map<string, Seconds | null>();
  const refreshes = { asked: 0, refused: 0 };
  const random = (): string => base64url(crypto.getRandomValues(new Uint8Array(18)));
  const issue = (family: Family, now: Seconds, keep: string | null): Given => {
    const access = `${ways.prefix}access-token-${random()}`;
    families.set(access, family);
    if (ways.lifetime === null) {
      ends.set(access, null);
      return { access_token: access };
    }
    ends.set(access, now + ways.lifetime);
    const refresh = keep ?? `${ways.prefix}refresh-token-${random()}`;
    family.refresh = refresh;
    families.set(refresh, family);
    const given = { access_token: access, expires_in: ways.lifetime };
    return keep === null ? { ...given, refresh_token: refresh } : given; // without rotation it is issued once
  };
  return {
    refreshes,
    open: (now) => issue({ isOver: false, refresh: null }, now, null),
    refresh(token, now) {
      refreshes.asked += 1;
      const family = families.get(token);
      if (family && !family.isOver && family.refresh === token) return issue(family, now, ways.rotates ? null : token);
      refreshes.refused += 1;
      if (family) family.isOver = true; // a used one was presented: theft, or two clients that share it
      return null;
    },
    isGood(token = '', now) {
      const end = ends.get(token);
      return end !== undefined && families.get(token)?.isOver === false && (end === null || end > now);
    },
    revoke(token) {
      const family = families.get(token);
      if (family) family.isOver = true;
      return family !== undefined;
    },
    revokeAll() {
      for (const family of families.values()) family.isOver = true;
    },
  };
}
