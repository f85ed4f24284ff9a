/** A real SIGKILL before and after each write of a request, on a SQLite file; what `journeys/crash` shows of all flows within one process. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER } from '../support/app.ts';

const MORTAL = fileURLToPath(new URL('../support/sqlite-mortal.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portcullis-killed-'));
let made = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Sample {
  readonly name: string;
  readonly url: string;
  /** The form of what is killed, and what must hold afterwards. */
  readonly prepare: (app: App) => Promise<{ form: Record<string, string>; after: () => Promise<unknown> }>;
}

const own = (client: TestClient): Record<string, string> => ({ client_id: client.id });

const SAMPLES: readonly Sample[] = [
  {
    name: 'FLT-02 a code exchange',
    url: `${ISSUER}/token`,
    async prepare(app) {
      const { client, code } = await app.toCode();
      const { verifier, redirectUri } = client;
      return {
        form: { ...own(client), grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier },
        async after() {
          const answer = await client.redeem(code);
          if (answer.status === 200) expect((await app.call(tokensOf(answer).access)).status).toBe(200);
          else expect(answer.body['error']).toBe('invalid_grant');
          expect((await client.redeem(await client.signIn(app.browser(), ALICE))).status).toBe(200);
        },
      };
    },
  },
  {
    name: 'FLT-03 a refresh',
    url: `${ISSUER}/token`,
    async prepare(app) {
      const { client, tokens } = await app.signedIn();
      return {
        form: { ...own(client), grant_type: 'refresh_token', refresh_token: tokens.refresh },
        async after() {
          const next = tokensOf(await client.refresh(tokens.refresh));
          expect(tokensOf(await client.refresh(tokens.refresh))).toEqual(next);
          expect((await app.call(next.access)).status).toBe(200);
        },
      };
    },
  },
  {
    name: 'FLT-04 a revocation',
    url: `${ISSUER}/revoke`,
    async prepare(app) {
      const { client, tokens } = await app.signedIn();
      return {
        form: { ...own(client), token: tokens.refresh },
        async after() {
          expect((await client.revoke(tokens.refresh)).status).toBe(200);
          expect([(await app.call(tokens.access)).status, (await client.refresh(tokens.refresh)).status]).toEqual([401, 400]);
        },
      };
    },
  },
];

describe('a process that is really killed', () => {
  it.each(SAMPLES)('before and after each operation of $name leaves an intact file, and locks no user out (I1, I2, I3, I4)', async ({ url, prepare }) => {
    let killed = 0;
    for (let at = 1; ; at++) {
      for (const fault of ['kill-before', 'kill-after']) {
        const path = join(folder, `${++made}.db`);
        const clock = makeClock();
        const store = sqliteStore(path, clock);
        const { form, after } = await prepare(await appOn(store, clock));
        const { signal, stdout } = spawnSync(process.execPath, [MORTAL, path, String(clock.now()), fault, String(at), url, String(new URLSearchParams(form))], { encoding: 'utf8' });
        if (signal === null) {
          expect([stdout, killed >= 4]).toEqual(['200\n', true]);
          return store.close();
        }
        expect([signal, stdout]).toEqual(['SIGKILL', '']);
        killed++;
        await after();
        store.close();
        const database = new DatabaseSync(path);
        expect(database.prepare('PRAGMA integrity_check').all().map(Object.values)).toEqual([['ok']]);
        database.close();
      }
    }
  });
}); // prettier-ignore
