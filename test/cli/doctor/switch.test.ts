import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../../src/cli/commands.ts';
import { formerClient, formerGrant, hexHash, makeFormerKv } from '../../support/former-kv.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-cli-switch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const fileOf = (content: unknown): string => {
  const path = join(folder, `${++made}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const LATER = { expiresAt: 99_999_999_999 };
const MCP = 'https://mcp.example/mcp';

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    open() {},
    after: () => () => undefined,
  };
  return { code: await runCommand(['doctor', 'switch', ...argv], terminal), out: out.join('\n'), err: err.join('\n') };
}

/** An export with two clients and four grants. */
async function exported(): Promise<Map<string, string>> {
  const kv = makeFormerKv();
  const id = await formerClient(kv);
  await formerClient(kv, {
    clientName: 'Odd app',
    redirectUris: ['odd-app://x', 'https://odd.example/cb'],
    tokenEndpointAuthMethod: 'client_secret_post',
    clientSecret: await hexHash('a secret'),
  });
  await formerGrant(kv, id, { ...LATER, resource: MCP });
  await formerGrant(kv, id, { ...LATER, resource: [`${MCP}/`, 'https://old.example'], userId: 'ben' });
  await formerGrant(kv, id, LATER);
  await formerGrant(kv, id, { expiresAt: 5, resource: 'https://gone.example' });
  return kv.records;
}

describe('cli/doctor/switch', () => {
  it.each([
    ['a map', (records: Map<string, string>) => Object.fromEntries(records)],
    ['a list', (records: Map<string, string>) => [...records].map(([key, value]) => ({ key, value }))],
    [
      '`wrangler kv bulk get` writes it',
      (records: Map<string, string>) => ({
        ...Object.fromEntries([...records].map(([key, value]) => [key, { value }])),
        'grant:x:gone': { value: null },
      }),
    ],
    [
      'objects',
      (records: Map<string, string>) => Object.fromEntries([...records].map(([key, value]) => [key, JSON.parse(value) as unknown])),
    ],
  ])('says of an export as %s that every grant will go on, and what to add to wrangler.jsonc', async (_form, shape) => {
    const { code, out } = await run(fileOf(shape(await exported())), '--resource', MCP);
    expect(code).toBe(0);
    expect(out).toContain('2 clients, 1 of them with a secret or a key; 3 grants of 2 users can be refreshed.');
    expect(out).toContain('note  Odd app registered odd-app://x');
    expect(out).toContain('+ "d1_databases": [{ "binding": "PORTCULLIS"');
    expect(out).not.toMatch(/LOST|gone\.example/);
  });

  it('W-04 calls grants for the origin, as versions before 1.0 made them, good for the one resource below it, and no others', async () => {
    const kv = makeFormerKv();
    const id = await formerClient(kv);
    await formerGrant(kv, id, { ...LATER, resource: 'https://mcp.example/' });
    const file = fileOf(Object.fromEntries(kv.records));
    expect(await run(file, '--resource', MCP)).toMatchObject({
      code: 0,
      out: expect.stringContaining('ok         1 grants for https://mcp.example/'),
    });
    expect((await run(file, '--resource', MCP, '--resource', 'https://mcp.example/other')).code).toBe(1);
    expect((await run(file, '--resource', 'https://mcp.example.evil/mcp')).code).toBe(1);
  });

  it('calls what the new server cannot read lost: a broken record, one of a newer version, one of another user or grant', async () => {
    const kv = makeFormerKv();
    const id = await formerClient(kv);
    await formerGrant(kv, id, LATER);
    const keys: string[] = [];
    const changed = async (userId: string, change: (record: Record<string, unknown>) => object): Promise<void> => {
      const { key } = await formerGrant(kv, id, { ...LATER, userId });
      kv.records.set(key, JSON.stringify(change(JSON.parse(kv.records.get(key) ?? '') as Record<string, unknown>)));
      keys.push(key);
    };
    await changed('newer', ({ encryptedProps, ...rest }) => ({ ...rest, sealed: encryptedProps }));
    await changed('no-time', (record) => ({ ...record, createdAt: undefined }));
    await changed('other-user', (record) => ({ ...record, userId: 'mallory' }));
    await changed('other-grant', (record) => ({ ...record, id: 'x' }));
    await changed('scopes', (record) => ({ ...record, scope: 'read' }));
    for (const more of [{ tokenEndpointAuthMethod: 'tls_client_auth' }, { tokenEndpointAuthMethod: 'client_secret_post' }, { redirectUris: [7] }])
      keys.push(`client:${await formerClient(kv, more)}`);
    const file = fileOf(Object.fromEntries(kv.records));
    const { code, out } = await run(file, '--resource', MCP);
    expect([code, out.match(/^LOST  the record \S+/gm)]).toEqual([1, keys.map((key) => `LOST  the record ${key}`)]);
    expect(out).toContain('1 clients, 0 of them with a secret or a key; 1 grants of 1 users can be refreshed.');
  }); // prettier-ignore

  it('takes an export in several files, and grants whose client has ended there for no loss', async () => {
    const kv = makeFormerKv();
    const [id, gone] = [await formerClient(kv), await formerClient(kv)];
    await formerGrant(kv, id, LATER);
    await formerGrant(kv, gone, LATER);
    await formerGrant(kv, 'https://client.example/oauth.json', LATER);
    kv.records.delete(`client:${gone}`);
    const half = (prefix: string): string => fileOf(Object.fromEntries([...kv.records].filter(([key]) => key.startsWith(prefix))));
    const { code, out } = await run(half('client:'), half('grant:'), '--resource', MCP);
    expect([code, out.split('\n')[0]]).toEqual([0, '1 clients, 0 of them with a secret or a key; 2 grants of 1 users can be refreshed.']);
    expect(out).toContain('note  1 grants are of clients that are not in the export');
  }); // prettier-ignore

  it('names resources that are no texts as what they are', async () => {
    const kv = makeFormerKv();
    await formerGrant(kv, await formerClient(kv), { ...LATER, resource: [7] });
    const { code, out } = await run(fileOf(Object.fromEntries(kv.records)), '--resource', MCP);
    expect([code, out]).toEqual([1, expect.stringContaining('LOST       1 grants for 7')]);
  });

  it('shows control characters of a name that a client registered instead of obeying them (F-58)', async () => {
    const records = await exported();
    const clientId = 'c1\u009b31m';
    records.set(
      `client:${clientId}`,
      JSON.stringify({ clientId, clientName: 'App\u001b[2J', redirectUris: ['evil\u202e://x'], tokenEndpointAuthMethod: 'none' }),
    );
    records.set('client:broken\u009b', '{}');
    const file = fileOf(Object.fromEntries(records));
    const { out } = await run(file, '--resource', MCP);
    expect(out).toContain('App\\u001b[2J registered evil\\u202e://x');
    const json = await run(file, '--resource', MCP, '--json');
    for (const text of [out, json.out]) expect(text).not.toMatch(/[\p{Cf}\u009b]/u);
    expect((JSON.parse(json.out) as { broken: unknown }).broken).toEqual(['client:broken\u009b']);
  });

  it('shows them in an error, too (F-58)', async () => {
    const { err } = await run(join(folder, 'no\u001b[2J.json'), '--resource', MCP);
    expect(err).toContain('no\\u001b[2J.json cannot be read');
  });

  it('names a resource that is not served, with the fix, and records that cannot be read', async () => {
    const records = await exported();
    records.set('grant:una:broken', '{"userId":"ben"}');
    records.set('client:broken', 'not JSON');
    const file = fileOf(Object.fromEntries(records));
    const { code, out } = await run(file, '--resource', 'https://new.example/mcp');
    expect(code).toBe(1);
    expect(out).toContain(`LOST       1 grants for ${MCP}`);
    expect(out).toContain(`resourceMetadata: { resource: "${MCP}" }`);
    expect(out).toContain('LOST  the record grant:una:broken cannot be read');
    expect(out).toContain('LOST  the record client:broken cannot be read');
    const report = JSON.parse((await run(file, '--resource', MCP, '--json')).out) as { broken: string[]; grants: number };
    expect([report.broken, report.grants]).toEqual([['grant:una:broken', 'client:broken'], 3]);
  });

  it.each([
    ['no file', [], 'doctor switch takes the file of an export'],
    ['no resource', ['x.json'], 'Name the resource of the new server'],
    ['a resource that is no URL', ['x.json', '--resource', '/mcp'], '--resource takes a full URL, not "/mcp"'],
  ])('says what to type for %s', async (_what, argv, message) => {
    const { code, err } = await run(...argv);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it.each([
    ['that is not there', join(folder, 'nowhere.json'), 'cannot be read as JSON'],
    ['that is no JSON', fileOf('{'), 'cannot be read as JSON'],
    ['of something else', fileOf({ a: '1' }), 'holds no records of workers-oauth-provider'],
  ])('refuses a file %s', async (_what, file, message) => {
    const { code, err } = await run(file, '--resource', MCP);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });

  it('prints its own help', async () => {
    expect((await run('--help')).out).toContain('Usage: portcullis doctor switch EXPORT');
  });
});
