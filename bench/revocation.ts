/**
 * Revocation latency for `operations.ts`: how soon a revocation at one process is felt in four, by calls and by held streams; of Node on one store, and
 * of workerd on Durable Objects or D1.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeBrowser, type Send } from '../src/testing/browser.ts';
import { registerClient, type TestClient, type Tokens, tokensOf } from '../src/testing/oauth-client.ts';
import { FLEET_ISSUER, FLEET_PERSON, type Fleet, startFleet } from '../test/support/fleet.ts';
import { PEOPLE } from '../test/support/session-agent.ts';

/** Processes of each measurement. */
export const PROCESSES = 4;
/** Callers on Node never pause, so that the last good call is close to the end. */
export const CALLERS = 8;
/** Those of workerd pause a little: else the one process that has the data is so busy that it alone would be measured. */
const WORKERD_PAUSE_MS = 20;
const WORKERD = fileURLToPath(new URL('servers/revocation.ts', import.meta.url));

/** Something that processes share. */
export interface RevocationEngine {
  readonly name: string;
  /** How long each caller pauses between calls. */
  readonly pauseMs?: number;
  /** Starts processes on a new store: for calls with an administration, or for sessions with streams. */
  start(count: number, kind: 'calls' | 'streams'): Promise<Fleet>;
}

/** Durable Objects and D1. @param folder for their data. */
export function workerdEngines(folder: string): readonly RevocationEngine[] {
  return ['objects', 'd1'].map((name) => ({
    name: name === 'd1' ? 'D1 (workerd)' : 'Durable Objects (workerd)',
    pauseMs: WORKERD_PAUSE_MS,
    async start(count, kind) {
      const place = mkdtempSync(join(folder, `${name}-`));
      const env = { ENGINE: name, ...(kind === 'streams' ? { STREAMS: '1' } : {}) };
      const holder = await startFleet(place, 1, WORKERD, { ...env, ROLE: 'holds' });
      const fleet = await startFleet(place, count, WORKERD, { ...env, ROLE: 'reaches' });
      return { ...fleet, stop: async () => (await fleet.stop(), await holder.stop()) };
    },
  }));
}

/** How soon a revocation at one process is felt at all. */
export async function revocationRow(engine: RevocationEngine, rounds: number): Promise<string> {
  const fleet = await engine.start(PROCESSES, 'calls');
  const felt = { client: [] as number[], admin: [] as number[] };
  let late = 0;
  try {
    const cookies = await cookiesOf(fleet.doors[0]!);
    for (let round = 0; round < 2 * rounds; round++) {
      const by = round % 2 === 0 ? 'client' : 'admin';
      const { client, tokens } = await signedIn(fleet, round, cookies);
      const good: number[] = [];
      let isOpen = true;
      const callers = Array.from({ length: CALLERS }, async (_, at) => {
        while (isOpen) {
          const began = performance.now();
          if ((await call(fleet.doors[at % PROCESSES]!, tokens.access)) === 200) good.push(began);
          if (engine.pauseMs) await wait(engine.pauseMs);
        }
      });
      await wait(50);
      const asked = performance.now();
      if (by === 'client') await client.revoke(tokens.refresh);
      else await revokeAsAdmin(fleet.doors[round % PROCESSES]!, cookies, tokens.refresh);
      const answered = performance.now();
      await wait(50);
      isOpen = false;
      await Promise.all(callers);
      felt[by].push(Math.max(0, Math.max(...good) - asked));
      late += good.filter((began) => began > answered).length;
    }
  } finally {
    await fleet.stop();
  }
  const streams = await streamEnds(engine, Math.min(rounds, 10));
  const figures = [felt.client, felt.admin].flatMap((times) => [shown(times, 50), shown(times, 99)]);
  return `| ${[engine.name, ...figures, late, shown(streams, 50), shown(streams, 99)].join(' | ')} |`;
}

/** Ends the grant of a token as an administrator does on a page or the command line. */
async function revokeAsAdmin(send: Send, cookies: ReadonlyMap<string, string>, token: string): Promise<void> {
  const headers = {
    cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    origin: FLEET_ISSUER,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
  };
  const body = JSON.stringify({ id: token.slice(token.indexOf('_') + 1, token.indexOf('.')) });
  const answer = await send(new Request(`${FLEET_ISSUER}/admin/api/grants/revoke`, { method: 'POST', headers, body }));
  if (answer.status !== 200) throw new Error(`The administrator's revocation came to ${answer.status}: ${await answer.text()}`);
}

/** How soon a stream that an MCP client holds at another process is ended. The servers look every second at most (`streamCheck: 1`). */
async function streamEnds(engine: RevocationEngine, rounds: number): Promise<readonly number[]> {
  const fleet = await engine.start(2, 'streams');
  const ends: number[] = [];
  try {
    const cookies = await cookiesOf(fleet.doors[0]!, PEOPLE[0]!);
    for (let round = 0; round < rounds; round++) {
      const { client, tokens } = await signedIn(fleet, round, cookies);
      const headers = {
        authorization: `Bearer ${tokens.access}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      };
      const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
      const opened = await fleet.doors[0]!(
        new Request(`${FLEET_ISSUER}/mcp`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
        }),
      );
      const session = opened.headers.get('mcp-session-id') ?? '';
      await opened.text();
      const stream = await fleet.doors[1]!(new Request(`${FLEET_ISSUER}/mcp`, { headers: { ...headers, 'mcp-session-id': session } }));
      if (stream.status !== 200) throw new Error(`The stream did not open: ${stream.status}`);
      const asked = performance.now();
      await client.revoke(tokens.refresh);
      await stream.text().catch(() => '');
      ends.push(performance.now() - asked);
    }
  } finally {
    await fleet.stop();
  }
  return ends;
}

/** The cookies of a user who signed in. */
export async function cookiesOf(
  send: Send,
  person: { username: string; password: string } = FLEET_PERSON,
): Promise<ReadonlyMap<string, string>> {
  const browser = makeBrowser(send);
  await (await registerClient({ send, issuer: FLEET_ISSUER })).signIn(browser, person);
  return browser.cookies;
}

/** A client and its tokens, for the user of these cookies. */
export async function signedIn(
  fleet: Fleet,
  round: number,
  cookies: ReadonlyMap<string, string>,
): Promise<{ client: TestClient; tokens: Tokens }> {
  const send = fleet.doors[round % fleet.doors.length]!;
  const browser = makeBrowser(send);
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  const client = await registerClient({ send, issuer: FLEET_ISSUER });
  return { client, tokens: tokensOf(await client.redeem(await client.signIn(browser, {}))) };
}

/** The status, or 0 where no answer came. */
export async function call(send: Send, access: string): Promise<number> {
  try {
    const response = await send(
      new Request(`${FLEET_ISSUER}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${access}` }, body: '{}' }),
    );
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}

function shown(figures: readonly number[], percent: number): string {
  const sorted = figures.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? NaN).toFixed(1);
}
