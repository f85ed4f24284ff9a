/**
 * A model checker for the exchange of a code: every order, within bounds, in which requests with everything right, lost answers of the
 * store, late writes, revocation and time can meet it. The machine is the real one; the store is one record with a version.
 */
import { attempted } from '../../src/core/grant-attempt.ts';
import type { Grant } from '../../src/model/grant.ts';
import { noteUnanswered } from '../../src/grants/repeated-answer.ts';
import { redeem, revoke } from '../../src/model/grant-transitions.ts';
import { minted, openGrant, proofOf, START } from './grants.ts';
import type { Findings } from './grant-checker.ts';

/** What the checker drives. */
export interface CodeMachine {
  readonly redeem: typeof redeem;
  readonly noteUnanswered: typeof noteUnanswered;
}

export const CODE_MACHINE: CodeMachine = { redeem, noteUnanswered };

interface World {
  readonly grant: Grant;
  readonly version: number;
  readonly now: number;
  readonly requests: number;
  readonly passes: number;
  /** A write that the server gave up; of an attempt, which names no version, the request. */
  readonly late: {
    readonly grant: Grant;
    readonly version: number;
    readonly attempt?: { readonly n: number; readonly now: number };
  } | null;
  /** How many answers with tokens have left. */
  readonly given: number;
  /** Whether the store took no note of a 503. */
  readonly isUnnoted: boolean;
}

interface Step {
  readonly name: string;
  readonly world: World;
  readonly broken?: string;
}

/** Looks at every reachable world. */
export function exploreCode({ requests, passes }: { requests: number; passes: number }, machine: CodeMachine = CODE_MACHINE): Findings {
  const first: World = { grant: openGrant(), version: 1, now: START, requests, passes, late: null, given: 0, isUnnoted: false };
  const seen = new Set<string>();
  const queue: { readonly world: World; readonly trace: readonly string[] }[] = [{ world: first, trace: [] }];
  for (let next = queue.pop(); next; next = queue.pop()) {
    for (const { name, world, broken } of stepsFrom(next.world, requests, machine)) {
      const trace = [...next.trace, name];
      if (broken !== undefined) return { states: seen.size, broken: { promise: broken, trace } };
      const key = keyOf(world);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push({ world, trace });
    }
  }
  return { states: seen.size, broken: null };
}

function stepsFrom(world: World, requests: number, machine: CodeMachine): readonly Step[] {
  const { late, version, now, passes, grant } = world;
  const steps: Step[] = world.requests === 0 ? [] : redeeming(world, requests, machine);
  if (passes > 0) for (const span of [10, 11]) steps.push({ name: `${span} s pass`, world: { ...world, now: now + span, passes: passes - 1 } });
  if (late?.attempt) {
    const done = attemptOf(grant, late.attempt);
    steps.push({ name: 'the late attempt lands', world: { ...(done ? written(world, done) : world), late: null } });
  } else if (late) steps.push({ name: 'the late write lands', world: { ...(late.version === version ? written(world, late.grant) : world), late: null } });
  const revoked = revoke('revoked', now)(grant).grant;
  if (revoked) steps.push({ name: 'the owner revokes', world: written(world, revoked) });
  return steps;
} // prettier-ignore

const PRESENTED = { code: proofOf('code'), clientId: 'client', challenge: 'challenge', redirectUri: undefined, resource: undefined };

/** What an attempt makes of a grant. */
function attemptOf(grant: Grant, { n, now }: { readonly n: number; readonly now: number }): Grant | null {
  const circumstances = { clientAuth: 'public', isConfigured: false, settled: [] } as const;
  return attempted(grant, { kind: 'redeem', now, ...circumstances, minted: minted(n), proof: { ...PRESENTED, now } });
}

function redeeming(world: World, requests: number, machine: CodeMachine): Step[] {
  const { grant, now, given, isUnnoted } = world;
  const n = requests - world.requests + 1;
  const proof = { ...PRESENTED, scope: [], expandScopes: (scope: readonly string[]) => scope, now };
  const verdict = machine.redeem(proof, minted(n))(grant);
  const less = { ...world, requests: world.requests - 1 };
  const name = `request ${n}`;
  if ('error' in verdict) {
    const next = verdict.grant ? written(less, verdict.grant) : less;
    const isOver = grant.ended !== null || (grant.code?.expiresAt ?? 0) <= now;
    const broken = given === 0 && !isUnnoted && !isOver ? 'a client that heard nothing but a 503 gets its tokens' : undefined;
    return [{ name: `${name} is refused`, world: next, ...(broken === undefined ? {} : { broken }) }];
  }
  if (given > 0) return [{ name, world, broken: 'tokens leave once' }];
  if (grant.ended) return [{ name, world, broken: 'an ended grant gives nothing' }];
  if (!verdict.grant) return [{ name, world, broken: 'a code that gives tokens is spent by that' }];
  const done = written(less, verdict.grant);
  const access = done.grant.access.at(-1)?.hash ?? '';
  const noted = (from: World): World => {
    const note = machine.noteUnanswered('code', access, `sealed ${access}`)(from.grant);
    return note.grant ? written(from, note.grant) : from;
  };
  const waiting = { ...less, late: { grant: verdict.grant, version: world.version } };
  const trying = attemptOf(grant, { n, now }) && { ...less, late: { ...waiting.late, attempt: { n, now } } };
  return [
    { name: `${name} gets tokens`, world: { ...done, given: 1 } },
    { name: `${name} gets a 503, the write was done`, world: noted(done) },
    { name: `${name} gets a 503, the write was done, no note`, world: { ...done, isUnnoted: true } },
    ...(world.late ? [] : [
      { name: `${name} gets a 503, the write is late`, world: noted(waiting) },
      { name: `${name} gets a 503, the write is late, no note`, world: { ...waiting, isUnnoted: true } },
      ...(trying ? [
        { name: `${name} gets a 503, the attempt is late`, world: noted(trying) },
        { name: `${name} gets a 503, the attempt is late, no note`, world: { ...trying, isUnnoted: true } },
      ] : []),
    ]),
  ];
} // prettier-ignore

function written(world: World, grant: Grant): World {
  return { ...world, grant, version: world.version + 1 };
}

/** Two worlds with one key go on alike. */
function keyOf({ grant, version, late, now, requests, passes, given, isUnnoted }: World): string {
  const record = ({ ended, code, access }: Grant): unknown => [
    ended?.reason,
    code?.spentAt,
    code?.sealedAnswer,
    code?.contested,
    access.map(({ hash }) => hash),
  ];
  return JSON.stringify([
    record(grant),
    late && (late.attempt ? [late.attempt.n, late.attempt.now] : late.version === version ? record(late.grant) : 0),
    now,
    requests,
    passes,
    given,
    isUnnoted,
  ]);
}
