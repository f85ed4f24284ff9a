/** What is read of each record, member by member: a record that is broken is a problem that names it, never a client or a grant. */
import { describe, expect, it } from 'vitest';
import { isGrantRecord, recordOf, workersOAuthKv } from '../../src/former/workers-oauth-kv.ts';
import { base64url } from '../../src/lib/bytes.ts';
import type { FormerGrant, FormerProblem } from '../../src/model/former.ts';
import { formerClient, formerGrant, hexHash, makeFormerKv } from '../support/former-kv.ts';

const make = () => {
  const kv = makeFormerKv();
  return { kv, store: workersOAuthKv(() => kv)({}) };
};
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

describe('former/workers-oauth-kv, clients', () => {
  const read = async (more: Record<string, unknown>) => {
    const { kv, store } = make();
    const id = await formerClient(kv, more);
    return [id, await store.findClient(id)] as const;
  };

  it('have every member that is kept, and none that they lack', async () => {
    const secret = await hexHash('s3cret');
    const all = {
      clientUri: 'https://c.example/', logoUri: 'https://c.example/l', policyUri: 'https://c.example/p', tosUri: 'https://c.example/t', jwksUri: 'https://c.example/k',
      contacts: ['me@c.example'], grantTypes: ['authorization_code', 'refresh_token'], tokenEndpointAuthMethod: 'client_secret_post', clientSecret: secret,
      authMethodExplicit: true, registrationExpiresAt: 1_799_000_000,
    }; // prettier-ignore
    const [id, found] = await read(all);
    expect(found).toStrictEqual({
      id, redirectUris: ['http://localhost:3334/callback'], grantTypes: all.grantTypes, authMethod: 'client_secret_post', methodChosen: true, createdAt: 1_789_000_000,
      secretHash: base64url(bytesOf(secret)), expiresAt: 1_799_000_000, name: 'Former client', uri: all.clientUri, logoUri: all.logoUri, policyUri: all.policyUri,
      tosUri: all.tosUri, jwksUri: all.jwksUri, contacts: all.contacts,
    }); // prettier-ignore
    const [few, least] = await read({ clientName: 7, grantTypes: 'x', registrationDate: '1', registrationExpiresAt: null, contacts: 'x', authMethodExplicit: 'yes', tokenEndpointAuthMethod: 'private_key_jwt' }); // prettier-ignore
    const redirectUris = ['http://localhost:3334/callback'];
    const grantTypes = ['authorization_code'];
    expect(least).toStrictEqual({ id: few, redirectUris, grantTypes, authMethod: 'private_key_jwt', methodChosen: false, createdAt: 0 });
    const [, late] = await read({ registrationDate: Infinity, registrationExpiresAt: '7' });
    expect(late).toMatchObject({ createdAt: 0 });
    expect(late).not.toHaveProperty('expiresAt');
  });

  it('have a secret where their method takes one, which is client_secret_basic unless they said so', async () => {
    const clientSecret = await hexHash('s3cret');
    const secretHash = base64url(bytesOf(clientSecret));
    for (const tokenEndpointAuthMethod of [undefined, 'client_secret_basic'])
      expect((await read({ tokenEndpointAuthMethod, clientSecret }))[1]).toMatchObject({ authMethod: 'client_secret_basic', secretHash });
    for (const tokenEndpointAuthMethod of ['none', 'private_key_jwt'])
      expect((await read({ tokenEndpointAuthMethod, clientSecret }))[1]).not.toHaveProperty('secretHash');
  });

  it('are a problem without the hash of the secret that they must show', async () => {
    const good = await hexHash('s3cret');
    for (const clientSecret of [undefined, 7, [good], 's3cret', `${good}0`, `x${good}`, `${good}\n`, good.toUpperCase()])
      for (const tokenEndpointAuthMethod of [undefined, 'client_secret_post']) {
        const [id, found] = await read({ tokenEndpointAuthMethod, clientSecret });
        expect(found).toStrictEqual({ problem: `the KV record client:${id} has no hash of its secret` });
      }
  }); // prettier-ignore

  it('are a problem where the record is of another client, or of a kind that is not known', async () => {
    for (const odd of [{ clientId: 'another' }, { redirectUris: undefined }, { redirectUris: 'https://c.example/cb' }, { redirectUris: ['https://c.example/cb', 7] }, { tokenEndpointAuthMethod: 'tls_client_auth' }, { tokenEndpointAuthMethod: null }, { tokenEndpointAuthMethod: ['none'] }]) {
      const [id, found] = await read(odd);
      expect(found).toStrictEqual({ problem: `the KV record client:${id} is broken, or of a version that is not known` });
    }
    const { kv, store } = make();
    for (const text of ['', 'no JSON', 'null', '7', '"x"', '[]']) {
      kv.records.set('client:c', text);
      expect(await store.findClient('c')).toStrictEqual({ problem: 'the KV record client:c is broken, or of a version that is not known' });
    }
    expect(await store.findClient('none')).toBeNull();
  }); // prettier-ignore
});

describe('former/workers-oauth-kv, grants', () => {
  it('have every member that is kept, and none that they lack', async () => {
    const { kv, store } = make();
    const times = { createdAt: 1_789_900_000, expiresAt: 1_792_500_000 };
    const { current, previous, key } = await formerGrant(kv, 'c', { resource: ['https://a.example', 'https://b.example'] });
    const all = {
      id: key.slice('grant:'.length), clientId: 'c', userId: 'una', scope: ['read', 'write'], ...times, props: { team: 'blue' }, key: expect.stringMatching(/^[\w-]{43}$/),
      resource: ['https://a.example', 'https://b.example'], metadata: { label: 'Work laptop' }, redirectUri: 'http://localhost:3334/callback', isPrefix: true,
    }; // prettier-ignore
    const found = (await store.findGrant(current, 'c')) as FormerGrant;
    expect(found).toStrictEqual(all);
    expect(await store.findGrant(previous, 'c')).toStrictEqual(found); // with the same key
    const few = await formerGrant(kv, 'c', { expiresAt: 'never', metadata: undefined, redirectUri: 7 });
    const { expiresAt: _end, metadata: _metadata, redirectUri: _uri, resource: _resource, isPrefix: _prefix, ...least } = all;
    expect(await store.findGrant(few.current, 'c')).toStrictEqual({ ...least, id: few.key.slice('grant:'.length) });
    const one = await formerGrant(kv, 'c', { resource: 'https://a.example' });
    expect(await store.findGrant(one.current, 'c')).toMatchObject({ resource: 'https://a.example' });
    const odd = await formerGrant(kv, 'c', { resource: ['https://a.example', 7] });
    expect(await store.findGrant(odd.current, 'c')).toMatchObject({ resource: 'https://a.example,7' }); // which is no resource here
  });

  it('are looked for only where the text is a token of that server, of at most 2,048 characters', async () => {
    const { kv, store } = make();
    const end = 'x'.repeat(20);
    for (const text of ['', 'a:b', `a:b:${'x'.repeat(19)}`, `a:b:${'x'.repeat(129)}`, `a:b:c:${end}`, `a::${end}`, `:b:${end}`, `a:b:${end}!`, `a:b:${end}:c`, `${'a'.repeat(2049 - end.length - 3)}:b:${end}`])
      expect(await store.findGrant(text, 'c')).toBeNull();
    expect(kv.reads).toBe(0);
    for (const text of [`${'a'.repeat(2048 - end.length - 3)}:b:${end}`, `${'a'.repeat(505)}:b:${end}`, `${'ä'.repeat(253)}:b:${end}`]) expect(await store.findGrant(text, 'c')).toBeNull(); // KV has no key so long, and throws
    expect(await store.listGrants?.('a'.repeat(506))).toEqual([]);
    expect(kv.reads).toBe(0);
    for (const text of [`a:b:${end}`, `a:b:${'x'.repeat(128)}`, `${'a'.repeat(504)}:b:${end}`]) expect(await store.findGrant(text, 'c')).toBeNull();
    expect(kv.reads).toBe(3);
  }); // prettier-ignore

  it('are none for a token that the record does not name', async () => {
    const { kv, store } = make();
    const { current, key } = await formerGrant(kv, 'c');
    expect(await store.findGrant(`${current.slice(0, -20)}${'x'.repeat(20)}`, 'c')).toBeNull();
    kv.records.set(key, JSON.stringify({ ...JSON.parse(kv.records.get(key) ?? ''), refreshTokenWrappedKey: { newer: true } }));
    expect(await store.findGrant(current, 'c')).toBeNull();
  });

  it('are a problem where the record is of another user or grant, or of a kind that is not known', async () => {
    const { kv, store } = make();
    const { current, key } = await formerGrant(kv, 'c');
    const record = JSON.parse(kv.records.get(key) ?? '') as Record<string, unknown>;
    const broken: FormerProblem = {
      problem: `the KV record ${key} is broken, of another user, or of a version that is not known`,
    };
    for (const odd of [{ userId: 'ben' }, { id: 'other' }, { clientId: 7 }, { scope: 'read' }, { scope: [7, 'read'] }, { createdAt: 'x' }, { createdAt: undefined }, { encryptedProps: 7 }]) {
      expect(isGrantRecord({ ...record, ...odd }, 'una', String(record['id']))).toBe(false);
      kv.records.set(key, JSON.stringify({ ...record, ...odd }));
      expect(await store.findGrant(current, 'c')).toStrictEqual(broken);
    }
    for (const text of ['', 'null', '[]', '7']) {
      kv.records.set(key, text);
      expect(await store.findGrant(current, 'c')).toStrictEqual(broken);
    }
    for (const props of ['', 'AAAA', '*']) {
      kv.records.set(key, JSON.stringify({ ...record, encryptedProps: props }));
      expect(await store.findGrant(current, 'c')).toStrictEqual({ problem: `the props of the KV record ${key} cannot be opened with its token` });
    }
  }); // prettier-ignore

  it('are listed for one user, page by page: those that are whole and have a refresh token', async () => {
    const { kv } = make();
    const [one, two] = [await formerGrant(kv, 'c', { resource: 'https://a.example' }), await formerGrant(kv, 'c2')];
    await formerGrant(kv, 'c', { refreshTokenId: undefined }); // its code was never redeemed
    await formerGrant(kv, 'c', { createdAt: 'x' });
    await formerGrant(kv, 'c', { userId: 'ben' });
    kv.records.set('grant:una:broken', 'no JSON');
    const asked: unknown[] = [];
    const list = async (options: { prefix: string; cursor?: string }) => {
      if (asked.push(options) > 9) throw new Error('It goes on behind the end.');
      const names = [...kv.records.keys(), 'grant:una:gone'].filter((name) => name.startsWith(options.prefix)).map((name) => ({ name }));
      const at = Number(options.cursor ?? 0);
      return { keys: names.slice(at, at + 2), ...(at + 2 < names.length ? { list_complete: false as const, cursor: String(at + 2) } : { list_complete: true as const, cursor: 'over' }) };
    };
    const listed = await workersOAuthKv(() => ({ ...kv, list }) as never)({}).listGrants?.('una');
    const ids = [one, two].map(({ key }) => key.slice('grant:'.length));
    expect(listed?.map(({ id, clientId, userId }) => [id, clientId, userId])).toEqual([[ids[0], 'c', 'una'], [ids[1], 'c2', 'una']]);
    expect(listed?.[0]).not.toHaveProperty('props');
    expect(asked).toStrictEqual([{ prefix: 'grant:una:' }, { prefix: 'grant:una:', cursor: '2' }, { prefix: 'grant:una:', cursor: '4' }]);
    const { list: _list, ...plain } = kv as typeof kv & { list?: unknown };
    expect(await workersOAuthKv(() => plain)({}).listGrants?.('una')).toEqual([]); // a namespace that cannot be listed
  }); // prettier-ignore

  it('are read from an object and nothing else', () => {
    expect(recordOf('{"a":1}')).toEqual({ a: 1 });
    for (const text of ['', 'x', 'null', '7', '"x"', 'true', '[]', '[{}]']) expect(recordOf(text)).toBeNull();
    expect(isGrantRecord(null, 'una', 'x')).toBe(false);
  });
});
