/** The page of the audit with a log that is longer than one request reads. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { appendEvent } from '../../../src/core/audit/append.ts';
import { keyOf } from '../../../src/core/audit/entry.ts';
import type { Json } from '../../../src/model/store.ts';
import type { App } from '../../support/app.ts';
import { makeConsole, open, wordsOf } from '../../support/console.ts';

/** Writes so many blocks. */
async function fill({ inner, clock }: App, blocks: number): Promise<void> {
  const parts = { settings: { audit: { keep: 86_400 } }, secrets: { id: () => `${clock.now()}` }, emit: () => undefined };
  const writer = { ...parts, store: inner, runtime: makeRuntime(), now: clock.now };
  for (let at = 0; at < blocks; at++, clock.pass(1))
    await appendEvent(writer, { kind: 'grant.opened', grantId: `${at}`, clientId: 'c', userId: 'u' }, clock.now());
}

/** The way to the next part. */
function nextOf(text: string): string | undefined {
  return /href="\/admin(\/audit\?verify=1[^"]+block=[^"]+)"/.exec(text)?.[1]?.replaceAll(/&(amp|#38);/g, '&');
}

describe('admin/page/audit', () => {
  it('verifies a long log in parts of 500 blocks, each with a link to the next', async () => {
    const app = await makeConsole('memory', { audit: { keep: '1d' } });
    await fill(app, 1100);
    let path: string | undefined = '/audit?verify=1';
    const texts: string[] = [];
    while (path !== undefined) {
      const { text } = await open(app.admin, path);
      texts.push(wordsOf(text));
      path = nextOf(text);
      expect(texts.length).toBeLessThan(5);
    }
    const verdicts = texts.map((text) => /(\d+ … \d+) +Complete and unchanged/.exec(text)?.[1]);
    const newest = Number(verdicts[0]?.split(' ')[0]); // the sign-in of the administrator is in the log, too
    expect(verdicts).toEqual([`${newest} … ${newest - 499}`, `${newest - 500} … ${newest - 999}`, `${newest - 1000} … 1`]);
  });

  it('says in the part of a changed block that it was changed, and in the others that nothing was', async () => {
    const app = await makeConsole('memory', { audit: { keep: '1d' } });
    await fill(app, 600);
    const text = JSON.stringify((await app.inner.read(keyOf(50)))?.value);
    await app.inner.write(keyOf(50), JSON.parse(text.replace('\\"u\\"', '\\"v\\"')) as Json, 'any');
    const first = (await open(app.admin, '/audit?verify=1')).text;
    expect(wordsOf(first)).toContain('Complete and unchanged');
    expect(wordsOf((await open(app.admin, nextOf(first))).text)).toContain('Changed or truncated: 50 changed');
  });
});
