/** The script of the passkey pages, before a document that has just what it needs; `test/e2e/passkey.ts` runs it in Chromium. */
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { PASSKEY_SCRIPT } from '../../src/logins/passkey-options.ts';

const NOTES = ['missing', 'cancelled', 'known'] as const;

/** Opens the page, on which the browser asks until it is told how that ends. */
function open() {
  const asked = Promise.withResolvers<never>();
  const go = {};
  const pressed: ((event: object) => void)[] = [];
  const form = { querySelector: () => go, addEventListener: (_name: string, listener: (event: object) => void) => pressed.push(listener) };
  const elements: Record<string, { hidden?: boolean; value?: string; form?: object; remove?(): void }> = {
    'passkey-ceremony': { value: JSON.stringify({ how: 'get', publicKey: { challenge: 'AAAA' } }) },
    'passkey-answer': { value: '', form },
    'passkey-off': { remove: () => undefined },
    ...Object.fromEntries(NOTES.map((name) => [`passkey-${name}`, { hidden: true }])),
  };
  const window = { PublicKeyCredential: true, addEventListener: () => undefined };
  const navigator = { credentials: { get: () => asked.promise } };
  runInNewContext(PASSKEY_SCRIPT, { document: { getElementById: (id: string) => elements[id] }, window, navigator, atob, Uint8Array });
  return {
    press: () => pressed.forEach((listener) => listener({ submitter: go, preventDefault: () => undefined })),
    async end(name: string) {
      asked.reject(Object.assign(new Error('ended'), { name }));
      await new Promise((resolve) => setImmediate(resolve));
      return NOTES.filter((note) => elements[`passkey-${note}`]?.hidden === false);
    },
  };
}

it('says nothing when the browser asked by itself and no one pressed the button', async () => {
  expect(await open().end('NotAllowedError')).toEqual([]);
});

it.each([
  ['NotAllowedError', 'cancelled'],
  ['InvalidStateError', 'known'],
])('says how it ended (%s) to who pressed the button while the browser was still asking by itself', async (name, note) => {
  const page = open();
  page.press();
  expect(await page.end(name)).toEqual([note]);
});
