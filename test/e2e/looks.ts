/** How pages are looked at: sizes, themes, a language from right to left; and what must hold in each. */
import assert from 'node:assert/strict';
import type { BrowserContextOptions, Page } from 'playwright-core';

const DESKTOP = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, deviceScaleFactor: 2 };

/** Its name, and how a browser comes to it. */
export type Look = readonly [name: string, options: BrowserContextOptions];

/** 640 pixels at twice the size is what remains of 1280 at a zoom of 200 %. */
const LOOKS: { readonly [look: string]: BrowserContextOptions } = {
  desktop: DESKTOP,
  'desktop-dark': { ...DESKTOP, colorScheme: 'dark' },
  phone: PHONE,
  'phone-dark': { ...PHONE, colorScheme: 'dark' },
  'phone-arabic': { ...PHONE, locale: 'ar' },
  zoomed: { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 },
  'forced-colours': { ...DESKTOP, forcedColors: 'active' },
};

/** All of them on Node; in workerd, where the pages are the same, the one that asks most of them. */
export function looksOf(where: string): readonly Look[] {
  return named(where === 'worker' ? ['phone-arabic'] : Object.keys(LOOKS));
}

/** For long journeys: each size and each theme, though not each size in each theme. */
export function journeyLooks(where: string): readonly Look[] {
  return where === 'worker' ? looksOf(where) : named(['desktop', 'phone-dark', 'phone-arabic', 'zoomed', 'forced-colours']);
}

/** Three, for pages that differ little from others. */
export function fewLooks(): readonly Look[] {
  return named(['desktop', 'phone-dark', 'phone-arabic']);
}

/** Two, for journeys that are told in English. */
export const IN_ENGLISH: readonly Look[] = [
  ['desktop', DESKTOP],
  ['phone-dark', { viewport: { width: 360, height: 740 }, isMobile: true, deviceScaleFactor: 2, colorScheme: 'dark' }],
];

/** The variable LOOKS names others, for a quick look: `LOOKS=desktop,phone`. */
function named(names: readonly string[]): readonly Look[] {
  const wanted = process.env['LOOKS']?.split(',') ?? names;
  return Object.entries(LOOKS).filter(([look]) => wanted.includes(look));
}

/** Nothing scrolls sideways, no link of the navigation is cut off, and everything that is pressed is at least 44 pixels high (WCAG 2.2 §2.5.8 wants 24). */
export async function checkRoom(page: Page): Promise<void> {
  const found = await page.evaluate(() => {
    const wider = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const shown = [...document.querySelectorAll<HTMLElement>('button, summary, label.tick, input:not([type=hidden]):not(.tick input)')];
    const small = shown.filter((one) => one.checkVisibility() && one.ariaHidden !== 'true' && one.getBoundingClientRect().height < 43.5);
    const links = [...document.querySelectorAll<HTMLElement>('header nav a')].map((one) => ({
      of: one.textContent,
      ...one.getBoundingClientRect().toJSON(),
    }));
    const cut = links.filter(({ left, right }) => left < 0 || right > document.documentElement.clientWidth).map(({ of }) => of);
    return { wider, cut, small: small.map((one) => one.outerHTML.slice(0, 120)) };
  });
  assert.deepEqual(found, { wider: 0, cut: [], small: [] });
}
