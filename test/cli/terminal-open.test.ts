/** Which program opens a page on each platform: scripts of that name that write down what they are given. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openInBrowser } from '../../src/cli/terminal.ts';

const [PATH, PLATFORM] = [process.env['PATH'] ?? '', process.platform];
const URL_GIVEN = 'https://as.example/authorize?a=1&b=$(touch x);c';
let folder = '';
const on = (platform: string): void => void Object.defineProperty(process, 'platform', { value: platform });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-open-'));
  for (const name of ['open', 'rundll32', 'xdg-open']) {
    writeFileSync(join(folder, name), `#!/bin/sh\nfor one in "$@"; do echo "$one"; done > '${folder}/part'\nmv '${folder}/part' '${folder}/${name}.said'\n`);
    chmodSync(join(folder, name), 0o755);
  }
  process.env['PATH'] = `${folder}:/bin:/usr/bin`;
}); // prettier-ignore
afterEach(() => {
  process.env['PATH'] = PATH;
  on(PLATFORM);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(PLATFORM === 'win32')('cli/terminal, opener', () => {
  it.each([
    ['darwin', 'open', [URL_GIVEN]],
    ['win32', 'rundll32', ['url.dll,FileProtocolHandler', URL_GIVEN]],
    ['linux', 'xdg-open', [URL_GIVEN]],
    ['freebsd', 'xdg-open', [URL_GIVEN]],
  ])('gives the URL as one argument to the opener of %s, and to no shell', async (platform, command, given) => {
    on(platform);
    openInBrowser(URL_GIVEN);
    const said = join(folder, `${command}.said`);
    await expect.poll(() => existsSync(said), { timeout: 120_000 }).toBe(true);
    expect(readFileSync(said, 'utf8').trimEnd().split('\n')).toEqual(given);
  });

  it('starts the opener apart: no Ctrl+C in the terminal ends it, nothing that it prints is seen there, and the command does not wait for it', async () => {
    on('linux');
    const part = `'${folder}/part'`;
    writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\necho $$ > ${part}\n[ -c /dev/stdin ] && [ -c /dev/stdout ] && [ -c /dev/stderr ] && echo silent >> ${part}\nmv ${part} '${folder}/said'\nwhile [ -e '${folder}/said' ]; do sleep 0.1; done\n`);
    const children = (): number => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length; // those that Node waits for
    const before = children();
    openInBrowser(URL_GIVEN);
    expect(children()).toBe(before);
    await expect.poll(() => existsSync(join(folder, 'said')), { timeout: 120_000 }).toBe(true);
    const [pid, silent] = readFileSync(join(folder, 'said'), 'utf8').trimEnd().split('\n');
    expect([silent, process.kill(-Number(pid), 0)]).toEqual(['silent', true]); // throws unless there is a group of processes with this id
  }); // prettier-ignore

  it('does nothing where there is no opener', async () => {
    process.env['PATH'] = join(folder, 'none');
    const errors: unknown[] = [];
    const note = (error: unknown): void => void errors.push(error);
    process.on('uncaughtException', note);
    expect(() => openInBrowser(URL_GIVEN)).not.toThrow();
    await new Promise((next) => setImmediate(next));
    await new Promise((next) => setImmediate(next));
    process.off('uncaughtException', note);
    expect(errors).toEqual([]);
  });
});
