/**
 * The Dockerfile of docs/guide/deployment.md without Docker, which has no daemon where these tests run: its steps are done one by one in a folder of
 * this machine, so the image's system, its user and the volume are not tried.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './processes.ts';

/** Where it is done. */
export interface Folder {
  /** A project, and an empty folder for what the image would hold. */
  readonly from: string;
  readonly to: string;
  /** Takes the place of 8787. */
  readonly port: number;
  run(line: string, folder: string, env?: { readonly [name: string]: string }): Promise<void>;
  start(line: string, folder: string, env: { readonly [name: string]: string }, url: string): Promise<void>;
}

/** Builds and starts it, and asks whether it is healthy. */
export async function stepsOfDockerfile({ from, to, port, run, start }: Folder): Promise<void> {
  const guide = readFileSync(join(ROOT, 'docs/guide/deployment.md'), 'utf8');
  const file = /^```dockerfile\n([^]*?)^```$/m.exec(guide)?.[1] ?? '';
  const issuer = /PORTCULLIS_ISSUER: (\S+)/.exec(guide)?.[1] ?? '';
  const env: Record<string, string> = { PORTCULLIS_ISSUER: issuer };
  const parts = file.replaceAll('8787', String(port)).replaceAll('/app', to);
  const done: string[] = [];
  for (const [, step = '', rest = ''] of parts.matchAll(/^([A-Z]+) (.+)$/gm)) {
    done.push(step);
    if (step === 'ENV') Object.assign(env, Object.fromEntries(rest.split(' ').map((pair) => pair.split('='))));
    if (step === 'COPY') await run(`cp ${rest.replace(/\.\/$/, `'${to}'`)}`, from);
    if (step === 'RUN') await run(rest.replace(' && chown node:node data', ''), to, env);
    const command = (): string => (JSON.parse(rest.replace(/^CMD /, '')) as string[]).map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' '); // prettier-ignore
    if (step === 'CMD') await start(`set -a && . '${from}/.env' && exec ${command()}`, to, env, `http://localhost:${port}/mcp`);
    if (step === 'HEALTHCHECK') env['HEALTHCHECK'] = command();
  }
  assert.deepEqual(done, ['FROM', 'ENV', 'WORKDIR', 'COPY', 'RUN', 'COPY', 'RUN', 'USER', 'VOLUME', 'EXPOSE', 'HEALTHCHECK', 'CMD']);
  await run(env['HEALTHCHECK'] ?? 'false', to, env);
}
