/**
 * End to end: real server processes on Node and in workerd, real MCP clients, a real Chromium, the official conformance runner.
 * A plain program, `node test/e2e/run.ts [node|worker|mcp|passkey|accounts|steps|upstream|consent|devices|joining|rare|vendors|vendors-worker|next]`, or `gallery-node` for every page; its last line counts. Pictures of all pages go to artifacts/screenshots.
 */
import assert from 'node:assert/strict';
import { checkAccounts } from './accounts.ts';
import { checkClients } from './clients.ts';
import { checkConsent } from './consent.ts';
import { findChromium, launch } from './chromium.ts';
import { checkDevices } from './devices.ts';
import { checkJoining } from './joining.ts';
import { checkConformance } from './conformance.ts';
import { checkGallery } from './gallery.ts';
import { checkMcpConformance } from './mcp-conformance.ts';
import { checkNext } from './next.ts';
import { checkPages } from './pages.ts';
import { checkPasskeys } from './passkey.ts';
import { endAll, type RunningServer, type Served, startNode, startWorker } from './processes.ts';
import { checkRare } from './rare.ts';
import { check, close, fail, skip } from './report.ts';
import { checkSteps } from './steps.ts';
import { checkUpstream } from './upstream.ts';
import { missingTitles } from './titles.ts';
import { checkVendorsOnWorker } from './vendors-worker.ts';
import { checkVendors } from './vendors.ts';

const SERVERS: { readonly [name: string]: (what?: Served) => Promise<RunningServer> } = { node: startNode, worker: startWorker };

const chromium = findChromium();
const wanted = process.argv.slice(2);

/** Whether a part of the suite was asked for by one of its names; all are if none was named. */
const isWanted = (...names: readonly string[]): boolean => wanted.length === 0 || names.some((name) => wanted.includes(name));

if (chromium) await runAll(chromium);
else if (process.env['CI']) fail('end to end', 'There is no Chromium. Install it (apt-get install chromium), or name it in CHROMIUM.');
else skip('end to end', 'there is no Chromium on this machine; install it, or name it in CHROMIUM');
process.exitCode = close();

async function runAll(executable: string): Promise<void> {
  const browser = await launch(executable);
  try {
    for (const [name, start] of Object.entries(SERVERS)) {
      if (!isWanted(name, `gallery-${name}`)) continue;
      const server = await start();
      if (isWanted(name)) await checkClients(name, server.url, browser);
      await checkPages(name, server.url, browser);
      await checkGallery(name, server.url, browser);
      if (isWanted(name)) await checkConformance(name, server.url, browser);
      await server.stop();
    }
    for (const [name, start] of Object.entries(SERVERS)) {
      if (!isWanted('passkey', `passkey-${name}`, `gallery-${name}`)) continue;
      const server = await start('passkey');
      await checkPasskeys(name, server.url, browser);
      await server.stop();
    }
    for (const [name, start] of Object.entries(SERVERS)) {
      for (const [what, look] of Object.entries({ accounts: checkAccounts, steps: checkSteps } as const)) {
        if (!isWanted(what, `${what}-${name}`, `gallery-${name}`)) continue;
        const server = await start(what as Served);
        await look(name, server, browser);
        await server.stop();
      }
    }
    if (isWanted('mcp')) await checkMcpConformance();
    if (isWanted('next')) await checkNext(browser);
    if (isWanted('upstream')) await checkUpstream(browser);
    if (isWanted('consent', 'gallery-node')) await checkConsent(browser);
    if (isWanted('devices', 'gallery-node')) await checkDevices(browser);
    if (isWanted('joining', 'gallery-node')) await checkJoining(executable);
    if (isWanted('vendors', 'gallery-node')) await checkVendors(executable);
    if (isWanted('rare', 'gallery-node')) await checkRare(executable);
    if (isWanted('gallery-node'))
      await check('gallery: every page was photographed, by its title', async () => assert.deepEqual(missingTitles(), []));
    if (isWanted('vendors-worker')) await checkVendorsOnWorker(executable);
  } catch (error) {
    fail('end to end', error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await browser.close();
    await endAll();
  }
}
