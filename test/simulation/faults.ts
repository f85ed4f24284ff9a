/**
 * Faults that Portcullis once had, or that a careless change would make, as edits of the source. `tools/catch-rate.ts` puts them back one at
 * a time and lets the simulation look for them; no rule of the simulation knows any of them.
 */

/** One fault. */
export interface Fault {
  readonly id: string;
  readonly what: string;
  readonly file: string;
  /** What stands in the source once, and what stands there with the fault. */
  readonly good: string;
  readonly bad: string;
}

/** The source with a fault in it. @throws {Error} where the text to replace does not stand there exactly once. */
export function withFault(text: string, { id, what, file, good, bad }: Fault): string {
  if (text.split(good).length !== 2)
    throw new Error(`${id} (${what}): ${file} does not hold the text to replace exactly once. Write the fault anew.`);
  return text.replace(good, () => bad);
}

const TRANSITIONS = 'src/model/grant-transitions.ts';

export const FAULTS: readonly Fault[] = [
  {
    id: 'F-01', what: 'the messages of a batch are dispatched unjudged', file: 'src/mcp/policy/gate.ts',
    good: `const verdict = need ? await judge(need, asking.access, call.args, policy.implied) : closed(asking.access);`,
    bad: `const verdict: Verdict = isBatch ? { kind: 'allowed' } : need ? await judge(need, asking.access, call.args, policy.implied) : closed(asking.access);`,
  },
  {
    id: 'F-11', what: 'a key that differs is refused before reuse is noticed', file: TRANSITIONS,
    good: `    if (!live && !(retired && isKeyRight)) return ended(grant, 'refresh_reused', proof.now);
    if (!isKeyRight) return refuse('key_differs');`,
    bad: `    if (!isKeyRight) return refuse('key_differs');
    if (!live && !retired) return ended(grant, 'refresh_reused', proof.now);`,
  },
  {
    id: 'F-13', what: 'a retired token leads to its successor, though that is retired as well', file: 'src/model/repeat.ts',
    good: `    next && tokens.refresh !== null;`,
    bad: `    next && tokens.refresh === 'never';`,
  },
  {
    id: 'F-16', what: 'a device poll forgets the request before it redeems', file: 'src/grants/device-code.ts',
    good: `  const tokens = await redeemCode(params, caller, as, polled);
  await forgetDevice(as, polled.hash);`,
    bad: `  await forgetDevice(as, polled.hash);
  const tokens = await redeemCode(params, caller, as, polled);`,
  },
  {
    id: 'F-17', what: 'a code whose answer was our 503 is spent for good', file: 'src/grants/authorization-code.ts',
    good: `if (attempt.given && isOutage(error))`,
    bad: `if (attempt.given === undefined && isOutage(error))`,
  },
  {
    id: 'F-62', what: 'a state under a secret that is not given reads as absent', file: 'src/core/records/user-states.ts',
    good: `if (!opened) throw unreadable(STATE_PURPOSE);`,
    bad: `if (!opened) return null;`,
  },
  {
    id: 'R-02', what: 'a second click finds no answer', file: 'src/core/records/decision-answers.ts',
    good: `const answer = stored && ((await as.secrets.openUnder(secret, stored.value.sealed, \`answered:\${hash}\`)) as T | null);`,
    bad: `const answer = stored && secret === '' ? ((await as.secrets.openUnder(secret, stored.value.sealed, \`answered:\${hash}\`)) as T | null) : null;`,
  },
  {
    id: 'R-04', what: 'required scopes can be narrowed away', file: 'src/grants/scope-rules.ts',
    good: `required: [...resources, everyRoute].find((one) => one?.uri === resource)?.scopes ?? []`,
    bad: `required: [...resources, everyRoute].find((one) => one?.uri === \`\${resource}#\`)?.scopes ?? []`,
  },
  {
    id: 'R-05', what: 'an unknown scope refuses a refresh', file: 'src/grants/scope-rules.ts',
    good: `strict: strictScopes`, bad: `strict: strictScopes || known.length > 0`,
  },
  {
    id: 'R-22', what: 'the same code twice within a moment ends the grant', file: TRANSITIONS,
    good: `<= REPEAT_WINDOW ?`, bad: `< -REPEAT_WINDOW ?`,
  },
  {
    id: 'R-31', what: 'a token answer without token_type is none', file: 'src/upstreams/token-answer.ts',
    good: `if (isGood && textIn(repaired, 'access_token') !== undefined) return`,
    bad: `if (isGood && textIn(repaired, 'access_token') !== undefined && textIn(repaired, 'token_type') !== undefined) return`,
  },
  {
    id: 'R-33', what: 'a web page in front of a site ends the account there', file: 'src/upstreams/token-answer.ts',
    good: `if (parsed === null) throw new UpstreamError('broken',`,
    bad: `if (parsed === null) throw new UpstreamError(isRefresh && response.status < 500 ? 'refused' : 'broken',`,
  },
  {
    id: 'FLT-03', what: 'a rotated token leads nowhere', file: TRANSITIONS,
    good: `return lifetimes.grace === 0 ? inGraceNow : [`, bad: `return lifetimes.grace >= 0 ? inGraceNow : [`,
  },
  {
    id: 'FLT-05', what: 'a read that fails is "not there"', file: 'src/core/store-retry.ts',
    good: `    read: (key, known) => retriedRead(() => store.read(key, known)),`,
    bad: `    read: (key, known) => retriedRead(() => store.read(key, known)).catch(() => null),`,
  },
  {
    id: 'SEC-030', what: 'a code is good as often as it comes', file: TRANSITIONS,
    good: `if (code.spent) return redeemAgain(grant, code, proof);`, bad: `if (code.spent && code.failures > 99) return redeemAgain(grant, code, proof);`,
  },
  {
    id: 'SEC-044', what: 'reuse of a refresh token ends nothing', file: TRANSITIONS,
    good: `return ended(grant, 'refresh_reused', proof.now);`, bad: `return refuse('refresh_reused');`,
  },
  {
    id: 'SEC-040', what: 'a grant that ended lets its access tokens live', file: 'src/core/verify.ts',
    good: `if (before !== undefined && isTrustedFromCache(as, before, now))`, bad: `if (before !== undefined)`,
  },
  {
    id: 'SEC-180', what: 'permissions are not asked for', file: 'src/model/policy.ts',
    good: `if (!maySee(need, access)) return { kind: 'denied', reason: 'permission_missing' };`, bad: ``,
  },
  {
    id: 'S-122', what: 'scopes of a tool are not asked for', file: 'src/mcp/policy/permission.ts',
    good: `  return requireAny([{ scopes: all }], handler, options);`, bad: `  return requireAny([{ scopes: all.slice(9) }], handler, options);`,
  },
  {
    id: 'SEC-216', what: 'a proof counts as often as it comes', file: 'src/core/records/single-use.ts',
    good: `'absent', { until: until + 1 })) !== null;`, bad: `'any', { until: until + 1 })) !== null;`,
  },
  {
    id: 'SEC-191', what: 'a state is written over what others wrote meanwhile', file: 'src/core/records/user-states.ts',
    good: `return store.write(key, record, since ?? 'absent',`, bad: `return store.write(key, record, since === undefined ? 'any' : 'any',`,
  },
]; // prettier-ignore
