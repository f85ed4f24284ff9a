/**
 * End to end: real server processes on Node and in workerd, real MCP clients, a real Chromium, the official conformance runner.
 * A plain program, `node test/e2e/run.ts [node|worker|mcp|passkey|accounts|steps|upstream|consent|devices|joining|vendors|vendors-worker]`; its last line counts. Pictures of all pages go to artifacts/screenshots.
 */
import { checkAccounts } from './accounts.ts';
import { checkClients } from './clients.ts';
import { checkConsent } from './consent.ts';
import { findChromium, launch } from './chromium.ts';
import { checkDevices } from './devices.ts';
import { checkJoining } from './joining.ts';
import { checkConformance } from './conformance.ts';
import { checkGallery } from './gallery.ts';
import { checkMcpConformance } from './mcp-conformance.ts';
import { checkPages } from './pages.ts';
import { checkPasskeys } from './passkey.ts';
import { endAll, type RunningServer, type Served, startNode, startWorker } from './processes.ts';
import { close, fail, skip } from './report.ts';
import { checkSteps } from './steps.ts';
import { checkUpstream } from './upstream.ts';
import { checkVendorsOnWorker } from './vendors-worker.ts';
import { checkVendors } from './vendors.ts';

const SERVERS: { readonly [name: string]: (what?: Served) => Promise<RunningServer> } = { node: startNode, worker: startWorker };

const chromium = findChromium();
const wanted = process.argv.slice(2);
if (chromium) await runAll(chromium);
else if (process.env['CI']) fail('end to end', 'There is no Chromium. Install it (apt-get install chromium), or name it in CHROMIUM.');
else skip('end to end', 'there is no Chromium on this machine; install it, or name it in CHROMIUM');
process.exitCode = close();

async function runAll(executable: string): Promise<void> {
  const browser = await launch(executable);
  try {
    for (const [name, start] of Object.entries(SERVERS)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const server = await start();
      await checkClients(name, server.url, browser);
      await checkPages(name, server.url, browser);
      await checkGallery(name, server.url, browser);
      await checkConformance(name, server.url, browser);
      await server.stop();
    }
    for (const [name, start] of Object.entries(SERVERS)) {
      if (wanted.length > 0 && !wanted.includes('passkey')) continue;
      const server = await start('passkey');
      await checkPasskeys(name, server.url, browser);
      await server.stop();
    }
    for (const [name, start] of Object.entries(SERVERS)) {
      for (const [what, look] of Object.entries({ accounts: checkAccounts, steps: checkSteps } as const)) {
        if (wanted.length > 0 && !wanted.includes(what) && !wanted.includes(`${what}-${name}`)) continue;
        const server = await start(what as Served);
        await look(name, server, browser);
        await server.stop();
      }
    }
    if (wanted.length === 0 || wanted.includes('mcp')) await checkMcpConformance();
    if (wanted.length === 0 || wanted.includes('upstream')) await checkUpstream(browser);
    if (wanted.length === 0 || wanted.includes('consent')) await checkConsent(browser);
    if (wanted.length === 0 || wanted.includes('devices')) await checkDevices(browser);
    if (wanted.length === 0 || wanted.includes('joining')) await checkJoining(executable);
    if (wanted.length === 0 || wanted.includes('vendors')) await checkVendors(executable);
    if (wanted.length === 0 || wanted.includes('vendors-worker')) await checkVendorsOnWorker(executable);
  } catch (error) {
    fail('end to end', error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await browser.close();
    await endAll();
  }
}
