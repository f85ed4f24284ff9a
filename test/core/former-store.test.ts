/** Clients that only a former store has: which are kept here, and what of them. */
import { describe, expect, it } from 'vitest';
import { askFormer, findFormerClient } from '../../src/core/former-store.ts';
import { addClient, findAnyClient } from '../../src/core/records/clients.ts';
import { cutFormer } from '../../src/core/records/former.ts';
import type { Client } from '../../src/model/client.ts';
import type { FormerClient, FormerProblem } from '../../src/model/former.ts';
import { makeServer } from '../support/server.ts';

const TTL = 7_776_000;
const FOUND: FormerClient = {
  id: 'c1',
  redirectUris: ['https://app.example/cb'],
  grantTypes: ['authorization_code', 'refresh_token'],
  authMethod: 'client_secret_basic',
  methodChosen: false,
  secretHash: 'hash',
  createdAt: 1_789_000_000,
};
const { methodChosen: _, ...SAME } = FOUND;

/** A server with a former store that has one client, named `c1`. */
function makeWorld(answer: FormerClient | FormerProblem | null | (() => never) = FOUND) {
  const asked: string[] = [];
  const findClient = async (id: string): Promise<FormerClient | FormerProblem | null> => {
    asked.push(id);
    return typeof answer === 'function' ? answer() : answer;
  };
  const formerStore = { findClient, findGrant: () => null };
  const world = makeServer({ settings: { formerStore, clientRegistrationTTL: TTL } });
  const kept = async (): Promise<Client | undefined> => (await findAnyClient(world.as, 'c1'))?.client;
  return { ...world, asked, kept, find: async () => findFormerClient(world.as, 'c1') };
}

/** What is kept of a client. */
const keptOf = async (more: Partial<FormerClient>): Promise<Client | undefined> => {
  const { find, kept } = makeWorld({ ...FOUND, ...more });
  const client = await find();
  expect(await kept()).toEqual(client);
  return client ?? undefined;
};

describe('core/former-store', () => {
  it('keeps a client of the former store with its secret, its redirect URIs and its age (W-05)', async () => {
    const { find, kept, asked, events } = makeWorld();
    const client = await find();
    expect(client).toEqual({ ...SAME, applicationType: 'native' });
    expect([await kept(), asked, events]).toEqual([client, ['c1'], []]);
  });

  it('leaves a client that was kept meanwhile as it is', async () => {
    const { as, find, kept } = makeWorld();
    const faster: Client = { ...SAME, applicationType: 'web', secretHash: 'changed since' };
    await addClient(as, faster);
    await find();
    expect(await kept()).toEqual(faster);
  });

  it('finds no client where there is none, or no former store', async () => {
    const { find, kept, events } = makeWorld(null);
    expect([await find(), await kept(), events]).toEqual([null, undefined, []]);
    const { as } = makeServer({ settings: { formerStore: null } });
    expect(await findFormerClient(as, 'c1')).toBeNull();
  });

  it('finds no client in a record that cannot be used, and tells the operator why', async () => {
    const { find, kept, events, clock } = makeWorld({ problem: 'no redirect URIs' });
    expect([await find(), await kept()]).toEqual([null, undefined]);
    const told = { endpoint: 'former_store', code: 'invalid_client', reason: 'former_record_broken', detail: 'no redirect URIs' };
    expect(events).toEqual([{ kind: 'request.refused', ...told, at: clock.now() }]);
  });

  it('keeps no client that was deleted here, and one of that id that registered there since (SEC-037)', async () => {
    const { as, clock, find, kept } = makeWorld();
    await cutFormer(as, { deletedClient: 'c1' });
    expect([await find(), await kept()]).toEqual([null, undefined]);
    const since = makeWorld({ ...FOUND, createdAt: clock.now() + 1 });
    await cutFormer(since.as, { deletedClient: 'c1' });
    expect(await since.find()).toMatchObject({ id: 'c1' });
  });

  it('keeps a client while its grants, all grants, or another client ended (SEC-037)', async () => {
    for (const owner of [{}, { clientId: 'c1' }, { userId: 'c1' }, { deletedClient: 'c2' }]) {
      const { as, find } = makeWorld();
      await cutFormer(as, owner);
      expect(await find()).toMatchObject({ id: 'c1' });
    }
  });

  it('is an outage, not a refusal, while the former store fails: 503, to be tried again in two seconds', async () => {
    const cause = new Error('KV GET failed');
    const { find, kept } = makeWorld(() => {
      throw cause;
    });
    const outage = { code: 'temporarily_unavailable', reason: 'former_store_failed', status: 503, headers: { 'retry-after': '2' }, cause };
    await expect(find()).rejects.toMatchObject(outage);
    expect(await kept()).toBeUndefined();
    const failAtOnce = (): never => {
      throw cause;
    };
    await expect(askFormer(failAtOnce)).rejects.toMatchObject(outage);
    expect(await askFormer(() => 7)).toBe(7);
  });

  it.each([
    [['authorization_code'], ['authorization_code', 'refresh_token']],
    [
      ['authorization_code', 'refresh_token'],
      ['authorization_code', 'refresh_token'],
    ],
    [['client_credentials'], ['client_credentials']],
    [['refresh_token'], ['refresh_token']],
    [[], []],
  ])('gives refresh tokens to a client with codes, and no other grant type: of %j makes %j', async (grantTypes, expected) => {
    expect((await keptOf({ grantTypes }))?.grantTypes).toEqual(expected);
  });

  it('enforces the method to authenticate that a client chose, and no other (W-05)', async () => {
    expect(await keptOf({ methodChosen: true })).toMatchObject({ authMethod: 'client_secret_basic', methodChosen: true });
    expect(await keptOf({ methodChosen: false })).not.toHaveProperty('methodChosen');
  });

  it('shows nothing of a client that would mislead on a page (W-03)', async () => {
    const right = { name: 'Notes', contacts: ['me@app.example', 'you@app.example'] };
    const links = { uri: 'https://app.example/', logoUri: 'https://app.example/l.png', policyUri: 'https://app.example/p', tosUri: 'https://app.example/t' };
    expect(await keptOf({ ...right, ...links })).toEqual({ ...SAME, ...right, ...links, applicationType: 'native' });
    for (const name of ['Bank\u202E', '', 'x'.repeat(201)]) expect(await keptOf({ name })).not.toHaveProperty('name');
    for (const contacts of [['me@app.example', 'a\nb'], ['']]) expect(await keptOf({ contacts })).not.toHaveProperty('contacts');
    for (const member of Object.keys(links))
      for (const link of ['javascript:alert(1)', 'https://10.0.0.7/', 'https://bank.example@evil.example/', 'x'])
        expect(await keptOf({ ...links, [member]: link })).toEqual({ ...SAME, ...links, [member]: undefined, applicationType: 'native' });
  }); // prettier-ignore

  it('lets a registration that expires live for the time of one here at least, so that it can be used', async () => {
    const now = makeWorld().clock.now();
    expect(await keptOf({})).not.toHaveProperty('expiresAt');
    for (const expiresAt of [1, now - 1, now, now + 1, now + TTL - 1, now + TTL])
      expect(await keptOf({ expiresAt })).toMatchObject({ expiresAt: now + TTL });
    expect(await keptOf({ expiresAt: now + TTL + 1 })).toMatchObject({ expiresAt: now + TTL + 1 });
  });
});
