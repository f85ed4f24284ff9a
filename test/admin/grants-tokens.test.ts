/** Acts on a token that was found somewhere, run without HTTP, as the command line does. */
import { describe, expect, it } from 'vitest';
import { runAct } from '../../src/admin/run.ts';
import { adminApi } from '../../src/admin/index.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { coreParts } from '../../src/core/parts.ts';
import { makeAuthServer } from '../../src/core/auth-server.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { settingsOf } from '../../src/provider/host.ts';
import { makeHelpers } from '../../src/provider/helpers.ts';
import { type App, ISSUER, makeApp, optionsFor } from '../support/app.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { altered } from '../support/altered.ts';

const OPTIONS = { accessKeys: {}, admin: adminApi({ permission: 'admin' }) };

async function make(
  more: Partial<OAuthProviderOptions> = {},
): Promise<{ app: App; run: (name: string, all: Record<string, unknown>) => Promise<unknown> }> {
  const app = await makeApp('memory', { ...OPTIONS, ...more });
  const settings = settingsOf(parseOptions(optionsFor(app.events, { ...OPTIONS, ...more })), { issuer: ISSUER }, true, {});
  const as = makeAuthServer(settings, app.machine, app.store, coreParts);
  const admin = { as, helpers: makeHelpers(as), userId: 'cli:root', permission: 'admin' };
  return { app, run: (name, all) => runAct(admin, name, all) };
}

describe('admin/grants, tokens', () => {
  it('says whose a token is, and why it is good for nothing, and writes it nowhere', async () => {
    const { app, run } = await make();
    const { tokens } = await app.signedIn();
    const inspect = (token: string): Promise<unknown> => run('tokens/inspect', { token });
    const grant = expect.objectContaining({ userId: app.aliceId, scope: ['read', 'write'] });
    const live = { live: true, scope: ['read', 'write'], expiresAt: expect.any(Number), grant };
    expect(await inspect(`${tokens.access}\n`)).toEqual({ ...live, kind: 'access' });
    expect(await inspect(tokens.refresh)).toEqual({ ...live, kind: 'refresh' });
    const { key, info } = await app.provider.helpers(app.env).keys.create({ name: 'k', scope: ['read'], ttl: 3600 });
    expect(await inspect(key)).toMatchObject({ live: true, kind: 'key', scope: ['read'], grant: { id: info.id } });
    const forged = altered(tokens.access);
    expect(await inspect(forged)).toEqual({ live: false, kind: 'access', why: 'token_unknown', grant });
    expect(await inspect(altered(tokens.refresh))).toEqual({
      live: false,
      kind: 'refresh',
      why: 'token_unknown',
      grant,
    });
    expect(await inspect('ghp_of_another_site')).toEqual({ live: false, kind: 'unknown', why: 'token_foreign', grant: null });
    app.clock.pass(3601);
    expect(await inspect(tokens.access)).toEqual({ live: false, kind: 'access', why: 'token_expired', grant });
    await run('grants/revoke', { id: (await app.provider.helpers(app.env).listUserGrants(app.aliceId)).grants[0]?.id });
    for (const token of [tokens.access, tokens.refresh])
      expect(await inspect(token)).toMatchObject({ live: false, why: 'grant_revoked', grant: null });
    const told = JSON.stringify([await run('audit', {}), app.events]);
    for (const secret of [tokens.access, tokens.refresh, key, forged, 'ghp_of_another_site']) expect(told).not.toContain(secret);
    expect(JSON.stringify(await run('audit', {}))).toContain('tokens/inspect');
    app.clock.pass(400 * 86_400);
    expect(await inspect(tokens.refresh)).toEqual({ live: false, kind: 'refresh', why: 'grant_unknown', grant: null });
  });

  it('takes a token as it stands in a header, a log or a file, and one alone', async () => {
    const { app, run } = await make();
    const { access } = (await app.signedIn()).tokens;
    const inspect = (token: string): Promise<unknown> => run('tokens/inspect', { token });
    const forms = [`Authorization: Bearer ${access}`, `authorization:bearer ${access}`, `DPoP  ${access}`, ` ${access}\r\n`];
    for (const text of [...forms, ...['"', "'", '`'].map((sign) => sign + access + sign)])
      expect(await inspect(text)).toMatchObject({ live: true, kind: 'access' });
    for (const text of [`it is Bearer ${access}`, `${access} ${access}`, `Authorization ${access}`, `x:bearer ${access}`])
      await expect(inspect(text)).rejects.toThrow('token must be one token: this one has white space in it.');
    for (const text of [`x"${access}"`, `"${access}"x`, `"${access}'`, `bearer${access}`, `xx${access}x`])
      expect(await inspect(text)).toMatchObject({ live: false });
  });

  it('says of a refresh token when it has expired, and of other texts that they are not one', async () => {
    const { app, run } = await make({ refreshTokenTTL: 600 });
    const { tokens } = await app.signedIn();
    const other = await app.signedIn({ grant_types: ['authorization_code'] });
    const [id] = /(?<=access_)[\w-]{22}/.exec(other.tokens.access) ?? [];
    const inspect = (token: string): Promise<unknown> => run('tokens/inspect', { token });
    const forged = tokens.refresh.replace(/(?<=refresh_)[\w-]{22}/, String(id));
    expect(await inspect(forged)).toMatchObject({ live: false, kind: 'refresh', why: 'token_unknown' });
    app.clock.pass(599);
    expect(await inspect(tokens.refresh)).toMatchObject({ live: true });
    app.clock.pass(1);
    expect(await inspect(tokens.refresh)).toMatchObject({ live: false, kind: 'refresh', why: 'grant_unknown' });
  });

  it('knows a code, which is no access token', async () => {
    const { app, run } = await make();
    const { code } = await app.toCode();
    expect(await run('tokens/inspect', { token: code })).toMatchObject({
      live: false,
      kind: 'code',
      why: 'token_of_another_kind',
      grant: { userId: app.aliceId },
    });
  });

  it('says of a rotated refresh token that it still gets its successor, for as long as it does', async () => {
    const { app, run } = await make();
    const { client, tokens } = await app.signedIn();
    const since = app.clock.now();
    tokensOf(await client.refresh(tokens.refresh));
    const inspect = (): Promise<unknown> => run('tokens/inspect', { token: tokens.refresh });
    expect(await inspect()).toMatchObject({ live: true, kind: 'refresh', rotated: true, scope: ['read', 'write'], expiresAt: since + 120 });
    app.clock.pass(119);
    expect(await inspect()).toMatchObject({ live: true, rotated: true });
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
    app.clock.pass(1);
    expect(await inspect()).toMatchObject({ live: false, why: 'token_unknown' });
    expect((await client.refresh(tokens.refresh)).status).toBe(400);
  });

  it('shows one grant, and knows no act that is not there', async () => {
    const { app, run } = await make();
    await app.signedIn();
    const [grant] = (await app.provider.helpers(app.env).listUserGrants(app.aliceId)).grants;
    expect(await run('grants/show', { id: grant?.id })).toEqual({ ...grant, userId: app.aliceId });
    for (const [name, all] of [
      ['grants/show', { id: 'x' }],
      ['toString', {}],
      ['grants/burn', {}],
    ] as const)
      await expect(run(name, all)).rejects.toMatchObject({ status: 404 });
  });

  it('notes who acts, as what they are called where there is no session', async () => {
    const { app, run } = await make();
    await run('users/disable', { id: app.aliceId });
    expect(await run('audit', {})).toMatchObject({
      entries: [{ act: 'users/disable', by: 'cli:root', target: app.aliceId, outcome: 'done' }],
    });
  });
});
