/** Processes that append to one audit log at once, on every store. */
import { makeStores } from '#under-test';
import { describe, expect, it } from 'vitest';
import { exportEntries, listEntries, verifyLog } from '../../src/core/audit/read.ts';
import { coreParts } from '../../src/core/parts.ts';
import { makeAuthServer, type AuthServer } from '../../src/core/auth-server.ts';
import { password } from '../../src/logins/password.ts';
import type { Store } from '../../src/model/store.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { settingsOf } from '../../src/provider/host.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { makeRuntime } from '#under-test';
import { storeNames } from '../support/app.ts';

const PROCESSES = 4;
const EVENTS = 12;

describe.each(storeNames)('the audit log on %s', (name) => {
  it('keeps what all processes append at once, each entry once, in one chain that verifies', async () => {
    const clock = makeClock();
    const store = (await makeStores(clock.now)).find((one) => one.name === name)?.store as Store;
    const parsed = parseOptions({
      apiRoute: '/mcp',
      apiHandler: () => new Response(),
      logins: [password()],
      audit: { keep: '90d' },
      on: () => undefined,
    });
    const behind: Promise<unknown>[] = [];
    const runtime = { ...makeRuntime(), now: clock.now, waitUntil: (work: Promise<unknown>) => void behind.push(work) };
    const make = (): AuthServer =>
      makeAuthServer(settingsOf(parsed, { issuer: 'https://mcp.example' }, true, {}), runtime, another(store), coreParts);
    const processes = Array.from({ length: PROCESSES }, make);
    for (let at = 0; at < EVENTS; at++)
      for (const [p, as] of processes.entries()) as.emit({ kind: 'client.approved', clientId: `${p}-${at}` });
    await Promise.all(behind);
    const reader = make();
    const lines = (await new Response(exportEntries(reader, {})).text()).trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
    const all = processes.flatMap((_, p) => Array.from({ length: EVENTS }, (__, at) => `${p}-${at}`));
    expect(lines.map((line) => String(line['clientId'])).toSorted()).toEqual(all.toSorted());
    for (const p of processes.keys()) {
      const own = lines.map((line) => String(line['clientId'])).filter((id) => id.startsWith(`${p}-`));
      expect(own).toEqual(all.filter((id) => id.startsWith(`${p}-`))); // in the order of each process
    }
    expect(await verifyLog(reader)).toMatchObject({ ok: true, problems: [], entries: PROCESSES * EVENTS });
    expect((await listEntries(reader, {})).entries.map(({ id }) => id)).toEqual(lines.map(({ id }) => id).toReversed());
  });
});

/** The same store as another process has it. */
function another(store: Store): Store {
  return { atomic: true, read: (...all) => store.read(...all), write: (...all) => store.write(...all), remove: (...all) => store.remove(...all), list: (...all) => store.list(...all) }; // prettier-ignore
}
