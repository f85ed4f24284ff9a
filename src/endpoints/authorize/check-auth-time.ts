/**
 * Fresh: whether somebody who was sent away to prove anew who they are has done so. A site can answer out of a session that it has,
 * and a person can cut the question off the address; only a time that the site vouches for counts (OpenID Connect Core §3.1.2.1).
 * Where a site gives none, the second factor proves it, or nothing does.
 */
import { findUserId } from '../../core/users/user-ids.ts';
import type { Authenticated, ReturnResult, SiteLogin } from '../../model/login.ts';
import type { Seconds } from '../../model/store.ts';
import type { Call } from '../endpoint.ts';
import { servicesOf } from '../sign-in/sign-in.ts';

/** How far apart the clocks may be. */
const SKEW: Seconds = 60;

/**
 * What a return came to, where a fresh proof was demanded: refused unless there is one, or a second factor will be asked for next.
 *
 * @param since when the trip began; undefined where any proof will do.
 */
export async function checkAuthTime(call: Call, login: SiteLogin, result: ReturnResult, since: Seconds | undefined): Promise<ReturnResult> {
  if (since === undefined || result.kind !== 'proven') return result;
  const { authenticatedAt } = result;
  if (authenticatedAt !== undefined && authenticatedAt >= since - SKEW) return result;
  if (await hasSecondFactor(call, result)) return result;
  if (authenticatedAt !== undefined) return { kind: 'refused', reason: 'proof_too_old' };
  return { kind: 'refused', reason: 'proof_without_time', text: (words) => words.site.noTime(login.label) };
}

/** Nothing is written for somebody who never signed in. */
async function hasSecondFactor(call: Call, { identity, multiFactor }: Authenticated): Promise<boolean> {
  const { secondFactor } = call.as.settings;
  const userId = secondFactor && !multiFactor ? await findUserId(call.as, identity) : null;
  if (!secondFactor || userId === null) return false;
  return (await secondFactor.ask(userId, servicesOf(call))) !== null;
}
