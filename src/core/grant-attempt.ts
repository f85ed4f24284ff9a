/**
 * Issues tokens where the grant is: a code or a refresh token that only the grant decides about is a read, a pure transition and a write, and the object that
 * holds the record does all three in one call (docs/decisions/0001). Whatever else is to be asked, refused, ended or repeated stays unchanged and goes the long
 * way, through `records.changeGrant`, with the record as it was read here.
 */
import type { Grant } from '../model/grant.ts';
import { type Minted, redeem, type Redemption, rotate, type Rotation } from '../model/grant-transitions.ts';
import type { Attempt, Attempted } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { isGrant } from './records/grant-records.ts';

/** What a request without scopes presents: then no scope rule can narrow anything. Without functions, which no call of an object carries. */
type Presented<T> = Omit<T, 'expandScopes' | 'rules' | 'scope'>;

/** A request for tokens. */
export type GrantAttempt = Attempt & {
  /** How the client authenticated, and whether it is one of the `clients` option now. */
  readonly clientAuth: Grant['clientAuth'];
  readonly isConfigured: boolean;
  /** Logins whose sign-ins are not rechecked at a refresh. */
  readonly settled: readonly string[];
  readonly minted: Minted;
} & ({ readonly kind: 'redeem'; readonly proof: Presented<Redemption> } | { readonly kind: 'rotate'; readonly proof: Presented<Rotation> });

/** Makes an attempt at a grant, in one call of a store that can; undefined if this one cannot. */
export async function attemptGrant(as: AuthServer, id: string, attempt: GrantAttempt): Promise<Attempted | undefined> {
  let made: Attempted | undefined;
  let isDone = true; // if its answer is lost, it may have happened
  try {
    made = await as.store.attempt?.(`grant:${id}`, attempt);
    isDone = made?.isDone === true;
    return made;
  } finally {
    if (isDone) as.grantCache.invalidate(id, made?.stored?.value as Grant | undefined);
  }
}

/** The record with new tokens; null if anything but the record has a say, or they are not new ones. */
export function attempted(value: unknown, attempt: GrantAttempt): Grant | null {
  if (!isGrant(value) || needsMore(value, attempt)) return null;
  const { clientAuth, minted } = attempt;
  const grant = value.clientAuth === clientAuth ? value : { ...value, clientAuth };
  const verdict =
    attempt.kind === 'redeem'
      ? redeem({ ...attempt.proof, ...NO_SCOPE }, grant.lifetimes.refresh === 0 ? { ...minted, refresh: null } : minted)(grant)
      : rotate({ ...attempt.proof, ...NO_SCOPE }, minted)(grant);
  return 'result' in verdict && verdict.result.kind !== 'repeated' ? (verdict.grant ?? null) : null;
}

const NO_SCOPE = { scope: [], expandScopes: (scope: readonly string[]): readonly string[] => scope };

/** Whether the client's record, a proof of a key or a login must be asked, or an attempt whose answer was lost may still arrive. */
function needsMore(grant: Grant, { kind, clientAuth, isConfigured, settled }: GrantAttempt): boolean {
  if (clientAuth === 'public' && (grant.clientAuth === 'confidential' || (grant.configured && !isConfigured))) return true;
  if (grant.dpopBound && !isConfigured) return true;
  return kind === 'redeem' ? grant.code?.contested === true : grant.origin !== undefined && !settled.includes(grant.origin.login);
}
