/** People at work behind a proxy on a fleet of servers, while something is done to those. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Send } from '../../src/testing/browser.ts';
import { type Fleet, FLEET_ISSUER, FLEET_PERSON, type Member } from './fleet.ts';
import { startProxy } from './proxy.ts';
import { noOutcome, type Outcome, signedInCookies, work, type Workplace } from './steady.ts';

/** How many people work. */
export const PEOPLE = 12;

/** Fulfils when so many more refreshes were answered: trouble that leaves no time for work shows nothing. */
export type Progress = (refreshes: number) => Promise<void>;

/** Takes a member out of service, and waits for what is under way there; puts it back when the work is done. */
export type OutOfService = (member: Member, work: () => Promise<void>) => Promise<void>;

/** People at work behind a proxy, while `trouble` lasts. */
export async function workThrough(
  fleet: Fleet,
  trouble: (progress: Progress, outOfService: OutOfService) => Promise<void>,
): Promise<Outcome> {
  const inService = new Set(fleet.members);
  const proxy = await startProxy(() => [...inService].map((member) => member.port()));
  const outOfService: OutOfService = async (member, work) => {
    inService.delete(member);
    await proxy.drained(member.port());
    await work();
    inService.add(member);
  };
  let open = true;
  const send: Send = async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = request.method === 'POST' ? await request.text() : null;
    const { method, headers } = request;
    return fetch(`http://127.0.0.1:${proxy.port}${pathname}${search}`, { method, headers, body, redirect: 'manual' });
  };
  const place: Workplace = { issuer: FLEET_ISSUER, send, person: FLEET_PERSON, pause: () => wait(25), isOpen: () => open };
  try {
    const cookies = await signedInCookies(place);
    const outcome = noOutcome();
    const working = work(place, PEOPLE, cookies, outcome);
    await trouble(async (refreshes) => {
      const goal = outcome.refreshed + refreshes;
      while (outcome.refreshed < goal && outcome.faults.length === 0) await wait(10);
    }, outOfService);
    open = false;
    return await working;
  } finally {
    open = false;
    proxy.stop();
    await fleet.stop();
  }
}

/** No one was signed out unasked, and they did work. */
export function expectSteady(outcome: Outcome): void {
  expect(outcome.faults).toEqual([]);
  expect([outcome.refreshed >= PEOPLE, outcome.signedIn >= PEOPLE]).toEqual([true, true]);
  console.info(`machines: ${JSON.stringify(outcome)}`);
}
