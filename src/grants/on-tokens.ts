/**
 * Asks the application's `onTokens` before tokens are issued. A request takes a lease on the grant first, so that one of them
 * asks at a time, in any process: an upstream refresh token that rotates is then spent once. Loaded on servers with that option.
 *
 *   check → refused, or repeated: the application is not asked | leased by another: wait, check again | take lease → ask → issue with the answer, in one write
 */
import type { Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { pause } from '../lib/async.ts';
import { isAhead } from '../lib/clock.ts';
import { isOutage, OAuthError } from '../model/error.ts';
import { end, type Grant, type GrantAccess } from '../model/grant.ts';
import type { Verdict } from '../model/grant-transitions.ts';
import { applyChange, changeProblem, isGrantOver, type SealedChange, tokensGrant, type TokensReason } from '../model/on-tokens.ts';
import { CLOCKS_DIFFER, type Seconds } from '../model/store.ts';
import { changeGrant } from './token-request.ts';

/** How long the application may take, and how long the grant is held for it. */
const PATIENCE: Seconds = 30;
const LEASE: Seconds = 60;
/** Looks at a grant that another request holds: about 20 seconds in all. */
const MAX_LOOKS = 60;
/** Tries to store an answer: the application may have spent something for it. */
const MAX_SAVES = 5;

/** What a check says of the current grant: the tokens that would be issued, or null if earlier ones are repeated. */
export type WouldIssue = { readonly scope: readonly string[]; readonly key: Uint8Array<ArrayBuffer> } | null;

/** Puts the application's answer into a grant with new tokens. @throws {OAuthError} 503 if the lease went to another request. */
export type Amend = (grant: Grant, access: GrantAccess) => { readonly grant: Grant; readonly access: GrantAccess };

/** The request whose tokens are to be issued. */
export interface Asking<T> {
  readonly as: AuthServer;
  readonly caller: Caller;
  readonly grantId: string;
  readonly reason: TokensReason;
  /** The transition without its write. */
  readonly check: (grant: Grant) => Promise<Verdict<WouldIssue>>;
  /** Issues the tokens. */
  readonly issue: (amend: Amend) => Promise<T>;
}

/** Asks the application, and issues the tokens. */
export async function issueAsked<T>(asking: Asking<T>): Promise<T> {
  const { as, caller, grantId, check } = asking;
  const holder = as.secrets.id();
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const leased = await changeGrant<Leased>(as, caller, grantId, async (grant) => {
      const verdict = await check(grant);
      if ('error' in verdict) return verdict;
      const { result } = verdict;
      if (result === null) return { result: 'repeated' };
      if (grant.lease && isAhead(grant.lease.until, LEASE + CLOCKS_DIFFER, as.now())) return { result: 'busy' };
      const next = { ...grant, lease: { holder, until: as.now() + LEASE } };
      return { grant: next, result: { ...result, grant: next } };
    }).catch(async (error: unknown) => {
      if (isOutage(error)) await release(as, grantId, holder); // the write may have happened
      throw error;
    });
    if (leased === 'repeated') return asking.issue(refuseToAmend);
    if (leased !== 'busy') {
      const work = askAndIssue(asking, leased, holder);
      as.runtime.waitUntil?.(work.catch(() => undefined)); // the answer is stored even if this request is cancelled
      return work;
    }
    await wait(as, Math.min(500, 10 * 1.3 ** looks) * (0.5 + Math.random() / 2));
  }
  throw unavailable('grant_busy');
}

type Leased = 'repeated' | 'busy' | (NonNullable<WouldIssue> & { readonly grant: Grant });

async function askAndIssue<T>(
  { as, grantId, reason, issue }: Asking<T>,
  { grant, key, scope }: Exclude<Leased, string>,
  holder: string,
): Promise<T> {
  const change = await askHeld(as, grant, { key, scope, reason, holder });
  let lost: unknown;
  for (let tries = 1; ; tries++) {
    try {
      return await issue((next, access) => {
        if (next.lease?.holder !== holder) throw unavailable('grant_busy');
        const { lease: _released, ...free } = next;
        return applyChange(free, access, change, as.now());
      });
    } catch (error) {
      if (isOutage(error) && error.reason !== 'grant_busy' && tries < MAX_SAVES) {
        lost = error;
        await wait(as, 50 * 2 ** tries);
        continue;
      }
      await release(as, grantId, holder);
      throw lost ?? error; // a write whose answer was lost may have spent the code: the client retries, and gets its tokens
    }
  }
}

/** The answer; a failure releases the grant or ends it. */
async function askHeld(
  as: AuthServer,
  grant: Grant,
  asked: {
    readonly key: Uint8Array<ArrayBuffer>;
    readonly scope: readonly string[];
    readonly reason: TokensReason;
    readonly holder: string;
  },
): Promise<SealedChange> {
  try {
    return await ask(as, grant, asked);
  } catch (error) {
    if (!isGrantOver(error)) {
      await release(as, grant.id, asked.holder);
      throw error;
    }
    throw await as.records.changeGrant(grant.id, (current) => ({
      ...(current.ended ? {} : { grant: end(current, 'access_withdrawn', as.now()) }),
      result: new OAuthError('invalid_grant', 'access_withdrawn', error instanceof OAuthError ? { hint: error.message } : {}),
    }));
  }
}

/**
 * Asks for one grant. @returns its answer, sealed with the grant's key.
 *
 * @throws {OAuthError} `invalid_grant` as the application threw it; 503 for every other failure, which the event `request.failed` tells.
 */
export async function ask(
  as: AuthServer,
  grant: Grant,
  { key, scope, reason }: { readonly key: Uint8Array<ArrayBuffer>; readonly scope: readonly string[]; readonly reason: TokensReason },
): Promise<SealedChange> {
  const { onTokens } = as.settings;
  const seal = (props: unknown): Promise<string> => as.secrets.sealWith(key, props, `grant:${grant.id}`);
  const text = await as.secrets.openWith(key, grant.sealedProps, `grant:${grant.id}`);
  if (onTokens === null || text === null) return {};
  try {
    const props: unknown = JSON.parse(text);
    const signal = AbortSignal.timeout(PATIENCE * 1000);
    const change = (await onTokens({ grant: tokensGrant(grant), props, scope, reason, signal }, as.env as never)) ?? {};
    const problem = changeProblem(change, scope, reason);
    if (problem !== null) throw new TypeError(`The answer of \`onTokens\` ${problem}.`);
    const { props: newProps, accessTokenProps, ...further } = change;
    return {
      ...further,
      ...(newProps === undefined ? {} : { sealedProps: await seal(newProps) }),
      ...(accessTokenProps === undefined ? {} : { accessProps: await seal(accessTokenProps) }),
    };
  } catch (error) {
    if (isGrantOver(error)) throw error;
    as.emit({ kind: 'request.failed', endpoint: 'onTokens', requestId: as.secrets.id(), error });
    throw isOutage(error) ? error : unavailable('on_tokens_failed', error);
  }
}

/** Lets the next request ask. If that fails, too, the lease ends by itself. */
async function release(as: AuthServer, grantId: string, holder: string): Promise<void> {
  try {
    await as.records.changeGrant(grantId, (grant) => {
      if (grant.lease?.holder !== holder) return { result: undefined };
      const { lease: _over, ...free } = grant;
      return { grant: free, result: undefined };
    });
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error; // the first failure is reported
  }
}

async function wait({ runtime }: AuthServer, milliseconds: number): Promise<void> {
  await (runtime.pause ? runtime.pause(milliseconds) : pause(milliseconds));
}

function refuseToAmend(): never {
  throw unavailable('grant_busy'); // the check said that earlier tokens are repeated, and meanwhile they no longer are
}

function unavailable(reason: string, cause?: unknown): OAuthError {
  return new OAuthError('temporarily_unavailable', reason, { headers: { 'retry-after': '2' }, cause });
}
