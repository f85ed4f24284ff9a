/** Whether the user of a session may still come in: what the login says of it now, without a token, and a fault of the login is no refusal. */
import { describe, expect, it } from 'vitest';
import { isLetIn } from '../../../src/endpoints/authorize/issue-code.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { makeServer } from '../../support/server.ts';

const ENV = { MARK: 'env' };
const world = (login: object): ReturnType<typeof makeServer> =>
  makeServer({ env: ENV, settings: { logins: [{ id: 'other', fields: () => '' }, login] as unknown as Settings['logins'] } });

describe('endpoints/authorize/issue-code: a session', () => {
  it('is let in unless its login says no, which it is asked with what it noted and without a token', async () => {
    for (const [verdict, isIn] of [['yes', true], ['unknown', true], ['no', false]] as const) {
      const asked: unknown[] = [];
      const { as } = world({ kind: 'redirect', id: 'corp', recheck: async (...all: unknown[]) => (asked.push(all), verdict) });
      expect(await isLetIn(as, { login: 'corp', standing: { team: 7 } })).toBe(isIn);
      expect(asked).toEqual([[{ team: 7 }, { env: ENV, token: null }]]);
      expect(await isLetIn(as, { login: 'corp' })).toBe(true); // it noted nothing
      expect(asked).toHaveLength(1);
    }
  }); // prettier-ignore

  it('is not let in where its login was removed', async () => {
    const { as } = world({ kind: 'redirect', id: 'corp' });
    expect(await isLetIn(as, { login: 'gone', standing: 1 })).toBe(false);
  });

  it('is let in by a login that asks nothing, or that has a form here', async () => {
    const asked: unknown[] = [];
    const recheck = async (): Promise<string> => (asked.push(1), 'no');
    for (const login of [
      { kind: 'redirect', id: 'corp' },
      { id: 'corp', recheck },
      { kind: 'form', id: 'corp', recheck },
    ])
      expect(await isLetIn(world(login).as, { login: 'corp', standing: 1 })).toBe(true);
    expect(asked).toEqual([]);
  });

  it('is let in where the login fails, which the operator is told', async () => {
    const error = new Error('directory is down');
    const { as, events } = world({ kind: 'redirect', id: 'corp', recheck: () => Promise.reject(error) });
    expect(await isLetIn(as, { login: 'corp', standing: 1 })).toBe(true);
    expect(events).toMatchObject([{ kind: 'request.failed', endpoint: 'recheck', error }]);
    expect((events[0] as { requestId?: string }).requestId).toMatch(/^[\w-]{22}$/);
  });
});
