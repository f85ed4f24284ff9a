/** Several processes on one SQLite file and one rotating refresh token of another site. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { upstream } from '../../src/logins/upstream.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type FakeUpstream, makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { appOn } from '../support/app.ts';
import { APP, atConsent, awayTo, callbackOf } from '../support/upstream-app.ts';
import { tool } from '../support/vault-tool.ts';

const RACER = fileURLToPath(new URL('../support/vault-racer.ts', import.meta.url));

/** The fake provider on a socket, so that other processes reach it; slow enough at its token endpoint that all of them meet there. */
async function listen(now: () => number): Promise<{ fake: FakeUpstream; close: () => void }> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body: Uint8Array[] = [];
      for await (const chunk of incoming) body.push(chunk as Uint8Array);
      const init = { method: incoming.method ?? 'GET', headers: incoming.headers as Record<string, string> };
      const text = Buffer.concat(body);
      const response = await fake.fetch(fake.issuer + (incoming.url ?? ''), text.length > 0 ? { ...init, body: text } : init);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake = await makeFakeUpstream({ ...APP, redirectUri: callbackOf('corp'), issuer, now });
  return { fake, close: () => void server.close() };
}

async function start(args: readonly string[]): Promise<{ child: ChildProcess; lines: AsyncIterator<string> }> {
  const child = spawn(process.execPath, [RACER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  return { child, lines };
}

it('FLT-17 two processes and 100 parallel calls spend one rotating refresh token of another site exactly once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-vault-'));
  const clock = makeClock();
  const { fake, close } = await listen(clock.now);
  try {
    const path = join(folder, 'p.db');
    const store = sqliteStore(path, { now: clock.now });
    const corp = oidc({ ...APP, issuer: fake.issuer, id: 'corp', label: 'Corp' });
    const options = { logins: [upstream(corp, { keepTokens: true })], apiHandler: tool, accessTokenTTL: 86_400 };
    const app = await appOn(store, clock, options);
    const at = await atConsent(app);
    const back = await at.browser.get(await fake.visit(await awayTo('corp', at)));
    const { access } = tokensOf(await at.client.redeem(codeOf(back)));
    clock.pass(3700);
    const args = [path, fake.issuer, access, '50', String(clock.now())];
    const racers = await Promise.all([start(args), start(args)]);
    for (const { child } of racers) child.stdin!.write('go\n');
    const said: string[] = [];
    for (const { lines } of racers) for (let line = await lines.next(); !line.done; line = await lines.next()) said.push(line.value);
    expect(said).toHaveLength(100);
    expect(fake.tokens.refreshes).toEqual({ asked: 1, refused: 0 });
    expect(new Set(said).size).toBe(1);
    expect(fake.tokens.isGood(said[0]?.slice('token '.length), clock.now())).toBe(true);
    store.close();
  } finally {
    close();
    rmSync(folder, { recursive: true, force: true });
  }
});
