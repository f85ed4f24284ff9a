/** Every journey of the suite by its name, longest first: each starts what it needs (servers, a browser, folders) and stands alone. */
import type { Browser } from 'playwright-core';
import { checkAccounts } from './accounts.ts';
import { checkAdmin } from './admin.ts';
import { launch } from './chromium.ts';
import { checkClicks } from './clicks.ts';
import { checkClients } from './clients.ts';
import { checkCommandLine } from './command-line.ts';
import { checkConformance } from './conformance.ts';
import { checkConsent } from './consent.ts';
import { checkDevices } from './devices.ts';
import { checkFirstScreen } from './first-screen.ts';
import { checkGallery } from './gallery.ts';
import { checkJoining } from './joining.ts';
import { checkMcpConformance } from './mcp-conformance.ts';
import { checkNext } from './next.ts';
import { checkPages } from './pages.ts';
import { checkPasskeys } from './passkey.ts';
import { type RunningServer, type Served, startNode, startWorker } from './processes.ts';
import { checkRare } from './rare.ts';
import { checkSteps } from './steps.ts';
import { checkUpstream } from './upstream.ts';
import { checkVendorsOnWorker } from './vendors-worker.ts';
import { checkVendors } from './vendors.ts';

/** One journey. */
export interface Journey {
  /** Names of several journeys, of which this is one. All of `gallery-node` photograph every page. */
  readonly groups: readonly string[];
  /** @param chromium where it is. */
  readonly run: (chromium: string) => Promise<void>;
}

const START = { node: startNode, worker: startWorker } as const;

/** With a browser of its own, which has a profile of its own. */
const browsing =
  (walk: (browser: Browser) => Promise<void>): Journey['run'] =>
  async (chromium) => {
    const browser = await launch(chromium);
    try {
      await walk(browser);
    } finally {
      await browser.close();
    }
  };

/** Before a server in a process of its own. */
const serving = (
  where: keyof typeof START,
  what: Served,
  walk: (where: string, server: RunningServer, browser: Browser) => Promise<void>,
): Journey['run'] =>
  browsing(async (browser) => {
    const server = await START[where](what);
    try {
      await walk(where, server, browser);
    } finally {
      await server.stop();
    }
  });

const clients = async (where: string, { url }: RunningServer, browser: Browser): Promise<void> => {
  await checkClients(where, url, browser);
  await checkConformance(where, url, browser);
};
const pages = async (where: string, { url }: RunningServer, browser: Browser): Promise<void> => {
  await checkPages(where, url, browser);
  await checkGallery(where, url, browser);
};
const passkeys = (where: string, { url }: RunningServer, browser: Browser): Promise<void> => checkPasskeys(where, url, browser);

/** By name. */
export const JOURNEYS: { readonly [name: string]: Journey } = {
  'pages-node': { groups: ['node', 'gallery-node'], run: serving('node', 'entry', pages) },
  'accounts-node': { groups: ['accounts', 'gallery-node'], run: serving('node', 'accounts', checkAccounts) },
  'steps-node': { groups: ['steps', 'gallery-node'], run: serving('node', 'steps', checkSteps) },
  'admin-node': { groups: ['admin', 'gallery-node'], run: serving('node', 'admin', checkAdmin) },
  next: { groups: [], run: browsing(checkNext) },
  'clients-node': { groups: ['node'], run: serving('node', 'entry', clients) },
  'clients-worker': { groups: ['worker'], run: serving('worker', 'entry', clients) },
  'pages-worker': { groups: ['worker'], run: serving('worker', 'entry', pages) },
  joining: { groups: ['gallery-node'], run: checkJoining },
  rare: { groups: ['gallery-node'], run: checkRare },
  vendors: { groups: ['gallery-node'], run: checkVendors },
  'passkey-node': { groups: ['passkey', 'gallery-node'], run: serving('node', 'passkey', passkeys) },
  'passkey-worker': { groups: ['passkey'], run: serving('worker', 'passkey', passkeys) },
  'clicks-node': { groups: ['node'], run: (chromium) => checkClicks('node', chromium) },
  'clicks-worker': { groups: ['worker'], run: (chromium) => checkClicks('worker', chromium) },
  consent: { groups: ['gallery-node'], run: browsing(checkConsent) },
  'first-screen': { groups: ['gallery-node'], run: browsing(checkFirstScreen) },
  devices: { groups: ['gallery-node'], run: browsing(checkDevices) },
  'command-line': { groups: ['gallery-node'], run: browsing(checkCommandLine) },
  upstream: { groups: [], run: browsing(checkUpstream) },
  mcp: { groups: [], run: checkMcpConformance },
  'accounts-worker': { groups: ['accounts'], run: serving('worker', 'accounts', checkAccounts) },
  'admin-worker': { groups: ['admin'], run: serving('worker', 'admin', checkAdmin) },
  'steps-worker': { groups: ['steps'], run: serving('worker', 'steps', checkSteps) },
  'vendors-worker': { groups: [], run: checkVendorsOnWorker },
};
