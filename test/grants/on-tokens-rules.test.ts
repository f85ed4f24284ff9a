/** How long a request waits for another one that asks, how often an answer is stored, and what each failure says. */
import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/clients/caller.ts';
import { ask, type Asking, issueAsked } from '../../src/grants/on-tokens.ts';
import { OAuthError } from '../../src/model/error.ts';
import type { Grant, GrantAccess } from '../../src/model/grant.ts';
import type { OnTokens } from '../../src/model/on-tokens.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { KEY, openGrant, START } from '../support/grants.ts';
import { makeServer } from '../support/server.ts';

const ID = 'G'.repeat(22);
const access = { hash: 'h', scope: ['read'], expiresAt: START + 60 } as unknown as GrantAccess;
const away = new OAuthError('temporarily_unavailable', 'store_down');

/** A server with one grant, a request for its tokens, and what was waited for. */
async function makeWorld(onTokens: OnTokens | null, more: Partial<Grant> = {}) {
  const clock = makeClock(START);
  const pauses: number[] = [];
  const pause = async (milliseconds: number): Promise<void> => {
    if (pauses.push(milliseconds) > 200) throw new Error('It waits for ever.');
  };
  const { as, events } = makeServer({ clock, store: memoryStore(clock), settings: { onTokens }, machine: { pause } });
  const sealedProps = await as.secrets.sealWith(KEY, { a: 1 }, `grant:${ID}`);
  await as.records.openGrant(openGrant({ id: ID, sealedProps, expiresAt: START + 1000, ...more }));
  const grantNow = async (): Promise<Grant> => (await as.records.findGrant(ID)) as Grant;
  const asking: Asking<Grant> = {
    as,
    caller: { kind: 'public', clientId: 'client' } as Caller,
    grantId: ID,
    reason: 'authorization_code',
    check: async () => ({ result: { scope: ['read'], key: KEY } }),
    issue: (amend) => as.records.changeGrant(ID, (grant) => ({ grant: amend(grant, access).grant, result: grant })),
  };
  return { as, clock, events, pauses, grantNow, asking };
}
const failing = (times: number, error: unknown = away) => {
  const calls = { made: 0 };
  const fail = async (): Promise<void> => {
    if (++calls.made <= times) throw error;
  };
  return { calls, fail };
};

describe('grants/on-tokens: a grant that another request holds', () => {
  it('is looked at 60 times, after pauses that grow to half a second, then answered 503', async () => {
    let asked = 0;
    const { asking, pauses, grantNow } = await makeWorld(() => void asked++, { lease: { holder: 'other', until: START + 60 } });
    await expect(issueAsked(asking)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'grant_busy',
      headers: { 'retry-after': '2' },
    });
    expect([pauses.length, asked, (await grantNow()).lease?.holder]).toEqual([60, 0, 'other']);
    const most = pauses.map((_, at) => Math.min(500, 10 * 1.3 ** at));
    expect(pauses.filter((pause, at) => pause < most[at]! / 2 || pause > most[at]!)).toEqual([]);
  });

  it('is free at the end of its lease, to the second', async () => {
    const { asking, pauses, grantNow } = await makeWorld(() => undefined, { lease: { holder: 'other', until: START } });
    await issueAsked(asking);
    expect([pauses, 'lease' in (await grantNow())]).toEqual([[], false]);
  });

  it('is free where a clock far ahead took its lease, which would last as long; clocks may differ by five minutes', async () => {
    const { asking, pauses, grantNow } = await makeWorld(() => undefined, { lease: { holder: 'other', until: START + 361 } });
    await issueAsked(asking);
    expect([pauses, 'lease' in (await grantNow())]).toEqual([[], false]);
    const { asking: another } = await makeWorld(() => undefined, { lease: { holder: 'other', until: START + 360 } });
    await expect(issueAsked(another)).rejects.toMatchObject({ reason: 'grant_busy' });
  });

  it('is not issued tokens of where the lease went to another request, or is gone, and the store is asked once', async () => {
    for (const lease of [{ holder: 'other', until: START + 60 }, undefined]) {
      const { as, asking, pauses, grantNow } = await makeWorld(() => undefined);
      let issues = 0;
      const issue: Asking<Grant>['issue'] = async (amend) => {
        issues++;
        await as.records.changeGrant(ID, ({ lease: _lease, ...grant }) => ({ grant: { ...grant, ...(lease ? { lease } : {}) } as Grant, result: null })); // prettier-ignore
        return asking.issue(amend);
      };
      await expect(issueAsked({ ...asking, issue })).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'grant_busy' });
      expect([issues, pauses, (await grantNow()).lease]).toEqual([1, [], lease]);
    }
  });

  it('is answered with the tokens that are repeated, and with 503 where they no longer are', async () => {
    let asked = 0;
    const { asking, grantNow } = await makeWorld(() => void asked++);
    const check: typeof asking.check = async () => ({ result: null });
    const repeated = await issueAsked({ ...asking, check, issue: grantNow });
    expect([repeated.id, asked]).toEqual([ID, 0]);
    await expect(issueAsked({ ...asking, check })).rejects.toMatchObject({ reason: 'grant_busy' });
  });
});

describe('grants/on-tokens: an answer that cannot be stored', () => {
  it('is tried five times, after pauses that double, and the grant is released', async () => {
    const { asking, pauses, grantNow } = await makeWorld(() => undefined);
    const { calls, fail } = failing(9);
    const issue: typeof asking.issue = async (amend) => (await fail(), asking.issue(amend));
    await expect(issueAsked({ ...asking, issue })).rejects.toBe(away);
    expect([calls.made, pauses, 'lease' in (await grantNow())]).toEqual([5, [100, 200, 400, 800], false]);
    const later = failing(4);
    await issueAsked({ ...asking, issue: async (amend) => (await later.fail(), asking.issue(amend)) });
    expect(later.calls.made).toBe(5);
  });

  it('is not tried again after an error that is no outage, which is told; after an outage, the outage is', async () => {
    const { asking, pauses, grantNow } = await makeWorld(() => undefined);
    const odd = new TypeError('odd');
    const { calls, fail } = failing(1, odd);
    await expect(issueAsked({ ...asking, issue: async (amend) => (await fail(), asking.issue(amend)) })).rejects.toBe(odd);
    expect([calls.made, pauses, 'lease' in (await grantNow())]).toEqual([1, [], false]);
    let tries = 0;
    const issue = async (): Promise<Grant> => Promise.reject(tries++ === 0 ? away : new OAuthError('invalid_grant', 'code_repeated'));
    await expect(issueAsked({ ...asking, issue })).rejects.toBe(away); // the code may have been spent by the first try
  });

  it('tells its own failure where the release fails as well, unless that is a fault of ours', async () => {
    for (const [second, told] of [[new OAuthError('temporarily_unavailable', 'second'), away], [new RangeError('ours'), expect.any(RangeError)]] as const) {
      const { as, asking } = await makeWorld(() => undefined);
      const issue = async (): Promise<Grant> => {
        as.records.changeGrant = () => Promise.reject(second);
        return Promise.reject(away);
      };
      await expect(issueAsked({ ...asking, issue })).rejects.toEqual(told);
    }
  }); // prettier-ignore
});

describe('grants/on-tokens: the application', () => {
  const asked = { key: KEY, scope: ['read'], reason: 'authorization_code' } as const;

  it('is not asked about props that the key does not open, or without the option', async () => {
    let times = 0;
    const { as, grantNow } = await makeWorld(() => void times++);
    expect(await ask(as, await grantNow(), { ...asked, key: KEY.map((byte) => byte ^ 1) })).toEqual({});
    expect(times).toBe(0);
    const without = await makeWorld(null);
    expect(await ask(without.as, await without.grantNow(), asked)).toEqual({});
    expect(without.events).not.toContainEqual(expect.objectContaining({ kind: 'request.failed' }));
  });

  it('may answer that it is unavailable, in its own words; every other error is 503 with its cause', async () => {
    const own = new OAuthError('temporarily_unavailable', 'crm_down', { headers: { 'retry-after': '60' } });
    for (const [thrown, told] of [[own, { reason: 'crm_down', headers: { 'retry-after': '60' } }], [new OAuthError('server_error', 'x'), { reason: 'on_tokens_failed' }], [new Error('x'), { reason: 'on_tokens_failed', headers: { 'retry-after': '2' } }]] as const) {
      const { as, grantNow } = await makeWorld(() => Promise.reject(thrown));
      const error: unknown = await ask(as, await grantNow(), asked).catch((one: unknown) => one);
      expect(error).toMatchObject({ code: 'temporarily_unavailable', ...told });
      if (thrown !== own) expect((error as Error).cause).toBe(thrown);
    }
    const { asking } = await makeWorld(() => undefined, { lease: { holder: 'other', until: START + 60 } });
    expect(await issueAsked(asking).catch((error: unknown) => 'cause' in (error as Error))).toBe(false);
  }); // prettier-ignore

  it('ends the grant, with the reason for the operator', async () => {
    const { asking, grantNow } = await makeWorld(() => Promise.reject(new OAuthError('invalid_grant', 'left the team')));
    await expect(issueAsked(asking)).rejects.toMatchObject({ code: 'invalid_grant', reason: 'access_withdrawn' });
    expect((await grantNow()).ended).toMatchObject({ reason: 'access_withdrawn', at: START });
  });
});
