/** Durable Objects that are evicted while people work: what was answered is there when the object comes back, and nobody is signed out. */
import { env, evictDurableObject } from 'cloudflare:test';
import { expect, inject, it } from 'vitest';
import { durableObjectStore, type ObjectNamespace } from '../../src/stores/durable-object.ts';
import { makeClock } from '../../src/testing/clock.ts';
import type { PortcullisStore } from '../../src/worker/store-object.ts';
import { ALICE, appOn, ISSUER } from '../support/app.ts';
import { fromEverywhere } from '../support/races.ts';
import { chance } from '../support/random.ts';
import { noOutcome, signedInCookies, work, type Workplace } from '../support/steady.ts';

const { PORTCULLIS } = env as unknown as { PORTCULLIS: DurableObjectNamespace<PortcullisStore> };
const EVICTIONS = inject('full') ? 400 : 12;
const PEOPLE = 6;
const SHARDS = 4;

it('FLT-28 I3 lose nobody while the objects are evicted at random', { timeout: 180_000 }, async () => {
  const [clock, prefix] = [makeClock(), `${crypto.randomUUID()}-`];
  const app = await appOn(durableObjectStore(PORTCULLIS as unknown as ObjectNamespace, { now: clock.now, prefix, shards: SHARDS }), clock);
  const outcome = noOutcome();
  let evicted = 0;
  const turn = (): Promise<void> => new Promise((next) => setTimeout(next));
  const place: Workplace = {
    issuer: ISSUER,
    send: fromEverywhere(app.send),
    person: ALICE,
    pause: turn,
    isOpen: () => evicted < EVICTIONS,
  };
  const working = work(place, PEOPLE, await signedInCookies(place), outcome);
  const random = chance(7);
  while (evicted < EVICTIONS && outcome.faults.length === 0) {
    const goal = outcome.refreshed + 2;
    while (outcome.refreshed < goal && outcome.faults.length === 0) await turn();
    await evictDurableObject(PORTCULLIS.get(PORTCULLIS.idFromName(`${prefix}${random.below(SHARDS)}`)));
    evicted++;
  }
  await working;
  expect(outcome.faults).toEqual([]);
  expect([outcome.refreshed >= EVICTIONS, outcome.signedIn >= PEOPLE, outcome.revoked > 0]).toEqual([true, true, true]);
});
