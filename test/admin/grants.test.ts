/** Acts on grants and keys, run without HTTP: which ones a filter means, and that nothing else ends. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Admin, inputOf } from '../../src/admin/act.ts';
import { grants, keys } from '../../src/admin/grants.ts';
import { runAct } from '../../src/admin/run.ts';
import { keyClientId } from '../../src/model/token.ts';
import type { Grant } from '../../src/model/grant.ts';
import { makeHelpers } from '../../src/provider/helpers.ts';
import { openGrant, START } from '../support/grants.ts';
import { makeServer } from '../support/server.ts';

const act = grants['grants/revoke-all']!;
const asked: unknown[] = [];
const listGrants = async (...all: unknown[]): Promise<unknown> => (asked.push(all), { grants: [], next: 'more' });
const admin = { helpers: { listGrants } } as unknown as Admin;
beforeEach(() => void (asked.length = 0));
const run = async (all: Record<string, unknown>): Promise<unknown> => act.run(admin, inputOf(act, all));

/** A server with grants of two users and two clients. */
async function makeWorld(more: object = {}) {
  const resource = { uri: 'https://as.example/mcp', path: '/mcp', requiredScopes: [] };
  const accessKeys = { maxTTL: 86_400, maxPerUser: 5, personal: true };
  const scopesSupported = [{ name: 'read' }, { name: 'write' }];
  const settings = { accessKeys, scopesSupported, resources: [resource], defaultResource: resource.uri, accessTokenTTL: 600, ...more };
  const { as, clock, store } = makeServer({ settings: settings as never });
  const acme = { id: 'acme', name: 'Acme' };
  const all: Partial<Grant>[] = [
    { id: 'a1', userId: 'ada', clientId: 'c1', scope: ['read', 'write'], organization: acme, usedAt: START - 10 },
    { id: 'a2', userId: 'ada', clientId: 'c2', scope: ['read'], usedAt: START - 5 },
    { id: 'b1', userId: 'ben', clientId: 'c1', scope: ['read'], organization: { id: 'blue', name: 'Blue' } },
  ];
  for (const one of all) await as.records.openGrant(openGrant({ ...one, expiresAt: START + 60 }));
  const real: Admin = { as, helpers: makeHelpers(as), userId: 'root', permission: 'admin' };
  const run = (name: string, input: Record<string, unknown> = {}) => runAct(real, name, input) as Promise<Record<string, unknown>>;
  const idsOf = async (name: string, input: Record<string, unknown> = {}): Promise<readonly string[]> =>
    ((await run(name, input))[name] as readonly { id: string }[]).map(({ id }) => id).toSorted();
  return { as, clock, store, run, idsOf };
}

describe('admin/grants', () => {
  it('has these acts, each with the members that it takes', () => {
    const names = Object.entries({ ...grants, ...keys }).map(([name, { method, takes }]) => [method, name, ...takes].join(' '));
    expect(names).toEqual([
      'GET grants user client scope organization unusedSince after',
      'GET grants/show id',
      'POST grants/revoke id',
      'POST grants/revoke-all user client scope organization unusedSince after',
      'GET keys user organization of after',
      'POST keys/create name scope resource organization ttl',
      'POST keys/revoke id',
    ]);
  });

  it('revokes everything of the server only where something says which', async () => {
    for (const nothing of [{}, { after: 'x' }])
      await expect(run(nothing)).rejects.toMatchObject({
        code: 'invalid_request',
        reason: 'admin_input',
        message: expect.stringMatching(/^Name a user/),
      });
    expect(asked).toEqual([]);
    for (const one of [{ scope: 'x' }, { organization: 'x' }, { unusedSince: 1 }])
      expect(await run(one)).toEqual({ ended: 0, next: 'more' });
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

  it('lists those of a user, a client, a scope or an organization, or not used since a time', async () => {
    const { idsOf, run } = await makeWorld();
    expect(await idsOf('grants')).toEqual(['a1', 'a2', 'b1']);
    expect([await idsOf('grants', { user: 'ada' }), await idsOf('grants', { client: 'c1' })]).toEqual([['a1', 'a2'], ['a1', 'b1']]);
    expect([await idsOf('grants', { scope: 'write' }), await idsOf('grants', { organization: 'acme' })]).toEqual([['a1'], ['a1']]);
    expect([await idsOf('grants', { unusedSince: START - 5 }), await idsOf('grants', { unusedSince: START - 4 })]).toEqual([['a1'], ['a1', 'a2']]);
    expect(await idsOf('grants', { user: 'ada', scope: 'read', organization: 'blue' })).toEqual([]);
    await expect(run('grants', { user: 'ada', client: 'c1' })).rejects.toMatchObject({ message: 'Name a user or a client, not both.' });
    const act = grants['grants']!;
    asked.length = 0;
    expect(await act.run(admin, inputOf(act, { user: 'ada', after: 'here' }))).toEqual({ grants: [], next: 'more' });
    expect(asked).toEqual([[{ userId: 'ada' }, 'here']]);
  }); // prettier-ignore

  it('shows and revokes one, of any user', async () => {
    const { run, idsOf } = await makeWorld();
    expect(await run('grants/show', { id: 'b1' })).toMatchObject({ id: 'b1', userId: 'ben', clientId: 'c1' });
    expect(await run('grants/revoke', { id: 'b1' })).toEqual({ id: 'b1' });
    const unknown = { status: 404, message: 'There is no such grant.' };
    for (const name of ['grants/revoke', 'grants/show']) await expect(run(name, { id: 'b1' })).rejects.toMatchObject(unknown);
    expect(await idsOf('grants')).toEqual(['a1', 'a2']);
  });

  it('revokes all that a filter means and no other, and counts what it ended', async () => {
    const { run, idsOf } = await makeWorld();
    expect(await run('grants/revoke-all', { user: 'ada', scope: 'write' })).toEqual({ ended: 1 });
    expect(await idsOf('grants')).toEqual(['a2', 'b1']);
    expect(await run('grants/revoke-all', { client: 'c1', unusedSince: START })).toEqual({ ended: 0 });
    expect(await run('grants/revoke-all', { organization: 'blue' })).toEqual({ ended: 1 });
    expect([await idsOf('grants'), await run('grants/revoke-all', { user: 'ada' }), await idsOf('grants')]).toEqual([
      ['a2'],
      { ended: 1 },
      [],
    ]);
  });

  it('does not count a grant that ended meanwhile, or belongs to another user by now', async () => {
    const { as } = await makeWorld();
    const found = [{ id: 'a1', userId: 'ben' }, { id: 'a2', userId: 'ada' }, { id: 'gone', userId: 'ada' }];
    const helpers = { ...makeHelpers(as), listGrants: async () => ({ grants: found }) };
    expect(await act.run({ as, helpers } as unknown as Admin, inputOf(act, { user: 'x' }))).toEqual({ ended: 1 });
  }); // prettier-ignore
});

describe('admin/grants, of a former store', () => {
  /** One that has grants of Una, who may get another one that is as old. */
  async function withFormer() {
    const listing = (name: string) => ({ id: `una:${name}`, clientId: 'c9', userId: 'una', scope: ['read'], createdAt: START - 100 });
    const names = ['one', 'two'];
    const asked: string[] = [];
    const listGrants = async (userId: string) => (asked.push(userId), userId === 'una' ? names.map(listing) : []);
    const formerStore = { findClient: () => null, findGrant: () => null, listGrants };
    return { ...(await makeWorld({ formerStore })), names, asked };
  }

  it('are listed and revoked by their id, which names their user, once', async () => {
    const { run, idsOf, asked } = await withFormer();
    expect(await idsOf('grants', { user: 'una' })).toEqual(['una:one', 'una:two']);
    expect(await run('grants/revoke', { id: 'una:one' })).toEqual({ id: 'una:one' });
    asked.length = 0;
    for (const id of ['una:one', 'una:none', 'ada:two', 'b2', ':two']) await expect(run('grants/revoke', { id })).rejects.toMatchObject({ status: 404 });
    expect(asked.every((userId) => ['una', 'ada'].includes(userId))).toBe(true); // no user is named by the other two
    expect([await run('grants/revoke', { id: 'a1' }), await idsOf('grants', { user: 'una' })]).toEqual([{ id: 'a1' }, ['una:two']]);
  }); // prettier-ignore

  it('end with all of a user or client, also those that no list knows and those that move meanwhile', async () => {
    const { as, run, idsOf, names, store } = await withFormer();
    const write = store.write.bind(store);
    store.write = async (key, ...rest) => {
      const version = await write(key, ...rest);
      if (key.startsWith('former:') && names.length === 2) {
        names.push('late');
        await as.records.openGrant(openGrant({ id: 'moved', userId: 'una', clientId: 'c9', expiresAt: START + 60 }));
      }
      return version;
    };
    expect(await run('grants/revoke-all', { user: 'una' })).toEqual({ ended: 3 });
    expect(await idsOf('grants', { user: 'una' })).toEqual([]); // also the one that was listed late
    const other = await withFormer();
    expect(await other.run('grants/revoke-all', { client: 'c9' })).toEqual({ ended: 0 });
    expect(await other.idsOf('grants', { user: 'una' })).toEqual([]);
  });

  it('end as far as they are listed, where only some of a user are meant', async () => {
    const some = await withFormer();
    expect(await some.run('grants/revoke-all', { user: 'una', scope: 'read' })).toEqual({ ended: 2 });
    const later = await withFormer(); // a later page, whose first one has ended the rest
    const helpers = { ...makeHelpers(later.as), listGrants: async () => ({ grants: [] }) };
    await act.run({ as: later.as, helpers } as unknown as Admin, inputOf(act, { user: 'una', after: 'x' }));
    for (const { names, idsOf } of [some, later]) {
      names.push('late');
      expect(await idsOf('grants', { user: 'una' })).toContain('una:late');
    }
  });
});

describe('admin/grants, keys', () => {
  it('are those of a user, an organization, the server or all, a page at a time', async () => {
    const { as, run, idsOf } = await makeWorld();
    const key = { kind: 'personal', name: 'mine' } as const;
    await as.records.openGrant(openGrant({ id: 'k1', userId: 'ada', clientId: keyClientId('k1'), key }));
    const spec = { name: 'Sync', scope: ['read'], ttl: 3600 };
    const idOf = async (input: object): Promise<string> => ((await run('keys/create', { ...spec, ...input }))['info'] as { id: string }).id;
    const [server, acme] = [await idOf({}), await idOf({ organization: { id: 'acme', name: 'Acme' } })];
    expect(await idsOf('keys')).toEqual(['k1', server, acme].toSorted());
    expect([await idsOf('keys', { of: 'server' }), await idsOf('keys', { organization: 'acme' }), await idsOf('keys', { user: 'ada' })]).toEqual([[server], [acme], ['k1']]);
    await expect(run('keys', { of: 'all' })).rejects.toMatchObject({ reason: 'admin_input', message: 'of must be server.' });
    const list = async (...all: unknown[]): Promise<unknown> => all;
    const listed = keys['keys']!;
    expect(await listed.run({ helpers: { keys: { list } } } as unknown as Admin, inputOf(listed, { user: 'ada', after: 'here' }))).toEqual([{ userId: 'ada' }, 'here']);
  }); // prettier-ignore

  it('are made with exactly what is given', async () => {
    const { run } = await makeWorld();
    const given = { name: 'Sync', scope: ['read'], ttl: 3600 };
    const made = (await run('keys/create', given)) as { key: string; info: object };
    expect(made).toEqual({ key: expect.stringMatching(/^pcl_/), info: expect.objectContaining({ kind: 'service', name: 'Sync', scope: ['read'], createdAt: START, expiresAt: START + 3600 }) });
    expect(made.info).not.toHaveProperty('organization');
    const organization = { id: 'acme', name: 'Acme' };
    expect(await run('keys/create', { ...given, resource: 'https://as.example/mcp', organization })).toMatchObject({ info: { organization, resource: 'https://as.example/mcp' } });
    for (const [odd, message] of [[{ resource: 'https://other.example/' }, '`resource`'], [{ organization: 'acme' }, '`organization`'], [{ ttl: 1 }, '`ttl`'], [{ scope: 'read' }, 'scope must be'], [{ name: 7 }, 'name must be']])
      await expect(run('keys/create', { ...given, ...(odd as object) })).rejects.toMatchObject({ reason: 'admin_input', message: expect.stringContaining(message as string) });
    for (const missing of ['name', 'scope', 'ttl'])
      await expect(run('keys/create', { ...given, [missing]: undefined })).rejects.toMatchObject({ message: `${missing} is missing.` });
    const asked: unknown[] = [];
    const create = keys['keys/create']!;
    await create.run({ helpers: { keys: { create: async (spec: unknown) => asked.push(spec) } } } as unknown as Admin, inputOf(create, given));
    expect(asked).toStrictEqual([given]);
  }); // prettier-ignore

  it('are revoked, once, and no grant of an app is', async () => {
    const { run, idsOf } = await makeWorld();
    const { info } = (await run('keys/create', { name: 'Sync', scope: ['read'], ttl: 3600 })) as { info: { id: string } };
    expect(await run('keys/revoke', { id: info.id })).toEqual({});
    for (const id of [info.id, 'a1'])
      await expect(run('keys/revoke', { id })).rejects.toMatchObject({ status: 404, message: 'There is no such key.' });
    expect([await idsOf('keys'), await idsOf('grants')]).toEqual([[], ['a1', 'a2', 'b1']]);
  });
});
