/** The administration commands over a SQLite data folder that a server uses at the same time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/model/runtime.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import { runCommand } from '../../src/cli/commands.ts';
import { sqliteStore, type SqliteStore } from '../../src/stores/sqlite.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn } from '../support/app.ts';
import { expectChallenge } from '../support/verdicts.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-cli-admin-'));
let made = 0;
const opened: SqliteStore[] = [];
const BOB = { username: 'bob', password: 'another horse battery' };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A terminal with a person who gives these answers, or with none. */
interface Said {
  readonly answers?: string[];
  readonly input?: string;
}

async function run(
  argv: readonly string[],
  { answers, input = '' }: Said = {},
): Promise<Run & { readonly asked: readonly [string, boolean][] }> {
  const [out, err, asked]: [string[], string[], [string, boolean][]] = [[], [], []];
  const terminal = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    open() {},
    after: () => () => undefined,
    input: async () => input,
    ...(answers && { ask: async (question: string, isHidden = false) => (asked.push([question, isHidden]), answers.shift() ?? '') }),
  };
  return { code: await runCommand(argv, terminal), out: out.join('\n'), err: err.join('\n'), asked };
}

/** A server on a file, and the commands on the same file. */
async function make(
  options = {},
  machine: Partial<Runtime> = {},
): Promise<{ app: App; file: string; bobId: string; on: (line: string, said?: Said) => ReturnType<typeof run> }> {
  const file = join(folder, `${++made}.db`);
  const store = sqliteStore(file);
  opened.push(store);
  const app = await appOn(store, makeClock(Math.floor(Date.now() / 1000)), { clientPolicy: {}, accessKeys: {}, ...options }, machine);
  const bob = await app.provider
    .helpers(app.env)
    .accounts.create({ ...BOB, name: 'Bob\u001b[2J', email: 'bob@acme.example', emailVerified: true });
  return { app, file, bobId: bob.id, on: (line, said) => run([...line.split(' '), '--store', file], said) };
}

async function access(app: App, who = BOB): Promise<{ token: string; clientId: string }> {
  const [client, browser] = [await app.client(), app.browser()];
  return { token: tokensOf(await client.redeem(await client.signIn(browser, who))).access, clientId: client.id };
}

async function mayIn(app: App, who = BOB): Promise<boolean> {
  const browser = app.browser();
  return (await browser.submit(await browser.get(`${app.provider.isNamed ? 'https://mcp.example' : ''}/login`), who)).status === 303;
}

const json = async (answer: Promise<Run>): Promise<Record<string, unknown>[]> => (await answer).out.split('\n').filter(Boolean).map((line) => JSON.parse(line)); // prettier-ignore

describe('portcullis user', () => {
  afterEach(() => opened.splice(0).forEach((store) => store.close()));

  it('lists and finds users, as a table, or as one JSON object on each line', async () => {
    const { on, bobId, app } = await make();
    const { out, code } = await on('user list');
    const [head, ...rows] = out.split('\n');
    expect([code, head?.split(/\s+/)]).toEqual([0, ['id', 'username', 'name', 'email', 'permissions', 'disabled', 'createdAt']]);
    const byId = (one: readonly string[], other: readonly string[]): number => String(one[0]).localeCompare(String(other[0]));
    expect(rows.map((row) => row.split(/\s{2,}/).slice(0, 4)).toSorted(byId)).toEqual(
      [
        [app.aliceId, 'alice', 'Alice', '-'],
        [bobId, 'bob', 'Bob\\u001b[2J', 'bob@acme.example'],
      ].toSorted(byId),
    );
    expect((await json(on('user list --json'))).map(({ username }) => String(username)).toSorted()).toEqual(['alice', 'bob']);
    for (const q of ['bob', 'bob@acme.example', bobId]) expect((await on(`user find ${q}`)).out).toContain(bobId);
    expect(await on('user find nobody')).toMatchObject({ code: 1, err: 'No user was found.' });
    expect(JSON.parse((await on('user show BOB@acme.example --json')).out)).toMatchObject({
      id: bobId,
      account: { username: 'bob' },
      disabled: false,
    });
    expect((await on('user show bob')).out).toMatch(new RegExp(`^id +${bobId}\n(?:.*\n)*username +bob\n`));
  });

  it('disables and removes a user while the server runs: the next call is refused, and the audit says who did it', async () => {
    const { on, app, bobId } = await make();
    const { token } = await access(app);
    expect((await app.call(token)).status).toBe(200);
    expect(await on('user disable bob --yes')).toMatchObject({ code: 0, out: `id  ${bobId}` });
    expectChallenge(await app.call(token), 'invalid_token');
    expect(await mayIn(app)).toBe(false);
    expect((await on('user enable bob')).code).toBe(0);
    expect(await mayIn(app)).toBe(true);
    const entries = (await json(on('audit list --json'))).map(({ act, by, target, outcome }) => ({ act, by, target, outcome }));
    const by = `cli:${userInfo().username}`;
    expect(entries).toEqual([
      { act: 'users/disable', by, target: bobId, outcome: 'done' },
      { act: 'users/enable', by, target: bobId, outcome: 'done' },
    ]);
    expect(await on('user remove bob --yes')).toMatchObject({ code: 0 });
    expect(await on('user remove bob --yes')).toMatchObject({ code: 1, err: 'There is no user bob.' });
  });

  it('asks before it destroys: a no changes nothing, and without a person it needs --yes', async () => {
    const { on, app, bobId } = await make();
    const alone = await on('user disable bob');
    expect([alone.code, alone.err]).toEqual([2, `Disable, and end every session, grant and key of bob (${bobId})? Nothing was changed: without a terminal to confirm on, this needs --yes.`]); // prettier-ignore
    for (const no of ['', 'n', 'nope', 'yes please'])
      expect(await on('user remove bob', { answers: [no] })).toMatchObject({ code: 1, err: 'Nothing was changed.' });
    expect(await mayIn(app)).toBe(true);
    const asked = await on('user disable bob', { answers: ['Y'] });
    expect([asked.code, asked.asked]).toEqual([0, [[`Disable, and end every session, grant and key of bob (${bobId})? [y/N] `, false]]]);
    expect(await mayIn(app)).toBe(false);
  });

  it('takes a password from a hidden prompt or from the standard input, never from an argument', async () => {
    const { on, app } = await make({}, { scrypt: nodeRuntime().scrypt! }); // the test's own costs less
    const carol = { username: 'carol', password: 'a third horse battery' };
    const made = await on('user create carol --email c@acme.example --permission reader --permission writer', {
      answers: [carol.password],
    });
    expect([made.code, made.asked]).toEqual([0, [['Password: ', true]]]);
    expect(await mayIn(app, carol)).toBe(true);
    const { accounts } = app.provider.helpers(app.env);
    expect(await accounts.findByUsername('carol')).toMatchObject({ permissions: ['reader', 'writer'], email: 'c@acme.example' });
    const next = { ...carol, password: 'a fourth horse battery' };
    expect((await on('user set-password carol --password-stdin --yes', { input: next.password })).code).toBe(0);
    expect([await mayIn(app, carol), await mayIn(app, next)]).toEqual([false, true]);
    expect(await on('user create dave --password secret')).toMatchObject({
      code: 2,
      err: expect.stringContaining("Unknown option '--password'"),
    });
    expect(await on('user create dave')).toMatchObject({
      code: 2,
      err: 'Password: there is no terminal to ask on. Give it with --password-stdin.',
    });
    expect(await on('user create dave --password-stdin', { input: '' })).toMatchObject({ code: 1 });
    expect(await on('user create dave --password-stdin', { input: 'short' })).toMatchObject({ code: 1, err: expect.stringContaining('8') });
    expect((await on('user create dave --no-password')).code).toBe(0);
    for (const word of [carol.password, next.password]) expect(made.out + made.err + (await on('audit list')).out).not.toContain(word);
  });

  it('sets permissions to what is named, and to none only if told so', async () => {
    const { on, app, bobId } = await make();
    const { accounts } = app.provider.helpers(app.env);
    expect((await on('user set-permissions bob --permission admin --permission x --yes')).code).toBe(0);
    expect(await accounts.permissionsOf(bobId)).toEqual(['admin', 'x']);
    for (const wrong of ['', ' --none --permission x']) expect((await on(`user set-permissions bob --yes${wrong}`)).code).toBe(2);
    expect((await on('user set-permissions bob --none --yes')).code).toBe(0);
    expect(await accounts.permissionsOf(bobId)).toEqual([]);
  });

  it('takes no last administrator away from a store, unless told that it is meant', async () => {
    const { on, app, bobId } = await make();
    const { accounts } = app.provider.helpers(app.env);
    const acts = ['disable alice', 'remove alice', 'set-permissions alice --none', 'set-permissions alice --permission x'];
    for (const act of acts)
      expect([act, await on(`user ${act} --yes`)]).toMatchObject([act, { code: 1, err: expect.stringMatching(/last account.*--last/) }]);
    await accounts.setPermissions(bobId, ['admin']);
    await app.provider.helpers(app.env).disableUser(bobId); // who can administer nothing
    for (const act of acts) expect((await on(`user ${act} --yes`)).code).toBe(1);
    expect(await accounts.find(app.aliceId)).toMatchObject({ permissions: ['admin'] });
    expect(await mayIn(app, ALICE)).toBe(true);
    expect((await on('user set-permissions alice --permission admin --permission x --yes')).code).toBe(0); // who stays one
    await app.provider.helpers(app.env).enableUser(bobId);
    expect((await on('user disable alice --yes')).code).toBe(0); // for Bob is another one
    expect((await on('user remove bob --yes')).code).toBe(1);
    expect((await on('user remove bob --yes --last')).code).toBe(0);
  });

  it('takes the name of an account at another site for no user, as anyone may have chosen it', async () => {
    const { on, app, bobId } = await make();
    await app.store.write(
      'identity:x',
      { v: 1, userId: 'mallory-id', issuer: 'https://other.example', account: 'root', createdAt: 1 },
      'absent',
      {
        index: ['identities:mallory-id', 'identities:/all', 'identities:/account/root'],
      },
    );
    expect(await on('user disable root --yes')).toMatchObject({
      code: 1,
      err: 'There is no user root. If you mean an account at another site, name its user: mallory-id (https://other.example)',
    });
    expect((await on('user disable mallory-id --yes')).code).toBe(0);
    expect((await on('user outside')).out).toContain('mallory-id');
    const { id } = await app.provider.helpers(app.env).accounts.create({ username: 'bob@acme.example' });
    const both = await on('user disable bob@acme.example --yes'); // a user name here, an address there
    expect([both.code, both.err.startsWith('bob@acme.example means several users. Name one by its id: ')]).toEqual([1, true]);
    for (const one of [id, bobId]) expect(both.err).toContain(one);
  });

  it('takes an id for its user, although an account was given it as its name (F-33)', async () => {
    const { on, app, bobId } = await make();
    const oauth = app.provider.helpers(app.env);
    const outside = 'abcdefghijklmnopqrstua';
    await app.store.write('identity:x', { v: 1, userId: outside, issuer: 'https://other.example', createdAt: 1 }, 'absent', { index: [`identities:${outside}`, 'identities:/all'] }); // prettier-ignore
    const [decoy, other] = [await oauth.accounts.create({ username: outside }), await oauth.accounts.create({ username: bobId })];
    for (const id of [outside, bobId]) expect((await on(`user disable ${id} --yes`)).code).toBe(0);
    expect([(await oauth.accounts.find(decoy.id))?.disabled, (await oauth.accounts.find(other.id))?.disabled]).toEqual([
      undefined,
      undefined,
    ]);
    expect((await oauth.accounts.find(bobId))?.disabled).toBe(true);
    expect(JSON.parse((await on(`user show ${outside} --json`)).out)).toMatchObject({ id: outside, disabled: true });
  });
});

describe('portcullis client, grant, session, key, token and audit', () => {
  afterEach(() => opened.splice(0).forEach((store) => store.close()));

  it('approves and blocks clients, and makes one', async () => {
    const { on, app, file } = await make({ clientPolicy: { newClients: 'approve' } });
    const [client, browser] = [await app.client(), app.browser()];
    await client.signIn(browser, BOB).catch(() => undefined); // it waits
    expect((await json(on('client waiting --json'))).map(({ clientId }) => clientId)).toEqual([client.id]);
    const asSeen = (seen: string): ReturnType<typeof run> => run(['client', 'approve', client.id, '--as-seen', seen, '--store', file]);
    const { seen } = JSON.parse((await on(`client show ${client.id} --json`)).out) as { seen: string };
    expect(await asSeen('new')).toMatchObject({ code: 1, err: `It was seen as "new" and is "${seen}" now.` });
    expect((await asSeen(seen)).out).toBe('Done.');
    const { access: token } = tokensOf(await client.redeem(await client.signIn(app.browser(), BOB)));
    expect((await app.call(token)).status).toBe(200);
    expect((await on(`client block ${client.id}`)).code).toBe(2);
    expect((await on(`client block ${client.id} --yes`)).out).toBe('ended  1');
    expectChallenge(await app.call(token), 'invalid_token');
    expect((await on('client blocked')).out).toContain(client.id);
    expect((await on(`client show ${client.id}`)).out).toContain('blocked');
    expect((await on('client policy')).out).toBe('newClients  configured');
    expect((await on('client set-new refuse --yes')).code).toBe(0);
    expect((await on('client policy')).out).toBe('newClients  refuse');
    expect(await on('client set-new never --yes')).toMatchObject({ code: 1 });
    const created = JSON.parse((await on('client create Nightly --scope read --scope write --json')).out) as {
      client: { id: string };
      secret: string;
    };
    expect(created).toMatchObject({ client: { name: 'Nightly', scope: ['read', 'write'] }, secret: expect.any(String) });
    expect((await on('client approve mistyped')).out).toBe('registered  no'); // an application may know it, in its options
    expect((await on('client block mistypt --yes')).out).toContain('registered  no');
    expect((await on(`client delete ${created.client.id} --yes`)).code).toBe(0);
    expect(await on(`client delete ${created.client.id} --yes`)).toMatchObject({ code: 1, err: 'There is no such client.' });
  });

  it('says how many grants it would revoke before it asks, and revokes all of them over many pages', async () => {
    const { on, app } = await make();
    const tokens: string[] = [];
    for (let at = 0; at < 3; at++) tokens.push((await access(app)).token);
    const own = await access(app, ALICE);
    expect((await json(on('grant list --user bob --json'))).length).toBe(3);
    const [one] = await json(on('grant list --user bob --json'));
    expect(JSON.parse((await on(`grant show ${String(one?.['id'])} --json`)).out)).toEqual(one);
    const no = await on('grant revoke-all --user bob', { answers: ['n'] });
    expect([no.code, no.asked[0]?.[0]]).toEqual([1, "Revoke 3 grants? Each client's next call is refused. [y/N] "]);
    expect((await app.call(tokens[0] ?? null)).status).toBe(200);
    expect(await on('grant revoke-all --user bob')).toMatchObject({ code: 2 });
    expect(await on('grant revoke-all --yes')).toMatchObject({ code: 2, err: expect.stringContaining('--user, --client') });
    expect((await on('grant revoke-all --user bob --scope nothing --yes')).out).toBe('0 grants were revoked.');
    expect((await on('grant revoke-all --user bob --yes')).out).toBe('3 grants were revoked.');
    for (const token of tokens) expectChallenge(await app.call(token), 'invalid_token');
    expect((await app.call(own.token)).status).toBe(200);
    expect(await on('grant show x')).toMatchObject({ code: 1, err: 'There is no such grant.' });
  });

  it('ends one session, and shows them by what the account page calls them', async () => {
    const { on, app } = await make();
    const browser = app.browser();
    await browser.submit(await browser.get('https://mcp.example/login'), BOB);
    const [session] = await json(on('session list bob --json'));
    expect((await on('session list bob')).out).toContain('192.0.2.0/24');
    expect((await on(`session end bob ${String(session?.['id'])} --yes`)).code).toBe(0);
    expect((await browser.get('https://mcp.example/account')).status).toBe(303);
    expect(await on('session end bob x --yes')).toMatchObject({ code: 1, err: 'There is no such session.' });
  });

  it('makes a key that the server takes, tells it once, and inspects tokens without an echo', async () => {
    const { on, app } = await make();
    const made = await on('key create Nightly --scope read --ttl 90d --resource https://mcp.example/mcp');
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^pcl_\S+$/) });
    expect((await app.call(made.out)).status).toBe(200);
    const [key] = await json(on('key list --of-server --json'));
    expect(await json(on('audit list --json'))).toContainEqual(expect.objectContaining({ act: 'keys/create', target: 'Nightly', made: key?.['id'] })); // prettier-ignore
    expect(key).toMatchObject({ name: 'Nightly', scope: ['read'], kind: 'service' });
    const inspected = await on('token inspect', { input: `${made.out}\n` });
    expect([inspected.code, inspected.out]).toEqual([0, expect.stringMatching(/^live +yes\nkind +key\nscope +read\n/)]);
    for (const input of [`Authorization: Bearer ${made.out}`, `bearer  ${made.out}\r\n`, `"${made.out}"`, `DPoP ${made.out}`])
      expect(await on('token inspect', { input })).toMatchObject({ code: 0, out: inspected.out });
    expect(await on('token inspect', { input: `${made.out}\n${made.out}` })).toMatchObject({ code: 1, out: '', err: expect.stringContaining('one token') }); // prettier-ignore
    const asked = await on('token inspect', { answers: [made.out] });
    expect([asked.code, asked.asked]).toEqual([0, [['Token: ', true]]]);
    expect(inspected.out + asked.out + asked.err + (await on('audit list')).out).not.toContain(made.out);
    expect((await on(`key revoke ${String(key?.['id'])} --yes`)).code).toBe(0);
    expectChallenge(await app.call(made.out), 'invalid_token');
    expect(await on('token inspect', { input: made.out })).toMatchObject({ code: 1, out: expect.stringContaining('grant_revoked') });
    expect(await on('key create x --ttl 1d')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--resource https://mcp.example/mcp'),
    });
    for (const line of ['key create x', 'key create x --ttl soon', 'key create x --ttl 1d --organization a', 'token inspect secret'])
      expect((await on(line)).code).toBe(2);
  });

  it('lists changes by administrators since a time', async () => {
    const { on, app } = await make();
    await app.store.write('audit:old', { v: 1, at: app.clock.now() - 10 * 86_400, act: 'users/enable', by: 'x', outcome: 'done' }, 'absent', { index: ['audit:all'] }); // prettier-ignore
    await on('user enable bob');
    expect((await json(on('audit list --json'))).map(({ by }) => by)).toEqual(['x', `cli:${userInfo().username}`]);
    for (const since of ['7d', new Date((app.clock.now() - 86_400) * 1000).toISOString()])
      expect((await json(on(`audit list --json --since ${since}`))).length).toBe(1);
    expect((await on('audit list --since 7d')).out.split('\n')).toHaveLength(2);
    expect(await on('audit list --since never')).toMatchObject({ code: 2 });
    for (const verb of ['log', 'export', 'verify']) expect(await on(`audit ${verb}`)).toMatchObject({ code: 1, err: expect.stringContaining('No audit log is kept here') }); // prettier-ignore
  });

  it('reads, exports and verifies the audit log that a server keeps, and writes its own acts into it', async () => {
    const { on, app, bobId } = await make({ audit: { keep: '30d' } });
    const blockOf = async (n: number): Promise<string> =>
      ((await app.inner.read(`audit-log:${n}`))?.value as { text?: string } | undefined)?.text ?? '';
    /** The log as it is stored: a command that reads it is an entry of it, too. */
    const stored = async (): Promise<string> => {
      let text = '';
      for (let n = 1, block = ''; (block = await blockOf(n)) !== ''; n++) text += block;
      return text;
    };
    await mayIn(app);
    await expect.poll(stored).toContain('login.succeeded'); // written behind the answer
    expect((await on('user disable bob --yes')).code).toBe(0);
    expect(await stored()).toContain('users/disable'); // before the command ended
    await mayIn(app, { ...BOB, password: 'not the password' });
    await expect.poll(stored).toContain('login.failed');
    const by = `cli:${userInfo().username}`;
    const exported = await json(on('audit export'));
    expect(await json(on('audit export --kind admin. --act users/disable --since 1h'))).toEqual([
      expect.objectContaining({ act: 'users/disable', by, target: bobId }),
    ]);
    expect((await json(on('audit log --json'))).map(({ id }) => id).slice(-exported.length)).toEqual(
      exported.map(({ id }) => id).toReversed(),
    );
    expect((await on(`audit log --target ${bobId}`)).out).toContain('users/disable');
    const { client: app2 } = JSON.parse((await on('client create Second --scope read --json')).out) as { client: { id: string } };
    const ofApp = await json(on(`audit log --target ${app2.id} --json`));
    expect(ofApp).toContainEqual(expect.objectContaining({ act: 'clients/create', target: 'Second', made: app2.id }));
    const ofBob = await json(on('audit export --user bob'));
    expect(ofBob).toContainEqual(expect.objectContaining({ kind: 'login.failed', reason: 'password_wrong', userId: bobId }));
    expect(ofBob.every(({ userId, target }) => userId === bobId || target === bobId)).toBe(true);
    expect((await on('audit log --user bob@acme.example')).out).toContain('login.failed');
    expect(await on('audit log --user ben')).toMatchObject({ code: 1, err: 'There is no user ben.' });
    expect(await on('audit log --user bob --target x')).toMatchObject({ code: 2, err: '--user and --target exclude each other.' });
    const sound = await on('audit verify --json');
    const verdict = JSON.parse(sound.out) as { headBlock: number; headHash: string };
    expect([sound.code, verdict]).toEqual([0, expect.objectContaining({ ok: true, problems: [] })]);
    const noted = `audit verify --block ${verdict.headBlock} --hash`;
    expect([(await on(`${noted} ${verdict.headHash}`)).code, (await on(`${noted} ${'x'.repeat(43)}`)).code]).toEqual([0, 1]);
    expect(await on(`${noted} ${verdict.headHash.slice(1)}`)).toMatchObject({ code: 1, err: expect.stringContaining('43 characters') }); // not a log that was changed
    await app.inner.write('audit-log:1', { v: 1, text: (await blockOf(1)).replace('login', 'logon') }, 'any');
    expect(await on('audit verify')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^ok +no\n[^]*problems\nblock +what\n1 +changed$/),
    });
    const { until, entries } = JSON.parse(await blockOf(verdict.headBlock)) as { until: number; entries: { at: number }[] };
    expect(until - (entries.at(-1)?.at ?? 0) - 30 * 86_400).toBeLessThan(60); // kept as the server does, also after several commands
  });
});

describe('the administration commands', () => {
  beforeEach(() => void delete process.env['PORTCULLIS_EPOCH']);
  afterEach(() => {
    for (const name of ['PORTCULLIS_EPOCH', 'PORTCULLIS_DATA']) delete process.env[name];
    opened.splice(0).forEach((store) => store.close());
  });

  it('stop a list at the end of a page of a hundred rows or more, and say how to go on', async () => {
    const { on, app } = await make();
    const { accounts } = app.provider.helpers(app.env);
    for (let at = 0; at < 250; at++) await accounts.create({ username: `user-${at}` });
    const first = await on('user list --json');
    const after = /--after (\S+),/.exec(first.err)?.[1] ?? '';
    const rows = first.out.split('\n').length;
    expect(rows).toBeGreaterThanOrEqual(100);
    expect(rows).toBeLessThan(252);
    const rest = (await json(on(`user list --json --all --after ${after}`))).length;
    expect([rows + rest, (await json(on('user list --json --all'))).length]).toEqual([252, 252]);
  });

  it('look at the part of the store that the server uses, or say which one is meant', async () => {
    const { on, file } = await make();
    expect(await on('user list --tenant acme')).toMatchObject({
      code: 2,
      err: 'This store holds nothing of the tenant acme, and no tenants.',
    });
    const two = join(folder, 'tenants.db');
    const store = sqliteStore(two);
    opened.push(store);
    await store.write('acme/client:1', {}, 'any');
    expect(await run(['user', 'list', '--store', two])).toMatchObject({
      code: 2,
      err: 'This store holds the tenants acme. Name one: --tenant acme',
    });
    expect(await run(['user', 'list', '--store', two, '--tenant', 'acme'])).toMatchObject({ code: 0, err: 'Nothing found.' });
    expect(await run(['user', 'list', '--store', two, '--tenant', 'blue'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('there are acme'),
    });
    const restored = sqliteStore(file);
    opened.push(restored);
    await restored.write('2026-11-23@grant:1', {}, 'any');
    expect(await on('user list')).toMatchObject({ code: 2, err: 'The server of this store runs with PORTCULLIS_EPOCH=2026-11-23. Set it here to what the server has.' }); // prettier-ignore
    process.env['PORTCULLIS_EPOCH'] = '2026-11-23';
    expect(await on('user list')).toMatchObject({ code: 0, err: '' });
    process.env['PORTCULLIS_EPOCH'] = '2026-11-24'; // a server that has just begun this epoch has no record of it
    const warning = 'This store holds nothing of PORTCULLIS_EPOCH=2026-11-24, but of 2026-11-23. Compare it with the server.';
    expect(await on('user list')).toMatchObject({ code: 0, err: warning });
    delete process.env['PORTCULLIS_EPOCH'];
    await restored.write('2026-11-25@grant:1', {}, 'any'); // restored again: records of the epoch before are there until they expire
    const which = 'This store holds records of several epochs: 2026-11-23, 2026-11-25. Set PORTCULLIS_EPOCH to what the server has.';
    expect(await on('user list')).toMatchObject({ code: 2, err: which });
  });

  it('take no empty word and no empty flag', async () => {
    const { file } = await make();
    const refused = (what: string, noun: string): object => ({ code: 2, out: '', err: `${what}. See: portcullis ${noun} --help` });
    const store = ['--store', file];
    expect(await run(['user', 'show', '', ...store])).toMatchObject(refused('USER is empty', 'user'));
    expect(await run(['client', 'block', ' ', '--yes', ...store])).toMatchObject(refused('ID is empty', 'client'));
    expect(await run(['grant', 'list', '--user', '', ...store])).toMatchObject(refused('--user is empty', 'grant'));
    expect(await run(['user', 'set-permissions', 'bob', '--permission=', ...store])).toMatchObject(
      refused('--permission is empty', 'user'),
    );
  });

  it('say of the key of another tenant that it may be one', async () => {
    const two = join(folder, 'keys.db');
    const store = sqliteStore(two);
    opened.push(store);
    for (const tenant of ['acme', 'blue']) await store.write(`${tenant}/client:1`, {}, 'any');
    const made = await run('key create Nightly --scope read --ttl 90d --resource https://mcp.example/acme/mcp --tenant acme --store'.split(' ').concat(two)); // prettier-ignore
    const inspect = (tenant: string): ReturnType<typeof run> =>
      run(['token', 'inspect', '--store', two, '--tenant', tenant], { input: made.out });
    expect(await inspect('acme')).toMatchObject({ code: 0, err: '' });
    const out = expect.stringContaining('grant_unknown');
    expect(await inspect('blue')).toMatchObject({ code: 1, out, err: expect.stringContaining('of another tenant') });
  });

  it('take the store from PORTCULLIS_DATA, and name what is missing', async () => {
    const { file } = await make();
    expect(await run(['user', 'list'])).toMatchObject({
      code: 2,
      err: 'Name what to work on: --store ./data, or --server https://mcp.example',
    });
    expect(await run(['user', 'list', '--store', file, '--server', 'https://x.example'])).toMatchObject({ code: 2 });
    process.env['PORTCULLIS_DATA'] = file;
    expect((await run(['user', 'list'])).code).toBe(0);
    expect(await run(['user', 'list', '--store', join(folder, 'none.db')])).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no database'),
    });
  });

  it('suggest what was meant, and refuse words and flags that a verb does not take', async () => {
    const { on } = await make();
    expect(await on('user lsit')).toMatchObject({ code: 2, err: 'user has no lsit; did you mean list? See: portcullis user --help' });
    expect(await on('uesr list')).toMatchObject({ code: 2, err: expect.stringContaining('did you mean user?') });
    expect(await on('user list --jsno')).toMatchObject({ code: 2, err: expect.stringContaining('did you mean --json?') });
    expect(await on('user')).toMatchObject({ code: 2, err: 'user needs a verb. See: portcullis user --help' });
    expect(await on('user disable')).toMatchObject({ code: 2, err: 'Write: portcullis user disable USER. See: portcullis user --help' });
    expect(await on('user list bob')).toMatchObject({ code: 2 });
    expect(await on('user disable bob --email x@y.example --yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('user disable takes no --email'),
    });
    expect(await on('user toString')).toMatchObject({ code: 2 });
  });

  it('take an id that begins with a hyphen for an id, as one of 64 does', async () => {
    const { on, app } = await make();
    const id = '-BhrulXKjW3ERsznfEAG-Q';
    expect(await on(`grant show ${id}`)).toMatchObject({ code: 1, err: 'There is no such grant.' });
    for (const line of [`grant list --user ${id}`, `session end ${id} ${id} --yes`])
      expect(await on(line)).toMatchObject({ code: 1, err: `There is no user ${id}.` });
    await app.store.write(`session:x`, { v: 1, userId: `-${id}`, claims: {}, createdAt: 1, expiresAt: 1e11 }, 'absent', {
      index: [`sessions:-${id}`],
    });
    expect((await on(`user disable -${id} --yes`)).out).toBe(`id  -${id}`);
    expect(await on('user list --organization-name')).toMatchObject({ code: 2 });
  });

  it('say in one line that a store cannot be used', async () => {
    const broken = join(folder, 'broken.db');
    writeFileSync(broken, 'no database');
    expect(await run(['user', 'list', '--store', broken])).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not an SQLite database'),
    });
    expect(await run(['user', 'list', '--store', 'postgres://127.0.0.1:1/x'])).toMatchObject({ code: 1, err: expect.stringMatching(/^The store at 127\.0\.0\.1:1 cannot be used: [^\n]+$/) }); // prettier-ignore
    const { on, app } = await make();
    await app.inner.write('audit:x', 'no entry', 'any', { index: ['audit:all'] });
    expect((await on('audit list')).code).toBe(0);
  });

  it('refuse what is not a number, also one that begins with a hyphen', async () => {
    const { file } = await make();
    expect((await run(['store', 'sweep', '--store', file, '--most', 'x'])).err).toBe('--most takes a whole number; it is "x".');
    expect((await run(['store', 'sweep', '--store', file, '--most=-5'])).err).toBe('--most takes a whole number; it is "-5".');
    const { code, err } = await run(['store', 'sweep', '--store', file, '--most', '-5']);
    expect([code, err]).toEqual([
      2,
      '--most needs a value; write one that begins with a hyphen as --most=-…. See: portcullis store --help',
    ]);
  });

  it('tell of health, and sweep', async () => {
    const { file } = await make();
    expect(await run(['store', 'health', file])).toMatchObject({ code: 0, out: 'ok  yes' });
    expect(await run(['store', 'sweep', '--store', file, '--json'])).toMatchObject({ code: 0, out: expect.stringContaining('"removed"') });
    expect(await run(['store', 'helth', file])).toMatchObject({ code: 2, err: expect.stringContaining('did you mean health?') });
  });

  it('explain themselves, with examples that are commands', async () => {
    for (const noun of ['user', 'client', 'grant', 'session', 'key', 'token', 'audit']) {
      const { code, out } = await run([noun, '--help']);
      expect(code).toBe(0);
      for (const [, verb] of out.split('Examples:')[1]?.matchAll(/^ {2}portcullis \w+ (\S+)/gm) ?? []) expect(out.split('Examples:')[0]).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm')); // prettier-ignore
      expect(out).toContain('Examples:\n  portcullis');
    }
  });
});
