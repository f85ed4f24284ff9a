import { describe, expect, it } from 'vitest';
import { type Admin, inputOf } from '../../src/admin/act.ts';
import { grants } from '../../src/admin/grants.ts';

const act = grants['grants/revoke-all']!;
const asked: unknown[] = [];
const listGrants = async (...all: unknown[]): Promise<unknown> => (asked.push(all), { grants: [], next: 'more' });
const admin = { helpers: { listGrants } } as unknown as Admin;
const run = async (all: Record<string, unknown>): Promise<unknown> => act.run(admin, inputOf(act, all));

describe('admin/grants', () => {
  it('revokes everything of the server only where something says which', async () => {
    for (const nothing of [{}, { after: 'x' }]) await expect(run(nothing)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(asked).toEqual([]);
  });

  it('takes one page of one filter, and says where it goes on', async () => {
    expect(await run({ scope: 'write', after: 'here' })).toEqual({ ended: 0, next: 'more' });
    await run({ unusedSince: 7, client: 'c' });
    expect(asked).toEqual([
      ['all', 'here'],
      [{ clientId: 'c' }, undefined],
    ]);
    await expect(run({ unusedSince: 'soon' })).rejects.toMatchObject({ message: 'unusedSince must be a whole number.' });
  });
});
