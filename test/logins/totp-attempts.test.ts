/** How codes are counted and looked at, call by call: over the services that the endpoints give to a factor. */
import { describe, expect, it } from 'vitest';
import { totp } from '../../src/logins/totp.ts';
import type { LoginServices } from '../../src/model/login.ts';
import { ENGLISH } from '../../src/words/words.ts';

const QUARTER = { most: 10, per: 900 };
const DAY = { most: 50, per: 86_400, total: 500 };

interface Given {
  /** Seconds to wait, by the kind of the count. */
  readonly waits?: { readonly [kind: string]: number };
  readonly isRight?: boolean;
}

/** What comes of typed fields, and every call that was made for it, in order. */
async function prove(typed: { readonly [field: string]: string }, { waits = {}, isRight = true }: Given = {}): Promise<readonly [unknown, unknown[]]> {
  const calls: unknown[] = [];
  const services = {
    attempt: async (...all: [kind: string, ...unknown[]]) => (calls.push(['attempt', ...all]), waits[all[0]] ?? null),
    succeeded: async (...all: unknown[]) => void calls.push(['succeeded', ...all]),
    totps: {
      useCode: async (...all: unknown[]) => (calls.push(['useCode', ...all]), isRight),
      useRecovery: async (...all: unknown[]) => (calls.push(['useRecovery', ...all]), isRight),
    },
  } as unknown as LoginServices;
  return [await totp().steps.prove((field) => typed[field] ?? '', { userId: 'u' }, services), calls];
} // prettier-ignore

const COUNTED = [['attempt', 'totp', 'u', QUARTER], ['attempt', 'totp-day', 'u', DAY]]; // prettier-ignore

describe('logins/totp, attempts', () => {
  it('counts a code in a quarter of an hour and in a day before it is looked at, and forgets both when it was right (SEC-152)', async () => {
    expect(await prove({ code: ' 12 34\t56 ' })).toEqual([
      { kind: 'passed' },
      [...COUNTED, ['useCode', 'u', '123456'], ['succeeded', 'totp', 'u'], ['succeeded', 'totp-day', 'u']],
    ]);
  });

  it('forgets nothing when it was wrong', async () => {
    expect(await prove({ code: '000000' }, { isRight: false })).toEqual([
      { kind: 'refused', reason: 'totp_wrong', userId: 'u' },
      [...COUNTED, ['useCode', 'u', '000000']],
    ]);
  });

  it('looks at no code beyond either count (SEC-152)', async () => {
    const limited = (retryAfter: number): object => ({ kind: 'limited', retryAfter, userId: 'u' });
    expect(await prove({ code: '123456' }, { waits: { totp: 7 } })).toEqual([limited(7), COUNTED.slice(0, 1)]);
    expect(await prove({ code: '123456' }, { waits: { 'totp-day': 8 } })).toEqual([limited(8), COUNTED]);
    expect(await prove({ code: '123456' }, { waits: { totp: 0 } })).toEqual([limited(0), COUNTED.slice(0, 1)]);
  });

  it('accepts a recovery code without counting, before a code in the same form', async () => {
    expect(await prove({ recovery: 'abcd efgh', code: '123456' })).toEqual([{ kind: 'passed' }, [['useRecovery', 'u', 'abcd efgh']]]);
    expect(await prove({ recovery: 'x' }, { isRight: false })).toEqual([
      { kind: 'refused', reason: 'recovery_code_wrong', field: 'recovery', userId: 'u' },
      [['useRecovery', 'u', 'x']],
    ]);
  });
});

describe('logins/totp, the step', () => {
  it('is asked of users who have set it up, and needs the secret of the server', async () => {
    const ask = (isOn: boolean): Promise<unknown> =>
      Promise.resolve(totp().ask('u', { totps: { statusOf: async (userId: string) => (isOn && userId === 'u' ? {} : null) } } as never));
    expect([await ask(true), await ask(false)]).toEqual([{ kind: 'step', keep: { userId: 'u' } }, null]);
    const { id, needsSecret, account } = totp();
    expect([id, needsSecret, account?.map((section) => section.id)]).toEqual(['totp', true, ['totp']]);
  });

  it('has no options, and refuses those that are given at start-up', () => {
    expect(() => totp({ required: true } as never)).toThrow('totp: it has no options, so it is asked of users who have set it up.');
    expect(() => totp(undefined as never)).toThrow(TypeError);
  });

  it('has a field for each of the two', () => {
    const { title, text, fields, button } = totp().steps.view({ userId: 'u' }, ENGLISH);
    expect([title, text, button]).toEqual([ENGLISH.totp.askTitle, ENGLISH.totp.ask, ENGLISH.totp.confirm]);
    for (const name of ['code', 'recovery']) expect(fields.toString()).toContain(`name="${name}"`);
  });
});
