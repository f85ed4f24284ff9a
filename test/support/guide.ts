/** The commands of docs/guide/operations.md, read out of it and run, so that the guide cannot become untrue. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const GUIDE = readFileSync(new URL('../../docs/guide/operations.md', import.meta.url), 'utf8');
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The lines of the first `sh` fence below a heading: those of one store, which stand below a comment with its name, after those for all.
 *
 * @throws {Error} where the guide has none.
 */
export function commandsOf(heading: string, store?: string): readonly string[] {
  const section = GUIDE.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  const [all = '', ...parts] = (/```sh\n([^`]+)```/.exec(section)?.[1] ?? '').split(/^# /m);
  const own = parts.find((part) => part.split(/[\n:]/, 1)[0] === store)?.replace(/^.*\n/, '') ?? '';
  const lines = `${all}${own}`.split('\n').filter(Boolean);
  if (lines.length === 0 || (store !== undefined && own === '')) throw new Error(`The guide has no commands for "${heading}", ${store}.`);
  return lines;
}

/** An empty folder to run them in: drivers are there as in a project, and `npx portcullis` is the command line of this repository. */
export function operatorsFolder(folder: string): string {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'bin/npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(root, 'src/cli/main.ts')}' "$@"\n`);
  chmodSync(join(folder, 'bin/npx'), 0o755);
  return folder;
}

/** Runs commands as one who types them: in order, in one folder, to the first that fails. @param names what stands for what in the guide. */
export async function type(folder: string, commands: readonly string[], names: Readonly<Record<string, string>> = {}): Promise<void> {
  const umask = commands.filter((line) => line.startsWith('umask')).map((line) => `${line}; `);
  const env = { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}` };
  for (const line of commands) {
    const own = Object.entries(names).reduce((text, [name, value]) => text.replaceAll(name, value), line);
    const run = async (tries: number): Promise<unknown> => {
      const done = promisify(execFile)('sh', ['-c', `${umask.join('')}${own}`], { cwd: folder, env });
      return tries === 0 ? done : done.catch(() => wait(1000).then(() => run(tries - 1)));
    };
    await run(own.startsWith('redis-cli') ? 60 : 0); // a Redis that was just started does not listen yet
  }
}
