/** What administrators end stays ended where users are still to come from a former store: over a store, and by the API of a server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runAct } from '../../src/admin/run.ts';
import { runCommand } from '../../src/cli/commands.ts';
import { coreParts } from '../../src/core/parts.ts';
import { makeAuthServer } from '../../src/core/auth-server.ts';
import { workersOAuthKv } from '../../src/former/workers-oauth-kv.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { settingsOf } from '../../src/provider/host.ts';
import { makeHelpers } from '../../src/provider/helpers.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn, ISSUER, optionsFor } from '../support/app.ts';
import { formerClient, formerGrant, type FormerRecords, makeFormerKv } from '../support/former-kv.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-cli-former-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const optionsOver = (kv: FormerRecords): Partial<OAuthProviderOptions> => ({ formerStore: workersOAuthKv(() => kv), clientPolicy: {} });

async function make(): Promise<{ app: App; kv: FormerRecords; file: string; close: () => void }> {
  const [file, kv] = [join(folder, `${++made}.db`), makeFormerKv()];
  const store = sqliteStore(file);
  const app = await appOn(store, makeClock(Math.floor(Date.now() / 1000)), optionsOver(kv));
  return { app, kv, file, close: () => store.close() };
}

const LATER = { createdAt: Math.floor(Date.now() / 1000) - 1000, expiresAt: Math.floor(Date.now() / 1000) + 100_000 };
const refresh = async (app: App, refresh_token: string, client_id: string): Promise<number> => {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return (await app.ask('POST', '/token', new URLSearchParams({ grant_type: 'refresh_token', refresh_token, client_id }), type)).status;
};
async function on(file: string, line: string): Promise<{ code: number; out: string }> {
  const out: string[] = [];
  const terminal = { out: (text: string) => void out.push(text), err() {}, open() {}, after: () => () => undefined, input: async () => '' };
  return { code: await runCommand([...line.split(' '), '--store', file], terminal), out: out.join('\n') };
}

describe('grants of a former store', () => {
  it('do not move once the command line has revoked all of their client, over a store that knows none of them', async () => {
    const { app, kv, file, close } = await make();
    const [revoked, other] = [await formerClient(kv), await formerClient(kv)];
    const [gone, kept] = [await formerGrant(kv, revoked, LATER), await formerGrant(kv, other, LATER)];
    expect(await on(file, `grant revoke-all --client ${revoked} --yes`)).toEqual({ code: 0, out: '0 grants were revoked.' });
    expect([await refresh(app, gone.current, revoked), await refresh(app, kept.current, other)]).toEqual([400, 200]);
    close();
  });

  it('are listed and ended by the API, one or all of a user or client, and their users and clients can be shut out before they come', async () => {
    const { app, kv, close } = await make();
    const settings = settingsOf(parseOptions(optionsFor(app.events, optionsOver(kv))), { issuer: ISSUER }, true, {});
    const as = makeAuthServer(settings, app.machine, app.store, coreParts);
    const admin = { as, helpers: makeHelpers(as), userId: 'root', permission: 'admin' };
    const run = (name: string, all: Record<string, unknown>): Promise<unknown> => runAct(admin, name, all);
    const id = await formerClient(kv);
    const tokens = await Promise.all(['one', 'two'].map((one) => formerGrant(kv, id, { ...LATER, id: one })));
    const { current } = await formerGrant(kv, id, { ...LATER, id: 'three', userId: 'ben' });
    expect(await run('grants', { user: 'una' })).toMatchObject({ grants: [{ id: 'una:one' }, { id: 'una:two' }] });
    expect(await run('grants/revoke', { id: 'una:one' })).toEqual({ id: 'una:one' });
    await expect(run('grants/revoke', { id: 'una:none' })).rejects.toMatchObject({ status: 404 });
    expect(await refresh(app, tokens[0]?.current ?? '', id)).toBe(400);
    expect(await run('grants/revoke-all', { user: 'una' })).toMatchObject({ ended: 1 });
    expect(await refresh(app, tokens[1]?.current ?? '', id)).toBe(400);
    expect(await run('users/disable', { id: 'ben' })).toEqual({ id: 'ben' });
    expect(await refresh(app, current, id)).toBe(400);
    expect(await run('clients/block', { id: 'not-here-yet' })).toMatchObject({ registered: false });
    close();
  });
});
