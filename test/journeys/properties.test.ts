/**
 * The invariants of a grant, whatever happens in whichever order: parties that race, answers that are lost, tokens that are exchanged,
 * revoked, replayed or outlived. fast-check chooses the moves and, at each operation of the store, who goes next; a failure tells the
 * seed with which it comes again.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import type { JsonAnswer } from '../../src/testing/oauth-client.ts';
import { type App, appOn } from '../support/app.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const SECRET = 'a-secret-of-enough-characters-to-pass';
const options: Partial<OAuthProviderOptions> = {
  clients: [{ id: 'gateway', secret: SECRET, authMethod: 'client_secret_post', grantTypes: [EXCHANGE] }],
  tokenExchange: () => true,
};

const MOVES = [
  'redeem',
  'refresh',
  'refresh',
  'lose',
  'refresh any',
  'guess',
  'steal',
  'exchange',
  'call',
  'revoke',
  'revoke access',
] as const;
type Move = (typeof MOVES)[number];
type Party = { readonly move: Move; readonly pick: number };
const party: fc.Arbitrary<Party> = fc.record({ move: fc.constantFrom(...MOVES), pick: fc.nat(50) });
const rounds = fc.array(
  fc.record({ parties: fc.array(party, { minLength: 1, maxLength: 5 }), pass: fc.constantFrom(0, 0, 0, 1, 60, 121, 3600) }),
  { minLength: 1, maxLength: 8 },
);

/** A store each of whose operations waits for its turn. */
function inTurns(inner: Store, turn: () => Promise<unknown>): Store {
  return {
    atomic: true,
    local: true,
    read: async (key) => (await turn(), inner.read(key)),
    write: async (key, value, when, more) => (await turn(), inner.write(key, value, when, more)),
    remove: async (key, when) => (await turn(), inner.remove(key, when)),
    list: async (index, after) => (await turn(), inner.list(index, after)),
  };
}

describe('a grant, in any order of events', () => {
  it('keeps I1 to I6 (SEC-030, SEC-040, SEC-044, FLT-02, FLT-03)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), rounds, async (scheduler, plan) => {
        const clock = makeClock();
        const inner = memoryStore({ now: clock.now });
        let racing = false;
        const turn = async (): Promise<unknown> => (racing ? scheduler.schedule(Promise.resolve()) : undefined);
        const app = await appOn(inTurns(inner, turn), clock, options);
        const run = makeRun(app, await app.toCode());
        for (const { parties, pass } of plan) {
          clock.pass(pass);
          racing = true;
          await scheduler.waitFor(Promise.all(parties.map((one) => run.go(one))));
          racing = false;
          await run.check(inner);
        }
        await run.finish(inner);
      }),
      { numRuns: 200 },
    );
  });
});

/** Whether each pair of these refresh tokens stands on one chain of successors. */
function isChain(tokens: readonly string[], successors: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const leadsTo = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return [...(successors.get(from) ?? [])].some((next) => leadsTo(next, to, seen));
  };
  return tokens.every((one) => tokens.every((other) => leadsTo(one, other) || leadsTo(other, one)));
}

/** One grant and all that its parties know of it. */
function makeRun(app: App, { client, code }: Awaited<ReturnType<App['toCode']>>) {
  const grantId = code.slice(5, 27);
  const known = { access: [] as string[], refresh: [] as string[], children: [] as string[] };
  /** What each refresh token was answered with. */
  const successors = new Map<string, Set<string>>();
  const redeemed = new Set<string>();
  const told: JsonAnswer[] = [];
  /** Tokens of which a revocation was answered: whatever begins later must fail (I4). */
  let over = false;
  const any = (list: readonly string[], pick: number): string => list[pick % list.length] ?? 'nothing';
  const keep = (list: string[], token: unknown): void => {
    if (typeof token === 'string' && !list.includes(token)) list.push(token);
  };
  const note = (answer: JsonAnswer): JsonAnswer => (told.push(answer), answer);
  const learn = (answer: JsonAnswer): void => {
    keep(known.access, answer.body['access_token']);
    keep(known.refresh, answer.body['refresh_token']);
  };
  const refresh = async (token: string): Promise<JsonAnswer> => {
    const wasOver = over;
    const answer = note(await client.refresh(token));
    if (wasOver) expect(answer.status).toBe(400);
    if (answer.status === 200) successors.set(token, (successors.get(token) ?? new Set()).add(String(answer.body['refresh_token'])));
    return answer;
  };
  const exchange = async (subject: string): Promise<void> => {
    const wasOver = over;
    const fields = { grant_type: EXCHANGE, client_id: 'gateway', client_secret: SECRET, subject_token: subject };
    const type = 'urn:ietf:params:oauth:token-type:access_token';
    const answer = note(await client.token({ ...fields, subject_token_type: type }));
    if (wasOver) expect(answer.status).toBe(400);
    keep(known.children, answer.body['access_token']);
  };
  const moves: { readonly [move in Move]: (pick: number) => Promise<void> } = {
    async redeem() {
      const answer = note(await client.redeem(code));
      if (answer.status === 200) redeemed.add(String(answer.body['access_token']));
      learn(answer);
    },
    refresh: async () => learn(await refresh(known.refresh.at(-1) ?? 'nothing')),
    lose: async () => void (await refresh(known.refresh.at(-1) ?? 'nothing')),
    'refresh any': async (pick) => learn(await refresh(any(known.refresh, pick))),
    guess: async () => void note(await client.redeem(code, { code_verifier: 'w'.repeat(43) })),
    steal: async (pick) => void note(await client.refresh(any(known.refresh, pick), { client_id: 'gateway', client_secret: SECRET })),
    exchange: async (pick) => exchange(any(known.access, pick)),
    async call(pick) {
      const wasOver = over;
      const { status } = await app.call(any([...known.access, ...known.children], pick));
      expect([200, 401]).toContain(status);
      if (wasOver) expect(status).toBe(401);
    },
    async revoke() {
      const token = known.refresh.at(-1);
      if (token === undefined) return;
      expect((await client.revoke(token)).status).toBe(200);
      over = true;
    },
    'revoke access': async (pick) => {
      const token = any(known.access, pick);
      expect((await client.revoke(token)).status).toBe(200);
    },
  };
  return {
    go: ({ move, pick }: Party): Promise<void> => moves[move](pick),

    /** Whatever happened up to now. */
    async check(inner: Store): Promise<void> {
      for (const { status } of told) expect([200, 400, 401]).toContain(status); // I3: a plain answer, never an endless 500
      expect(redeemed.size).toBeLessThanOrEqual(1); // I2
      // Nothing forks: of two answers to one token, one leads to the other, because a late repeat gets the live token (F-13).
      for (const next of successors.values()) expect(isChain([...next], successors)).toBe(true);
      expect(app.events.filter(({ kind }) => kind === 'grant.redeemed').length).toBeLessThanOrEqual(1);
      expect(app.events.filter((event) => event.kind === 'grant.ended' && event.grantId === grantId).length).toBeLessThanOrEqual(1);
      const rows = JSON.stringify((await inner.all?.())?.records);
      for (const token of [code, ...known.access, ...known.refresh, ...known.children])
        expect(rows).not.toContain(token.slice(token.indexOf('.') + 1)); // I5
      const grant = (await inner.read(`grant:${grantId}`))?.value as { ended: unknown } | undefined;
      if (over && grant) expect(grant.ended).not.toBeNull(); // I4
      if (grant && grant.ended === null) return;
      for (const token of [...known.access, ...known.children]) expect((await app.call(token)).status).toBe(401); // I1
    },

    /** The client goes on or starts anew (I3); after their lives nothing is left (I6). */
    async finish(inner: Store): Promise<void> {
      const grant = (await inner.read(`grant:${grantId}`))?.value as { ended: unknown; refresh: unknown } | undefined;
      const newest = known.refresh.at(-1);
      if (newest !== undefined) {
        const answer = await client.refresh(newest);
        if (answer.status === 200) {
          expect(over).toBe(false);
          expect((await app.call(String(answer.body['access_token']))).status).toBe(200);
        } else expect(answer.body['error']).toBe('invalid_grant');
        if (grant?.ended) expect(answer.status).toBe(400);
      }
      app.clock.pass(500 * 86_400);
      for (const token of [...known.access, ...known.children]) expect((await app.call(token)).status).toBe(401);
      for (let round = 0; round < 5; round++) await inner.sweep?.(1000);
      const left = (await inner.all?.())?.records.map(({ key }) => key.split(':', 1)[0]) ?? [];
      expect(left.filter((kind) => kind !== 'account' && kind !== 'username' && kind !== 'email' && kind !== 'quota')).toEqual([]);
    },
  };
}
