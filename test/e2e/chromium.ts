/** A real Chromium, driven by playwright-core: contexts that notice console errors, screenshots, and axe. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { checkRoom } from './looks.ts';
import { ROOT } from './processes.ts';
import { noteTitle } from './titles.ts';

/**
 * What costs more than our pages do, and is of no use here: a renderer of its own for what drops down from the address bar of each
 * page, in a window that no one sees, and one more in reserve.
 */
const UNUSED = ['WebUIOmniboxPopup', 'WebUIOmniboxFullPopup', 'WebUIOmniboxAimPopup', 'SpareRendererForSitePerProcess'];
/** What Playwright turns off as well: the switch counts once, and this one takes the place of Playwright's. */
const DISABLED = [
  'AimEnabled',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
  ...UNUSED,
];
const SHOTS = join(ROOT, 'artifacts/screenshots');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Where Chromium is, or null. */
export function findChromium(): string | null {
  const named = process.env['CHROMIUM'];
  if (named) return existsSync(named) ? named : null;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // not under this name
    }
  }
  return null;
}

/** Starts Chromium. @param rules where hosts are, before `*.example`, at which no one listens. */
export function launch(executablePath: string, rules: readonly string[] = []): Promise<Browser> {
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({
    executablePath,
    headless: true,
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--disable-features=${DISABLED.join(',')}`,
      `--host-resolver-rules=${[...rules, 'MAP *.example 127.0.0.1:1'].join(', ')}`,
    ],
  });
}

/** A visit: one person with a browser of their own. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors of the console and of scripts on pages of that origin, blocked form targets among them. */
  readonly errors: string[];
}

/** Opens a context and a page, does something there, and closes both. Fails on any console error of the origin's pages. */
export async function visit<T>(
  browser: Browser,
  origin: string,
  body: (visit: Visit) => Promise<T>,
  options: BrowserContextOptions = {},
): Promise<T> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options }); // a colour on its way has any contrast
  context.setDefaultTimeout(180_000); // journeys run side by side, perhaps on a slow machine
  const errors: string[] = [];
  context.on('console', (message) => {
    // A 4xx answer to a form is how our pages say what was wrong; Chromium logs every one of them.
    const expected = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && message.location().url.startsWith(origin) && !expected) errors.push(message.text());
  });
  context.on('weberror', (error) => errors.push(error.error().message));
  try {
    const result = await body({ context, page: await context.newPage(), errors });
    if (errors.length > 0) throw new Error(`The console has errors:\n${errors.join('\n')}`);
    return result;
  } catch (error) {
    throw new Error(`${await standing(context)}\n${error instanceof Error ? error.stack : String(error)}`, { cause: error });
  } finally {
    await context.close();
  }
}

/** What stood in the browser when a check failed: without it, a failure that does not come again is never explained. */
async function standing(context: BrowserContext): Promise<string> {
  const pages = context.pages().map(async (page) => {
    const text = await page.locator('body').innerText({ timeout: 5000 }).catch(() => 'no text'); // prettier-ignore
    return `At ${page.url()}: ${text.replaceAll(/\s+/g, ' ').slice(0, 300)}`;
  });
  return (await Promise.all(pages)).join('\n');
}

/** All of the page is there, and what gets the focus by itself has it: an element that is seen may be the first half of a page. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Keeps a picture of the whole page, a point of it for each pixel of CSS: twice as many take most of the time. */
export async function shoot(page: Page, name: string): Promise<void> {
  await settled(page);
  noteTitle((await page.locator('h1').first().innerText()) ?? '');
  const take = (): Promise<Buffer> => page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true, scale: 'css' });
  await take().catch(take); // Chromium may be too busy for one
}

/** Keeps a picture, and fails where something is not accessible, cut off, too small to press, or runs in the wrong direction. */
export async function photograph(page: Page, name: string): Promise<void> {
  await shoot(page, name);
  await checkAccessible(page);
  await checkRoom(page);
  const { lang, dir } = await page.locator('html').evaluate(({ lang: one, dir: two }: HTMLElement) => ({ lang: one, dir: two }));
  if (dir !== (lang === 'ar' ? 'rtl' : 'ltr')) throw new Error(`The page in ${lang} runs ${dir}.`);
}

/** Fails if axe finds anything wrong with the page as it stands. */
export async function checkAccessible(page: Page): Promise<void> {
  await settled(page);
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await (
      globalThis as unknown as {
        axe: { run(options: object): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }> };
      }
    ).axe.run({ resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' | ')}`);
  });
  if (found.length > 0) throw new Error(`axe found:\n${found.join('\n')}`);
}
