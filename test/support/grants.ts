/** Grants and proofs without cryptography, for tests of the plain state machine: a token is its name, its hash too. */
import type { Grant } from '../../src/model/grant.ts';
import { type Minted, redeem, type Redemption, type Rotation, type Verdict } from '../../src/model/grant-transitions.ts';
import { type Proof, wrap } from '../../src/model/token.ts';

/** The key of every grant here. */
export const KEY: Uint8Array<ArrayBuffer> = Uint8Array.from({ length: 32 }, (_, at) => at);
export const START = 1_790_000_000;

/** What the holder of a named secret shows. */
export function proofOf(name: string): Proof {
  return { hash: name, pad: Uint8Array.from({ length: 32 }, (_, at) => (name.charCodeAt(at % name.length) * 31 + at * 7) & 255) };
}

/** What the holder of a named refresh token shows. */
export function refreshOf(name: string, family = 'family'): Proof & { readonly familyHash: string } {
  return { ...proofOf(name), familyHash: family };
}

/** The n-th pair of tokens. */
export function minted(n: number): Minted {
  return { access: proofOf(`access-${n}`), refresh: refreshOf(`refresh-${n}`) };
}

/** An open grant with an unspent code. */
export function openGrant(more: Partial<Grant> = {}): Grant {
  return {
    v: 1,
    id: 'grant',
    clientId: 'client',
    clientAuth: 'public',
    userId: 'user',
    scope: ['read', 'write'],
    resource: 'https://mcp.example/mcp',
    createdAt: START,
    expiresAt: START + 10_000,
    lifetimes: { access: 600, refresh: 3000, grace: 120 },
    sealedProps: 'sealed',
    code: {
      ...wrap(KEY, proofOf('code')),
      challenge: 'challenge',
      redirectUri: 'https://app.example/cb',
      expiresAt: START + 60,
      spent: false,
      failures: 0,
    },
    refresh: null,
    retired: [],
    access: [],
    usedAt: START,
    ended: null,
    ...more,
  };
}

/** A redemption of that grant's code, with everything right but what is given. */
export function redemption(more: Partial<Redemption> = {}): Redemption {
  const right = {
    code: proofOf('code'),
    clientId: 'client',
    challenge: 'challenge',
    redirectUri: undefined,
    resource: undefined,
    scope: [],
  };
  return { ...right, expandScopes: (scope) => scope, now: START, ...more };
}

/** A rotation of a refresh token to the n-th pair, with everything right but what is given. */
export function rotation(token: string, next: number, now: number, more: Partial<Rotation> = {}): Rotation {
  const right = { refresh: refreshOf(token), clientId: 'client', resource: undefined, scope: [], sealedSuccessor: `refresh-${next}` };
  return { ...right, expandScopes: (scope) => scope, now, ...more };
}

/** Why a move was refused; null where it was not. */
export function reasonOf(verdict: Verdict<unknown>): string | null {
  return 'error' in verdict ? verdict.error.reason : null;
}

/** The grant as a move wrote it. */
export function grantAfter(verdict: Verdict<unknown>): Grant {
  if (!verdict.grant) throw new Error(`The move wrote nothing: ${reasonOf(verdict)}.`);
  return verdict.grant;
}

/** A grant whose code was redeemed for the first pair. */
export function redeemed(): Grant {
  return grantAfter(redeem(redemption(), minted(1))(openGrant()));
}
