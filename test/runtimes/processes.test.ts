/** Several server processes on one SQLite file: one winner, no one signed out, and nothing lost by a kill -9. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { registerClient, type TestClient, type Tokens, tokensOf } from '../../src/testing/oauth-client.ts';
import { type Fleet, FLEET_ISSUER as ISSUER, FLEET_PERSON as ALICE, type Member, startFleet } from '../support/fleet.ts';

const fleets: Fleet[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const fleet of fleets.splice(0)) await fleet.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-processes-'));
  folders.push(folder);
  return folder;
}

async function start(folder: string): Promise<Member> {
  const fleet = await startFleet(folder, 1);
  fleets.push(fleet);
  return fleet.members[0] as Member;
}

async function signIn(client: TestClient, send: Send): Promise<Tokens> {
  return tokensOf(await client.redeem(await client.signIn(makeBrowser(send), ALICE)));
}

const call = async ({ send }: Member, token: string): Promise<number> =>
  (await send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` } }))).status;

describe('several processes on one file', () => {
  it('let exactly one of 100 parallel redemptions of one code through (SEC-030, FLT-14)', async () => {
    const folder = dataFolder();
    const servers = [await start(folder), await start(folder)];
    let turn = 0;
    const send: Send = (request) => servers[turn++ % 2]!.send(request);
    for (let round = 0; round < 3; round++) {
      const client = await registerClient({ send, issuer: ISSUER });
      const code = await client.signIn(makeBrowser(send), ALICE);
      const answers = await Promise.all(Array.from({ length: 100 }, () => client.redeem(code)));
      expect(answers.filter((answer) => answer.status === 200).length).toBe(1);
      expect(answers.filter((answer) => answer.body['error'] === 'invalid_grant').length).toBe(99);
    }
  });

  it('give parallel refreshes over two processes one successor, and a token of one is good at the other', async () => {
    const folder = dataFolder();
    const [one, two] = [await start(folder), await start(folder)] as const;
    const client = await registerClient({ send: one.send, issuer: ISSUER });
    const twin = { ...(await registerClient({ send: two.send, issuer: ISSUER })) };
    const tokens = await signIn(client, one.send);
    const own = { client_id: client.id };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? client.refresh(tokens.refresh) : twin.refresh(tokens.refresh, own))),
    );
    expect(new Set(answers.map((answer) => tokensOf(answer).refresh)).size).toBe(1);
    expect([await call(one, tokensOf(answers[0]!).access), await call(two, tokensOf(answers[0]!).access)]).toEqual([200, 200]);
    expect((await client.revoke(tokens.refresh)).status).toBe(200);
    expect(await call(two, tokensOf(answers[0]!).access)).toBe(401);
  });

  it('keep three processes of one client with one token file signed in, in any order of their refreshes (F-13)', async () => {
    const folder = dataFolder();
    const servers = [await start(folder), await start(folder), await start(folder)] as const;
    const client = await registerClient({ send: servers[0].send, issuer: ISSUER });
    const clients = await Promise.all(servers.map(async ({ send }) => ({ ...(await registerClient({ send, issuer: ISSUER })) })));
    const refresh = async (at: number, token: string): Promise<Tokens> => {
      const answer = await clients[at]!.refresh(token, { client_id: client.id });
      expect(answer.status).toBe(200);
      return tokensOf(answer);
    };
    for (let round = 0; round < 20; round++) {
      let file = await signIn(client, servers[0].send);
      const first = file;
      // Each process has read the file; one is fast, and refreshes again with what another wrote; the slow one writes last.
      for (const at of [0, 1]) file = await refresh(at, file.refresh);
      const slow = await refresh(2, first.refresh);
      expect(slow).toEqual(file);
      const raced = await Promise.all([refresh(0, first.refresh), refresh(1, file.refresh), refresh(2, slow.refresh)]);
      for (const { refresh: token } of raced) await refresh(0, token);
      file = await refresh(1, raced[0].refresh);
      expect(await call(servers[2], file.access)).toBe(200);
    }
  });

  it('lose nothing that was answered to a kill -9 amid a thousand refreshes (FLT-03, FLT-11)', async () => {
    const folder = dataFolder();
    let server = await start(folder);
    let killed = false;
    const send: Send = (request) => server.send(request);
    const client = await registerClient({ send, issuer: ISSUER });
    const chains = await Promise.all(Array.from({ length: 10 }, () => signIn(client, send)));
    const run = async (chain: number): Promise<void> => {
      for (let step = 0; step < 100 && !killed; step++) {
        const answer = await client.refresh(chains[chain]!.refresh).catch(() => null); // the connection broke: no answer
        if (answer === null) return;
        chains[chain] = tokensOf(answer);
        if (chain === 0 && step === 45) {
          killed = true;
          void server.kill();
        }
      }
    };
    await Promise.all(chains.map((_, chain) => run(chain)));
    server = await start(folder);
    const retried = await Promise.all(chains.map((tokens) => client.refresh(tokens.refresh)));
    expect(retried.map((answer) => answer.status)).toEqual(chains.map(() => 200));
    for (const answer of retried) expect(await call(server, tokensOf(answer).access)).toBe(200);
    await server.kill();
    const database = new DatabaseSync(join(folder, 'portcullis.db'));
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    database.close();
  });
});
