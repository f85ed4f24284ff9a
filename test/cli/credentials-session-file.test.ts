/** What `--save` keeps, for its owner alone and for one server. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSession, writeSession } from '../../src/cli/credentials.ts';

const URL_OF_SERVER = 'https://mcp.example/mcp';
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'session-'));
  file = join(folder, 'session.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('cli/credentials, the file of a session', () => {
  it('reads what it wrote, and begins where there is nothing', () => {
    expect(readSession(file, URL_OF_SERVER)).toEqual({ url: URL_OF_SERVER, port: 0 });
    const session = { url: URL_OF_SERVER, port: 4711, tokens: { access_token: 'a', token_type: 'bearer' } } as never;
    writeSession(file, session);
    expect(readSession(file, URL_OF_SERVER)).toEqual(session);
    expect(readFileSync(file, 'utf8')).toBe(`${JSON.stringify(session, null, 2)}\n`);
    writeSession(file, { url: URL_OF_SERVER, port: 1 });
    expect([readSession(file, URL_OF_SERVER).port, readdirSync(folder)]).toEqual([1, ['session.json']]);
  });

  it('is readable by its owner alone', () => {
    writeSession(file, { url: URL_OF_SERVER, port: 1 });
    expect(statSync(file).mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o600);
  });

  it('refuses a file of another server, and one that it has not written', () => {
    writeSession(file, { url: URL_OF_SERVER, port: 1 });
    expect(() => readSession(file, 'https://other.example/')).toThrow(`${file} belongs to ${URL_OF_SERVER}. Name another file after --save.`);
    for (const text of ['', 'text', 'null', '7', '{}', `{"url":"${URL_OF_SERVER}"}`, '{"port":1}', `{"url":7,"port":1}`, `{"url":"${URL_OF_SERVER}","port":"1"}`]) {
      writeFileSync(file, text);
      expect(() => readSession(file, URL_OF_SERVER)).toThrow(`${file} is not a file that --save has written. Name another one, or delete it.`);
    }
  }); // prettier-ignore

  it('names a file that it cannot read or write, and leaves no temporary file', () => {
    expect(() => readSession(folder, URL_OF_SERVER)).toThrow(/^Cannot read .*EISDIR.* Name another file after --save\.$/);
    expect(() => writeSession(join(folder, 'none', 'x'), { url: URL_OF_SERVER, port: 1 })).toThrow(/^Cannot write .*ENOENT.* Name another file after --save\.$/);
    expect(() => writeSession(folder, { url: URL_OF_SERVER, port: 1 })).toThrow(/^Cannot write /);
    expect(readdirSync(join(folder, '..')).filter((name) => name.includes(`${folder.split('/').at(-1)}.`))).toEqual([]);
  }); // prettier-ignore

  it('never writes over a file that lies where it writes beside', () => {
    const beside = `${file}.${process.pid}.tmp`;
    writeFileSync(beside, 'somebody else');
    expect(() => writeSession(file, { url: URL_OF_SERVER, port: 1 })).toThrow(/EEXIST/);
  });
});
