/**
 * The tokens of a fake provider: refuses what real ones refuse. A refresh token that was used where it rotates (which, as at
 * real ones, ends everything it gave), one that was taken back, a client that does not know its secret.
 */
import { base64url } from '../lib/base64url.ts';
import type { Seconds } from '../model/store.ts';

/** How a provider's tokens live. */
export interface TokenWays {
  /** What its access tokens begin with. */
  readonly prefix: string;
  /** Seconds of an access token; null for tokens without end and without refresh token. */
  lifetime: Seconds | null;
  /** Whether a refresh token is good for one use, or until it is taken back. */
  rotates: boolean;
}

/** What the token endpoint gives. */
export type Given = { readonly access_token: string; readonly refresh_token?: string; readonly expires_in?: Seconds };

/** The tokens of one provider. */
export interface FakeTokens {
  /** Tokens for a fresh sign-in. */
  open(now: Seconds): Given;
  /** The next tokens; null where the refresh token is not good. */
  refresh(token: string, now: Seconds): Given | null;
  isGood(token: string | undefined, now: Seconds): boolean;
  /** Takes back a token and all that hang together with it; false for one that was never given. */
  revoke(token: string): boolean;
  /** Takes back all that were ever given. */
  revokeAll(): void;
  /** How often a refresh was asked for, and how often one was refused. */
  readonly refreshes: { asked: number; refused: number };
}

interface Family {
  isOver: boolean;
  refresh: string | null;
}

/** Makes them. */
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
    return keep === null ? { ...given, refresh_token: refresh } : given; // one that does not rotate is given once
  };
  return {
    refreshes,
    open: (now) => issue({ isOver: false, refresh: null }, now, null),
    refresh(token, now) {
      refreshes.asked += 1;
      const family = families.get(token);
      if (family && !family.isOver && family.refresh === token) return issue(family, now, ways.rotates ? null : token);
      refreshes.refused += 1;
      if (family) family.isOver = true; // a spent one was presented: theft, or two who share it
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
