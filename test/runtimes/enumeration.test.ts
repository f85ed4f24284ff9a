/**
 * Whether an account exists cannot be told by time (CWE-208): each form that leads to a message is sent for a known and for an unknown
 * name in turn, to a real server of either runtime, with a mailer that costs some 30 ms of its processor.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet.ts';
import { KNOWN } from '../support/mail-logins.ts';

/** Tries of each kind; what is compared is their medians. */
const TRIES = 21;
/** Milliseconds that the medians may be apart. They were more than 30 apart when the work began before the answer was out, and are less than 2 apart on a busy machine now. */
const APART = 8;
/** Long enough for the work behind an answer to be over before the next try; longer in each round, for a slow machine. */
const REST = 200;
/** A machine that has other things to do may be in the way of one round. What tells a name by its time does so in each. */
const ROUNDS = 5;

const folder = mkdtempSync(join(tmpdir(), 'portcullis-enumeration-'));
const fleets: Fleet[] = [];
afterAll(async () => {
  await Promise.all(fleets.map((fleet) => fleet.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const FORMS = [
  ['/login/forgot', (name: string) => ({ username: name })],
  ['/login/forgot', (name: string) => ({ username: `${name}@mail.example` })],
  ['/login/sign-up', (name: string) => ({ email: `${name}@mail.example` })],
  ['/login', (name: string) => ({ login: 'email', with: 'email', email: `${name}@mail.example` })],
] as const;

describe.each([
  ['Node', 'mail-server.ts'],
  ['workerd', 'mail-object-server.ts'],
])('on %s', (_runtime, server) => {
  it('no form that sends a message tells by its time which names and addresses are known (F-36)', async () => {
    const fleet = await startFleet(mkdtempSync(join(folder, 'data-')), 1, server);
    fleets.push(fleet);
    const url = `http://127.0.0.1:${fleet.members[0]?.port()}`;
    const headers = { origin: 'http://localhost:9999' };
    const post = async (path: string, fields: Record<string, string>): Promise<{ milliseconds: number; status: number }> => {
      const started = performance.now();
      const answer = await fetch(url + path, { method: 'POST', headers, body: new URLSearchParams(fields), redirect: 'manual' });
      await answer.text();
      return { milliseconds: performance.now() - started, status: answer.status };
    };
    expect((await post('/login', { username: KNOWN.username, password: KNOWN.password })).status).toBe(303);
    for (const [path, fieldsFor] of FORMS) {
      let apart = Infinity;
      for (let round = 1; round <= ROUNDS && apart >= APART; round++) {
        const times: { [name: string]: number[] } = { known: [], someone: [] };
        for (let at = 0; at < TRIES * 2; at++) {
          const name = at % 2 === 0 ? 'known' : 'someone';
          const { milliseconds, status } = await post(path, fieldsFor(name));
          expect(status).toBe(200);
          times[name]?.push(milliseconds);
          await new Promise((rest) => setTimeout(rest, REST * round));
        }
        const [known, unknown] = [median(times['known'] ?? []), median(times['someone'] ?? [])];
        console.info(`${path}: known ${known.toFixed(2)} ms, unknown ${unknown.toFixed(2)} ms`);
        apart = Math.abs(known - unknown);
      }
      expect(apart).toBeLessThan(APART);
    }
  });
});

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}
