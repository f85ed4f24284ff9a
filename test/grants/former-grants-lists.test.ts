/** What a user still has at a former server that lists its grants: which of them are shown, and how each ends by its id. */
import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/clients/caller.ts';
import { endFormerGrant, listFormerGrants, tradeFormerToken } from '../../src/grants/former-grants.ts';
import type { FormerGrant, FormerStore } from '../../src/model/former.ts';
import type { Settings } from '../../src/model/settings.ts';
import { grantIdOf } from '../../src/model/token.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { makeServer } from '../support/server.ts';

const START = 1_790_000_000;
const [A, B, C] = ['https://mcp.example/a', 'https://mcp.example/b', 'https://mcp.example/c'];
const GRANT: FormerGrant = {
  id: 'una:1',
  clientId: 'c',
  userId: 'una',
  scope: ['read'],
  props: null,
  key: 'k'.repeat(43),
  createdAt: START - 50,
};

/** A server with one grant of Una at its former server. */
function makeWorld(more: Partial<FormerGrant> = {}, settings: Partial<Settings> = {}) {
  const grant = { ...GRANT, ...more };
  const formerStore: FormerStore = {
    findClient: () => ({ id: 'c', redirectUris: [], grantTypes: [], authMethod: 'none', methodChosen: true, createdAt: 0 }),
    findGrant: () => grant,
    listGrants: (userId) => (userId === 'una' ? [grant] : []),
  };
  const resources = [{ uri: A }, { uri: B }, { uri: C }] as never;
  const { as } = makeServer({
    clock: makeClock(START),
    settings: { formerStore, resources, defaultResource: B, refreshTokenTTL: 5000, clientRegistrationTTL: 100, ...settings },
  });
  const trade = (): Promise<string> => tradeFormerToken(as, { kind: 'public', clientId: 'c' } as Caller, 'token');
  const listed = async (): Promise<readonly string[]> => (await listFormerGrants(as, 'una')).map(({ id }) => id);
  return { as, trade, listed };
}

describe('grants/former-grants, the grants of a user', () => {
  it('are listed until they are over there, moved or ended', async () => {
    expect([await makeWorld({ expiresAt: START + 1 }).listed(), await makeWorld({ expiresAt: START }).listed()]).toEqual([['una:1'], []]);
    const { as, trade, listed } = makeWorld();
    expect([await listed(), await listFormerGrants(as, 'ben')]).toEqual([['una:1'], []]);
    await trade();
    expect(await listed()).toEqual([]);
  });

  it('are for their own resource, else for the default, else for the first', async () => {
    const resourceOf = async (...all: Parameters<typeof makeWorld>) => (await listFormerGrants(makeWorld(...all).as, 'una'))[0]?.resource;
    expect([await resourceOf({ resource: C }), await resourceOf({ resource: [C, A] })]).toEqual([C, C]);
    expect([await resourceOf({ resource: [] }), await resourceOf({ resource: [] }, { defaultResource: null })]).toEqual([B, A]);
    expect([await resourceOf(), await resourceOf({}, { defaultResource: null })]).toEqual([B, A]);
  });

  it('end by their id, once and for their user alone, before they move and after', async () => {
    const { as, listed } = makeWorld();
    expect([await endFormerGrant(as, 'ben', 'una:1'), await endFormerGrant(as, 'una', 'una:2'), await listed()]).toEqual([
      false,
      false,
      ['una:1'],
    ]);
    expect([await endFormerGrant(as, 'una', 'una:1'), await endFormerGrant(as, 'una', 'una:1'), await listed()]).toEqual([true, false, []]);
    const moved = makeWorld();
    const grantId = grantIdOf('refresh', await moved.trade()) ?? '';
    expect([await endFormerGrant(moved.as, 'una', 'una:1'), await endFormerGrant(moved.as, 'una', 'una:1')]).toEqual([true, false]);
    expect((await moved.as.records.findGrant(grantId))?.ended).toMatchObject({ reason: 'revoked' });
  });
});
