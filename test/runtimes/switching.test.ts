/**
 * Workers as users of workers-oauth-provider 1.2.3 write them. Each runs on it in workerd and signs a client in; then its import leads to
 * ours, over the same KV data and with one more binding, and the client stays signed in (W-01, W-07).
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { installTheirs } from '../support/beside.ts';
import { askTokens, type Running, signInAt, startWorker } from '../support/switched.ts';

const props = async ({ send }: Running, token: string | undefined): Promise<unknown> => {
  const answer = await send('/mcp', { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' });
  return answer.ok ? answer.json() : `${answer.status} ${answer.headers.get('www-authenticate')}`;
};

describe.each(['own-page', 'upstream', 'refreshing', 'permissions', 'split', 'around'])('the Worker %s, switched', (name) => {
  it('keeps a client signed in that was signed in before, also with five refreshes at once and with a lost answer', async () => {
    const theirs = await startWorker(name, 'theirs');
    const { clientId, tokens } = await signInAt(theirs);
    const before = await props(theirs, tokens['access_token']);
    expect(before).toMatchObject({ round: 0 });
    const ours = await startWorker(name, 'ours', theirs);
    await theirs.stop();
    const refresh = { grant_type: 'refresh_token', client_id: clientId, refresh_token: tokens['refresh_token'] ?? '' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => askTokens(ours, refresh)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body['refresh_token'])).size).toBe(1);
    const again = await askTokens(ours, refresh); // the answers were lost
    expect([again.status, again.body['refresh_token']]).toEqual([200, answers[0]?.body['refresh_token']]);
    const expected = name === 'refreshing' ? { ...(before as object), round: 1, only: 'token' } : before;
    expect(await props(ours, again.body['access_token'])).toEqual(expected);
    const next = await askTokens(ours, { ...refresh, refresh_token: again.body['refresh_token'] ?? '' });
    expect(next.status).toBe(200);
    await ours.stop();
  });

  it('signs in a new client, whose name the pages show', async () => {
    const ours = await startWorker(name, 'ours');
    const { tokens, pages } = await signInAt(ours);
    expect(await props(ours, tokens['access_token'])).toMatchObject({ round: 0 });
    expect(tokens['refresh_token']).toMatch(/^refresh_/); // W-05: the client registered for codes alone
    for (const page of pages) expect(page).toContain('Notes client');
    const page = { authorization: `Bearer ${tokens['access_token']}`, origin: 'https://evil.example' };
    expect((await ours.send('/mcp', { method: 'POST', headers: page, body: '{}' })).status).toBe(403); // there every origin may call
    expect(await props(ours, 'nonsense')).toMatch(/^401 Bearer .*resource_metadata=/);
    await ours.stop();
  });
});

describe('the Worker around, switched', () => {
  it('lists and ends a grant whose client has not come since, and runs the fetch of its own class (W-03)', async () => {
    const theirs = await startWorker('around', 'theirs');
    const { clientId, tokens } = await signInAt(theirs);
    const ours = await startWorker('around', 'ours', theirs);
    await theirs.stop();
    expect((await ours.send('/mcp', { headers: { 'x-blocked': '1' } })).status).toBe(403);
    expect((await ours.send('/mcp')).status).toBe(401);
    expect(await (await ours.send('/grants')).json()).toEqual(['Una']);
    await ours.send('/grants', { method: 'POST' });
    expect(await (await ours.send('/grants')).json()).toEqual([]);
    const refresh = { grant_type: 'refresh_token', client_id: clientId, refresh_token: tokens['refresh_token'] ?? '' };
    expect((await askTokens(ours, refresh)).status).toBe(400);
    await ours.stop();
  });
});

describe('portcullis/workers-oauth-provider', () => {
  it('exports every name of 1.2.3: values, types and the default', async () => {
    installTheirs();
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const theirs = readFileSync(`${root}bench/node_modules/@cloudflare/workers-oauth-provider/dist/oauth-provider.d.ts`, 'utf8');
    const list = /export \{([^}]+)\};?\s*$/.exec(theirs)?.[1] ?? '';
    const names = list.split(',').map((one) =>
      one
        .trim()
        .replace(/^type /, '')
        .replace(/^.* as /, ''),
    );
    expect(names.length).toBeGreaterThan(60);
    const ours = await import('../../src/workers-oauth-provider/index.ts');
    const folder = `${root}src/workers-oauth-provider`;
    const source = readdirSync(folder)
      .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
      .join('\n');
    const isType = (name: string): boolean => new RegExp(`^export (?:interface|type|class|const|function) ${name}\\b`, 'm').test(source);
    expect(names.filter((name) => !Object.hasOwn(ours, name) && !isType(name))).toEqual([]);
  });

  it.each([
    ['an unknown option', { tokenEndpiont: '/token' }, '`tokenEndpiont` is not an option; did you mean `tokenEndpoint`'],
    ['the implicit flow', { allowImplicitFlow: true }, '`allowImplicitFlow` is not supported'],
    [
      'enterprise-managed authorization',
      { enterpriseManagedAuthorization: {} },
      'enterpriseManagedAuthorization.trustedIssuers must be a function',
    ],
    ['no resource', { resourceMetadata: {} }, '`resourceMetadata.resource` must be the URL'],
    ['a lifetime that is too short', { accessTokenTTL: 5 }, '`accessTokenTTL` must be a whole number of seconds, at least 60'],
  ])('fails at the start for %s, naming the fix', async (_what, wrong, message) => {
    const { OAuthProvider } = await import('../../src/workers-oauth-provider/index.ts');
    const handler = { fetch: () => new Response() };
    const good = {
      apiRoute: '/mcp',
      apiHandler: handler,
      defaultHandler: handler,
      authorizeEndpoint: '/authorize',
      tokenEndpoint: '/token',
      resourceMetadata: { resource: 'https://mcp.example/mcp' },
    };
    expect(() => new OAuthProvider({ ...good, ...wrong } as never)).toThrow(message);
    const provider = new OAuthProvider(good);
    await expect((async () => provider.fetch(new Request('https://mcp.example/token'), {} as never, { waitUntil() {} }))()).rejects.toThrow(
      'the binding PORTCULLIS is missing',
    );
  });
});
