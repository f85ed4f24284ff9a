/**
 * How programs that "open the browser" reach ours: an `xdg-open` of our own, first in PATH, rings here with the URL.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freshFolder } from './processes.ts';

/** Someone listens for URLs. */
export interface Doorbell {
  /** Put this first into PATH … */
  readonly folder: string;
  /** … and this into BROWSER, which the real `xdg-open` asks, where a program insists on that one. */
  readonly program: string;
  /** Fails with what went wrong while a URL was opened, if anything did … */
  failed(): Promise<void>;
  /** … and also if none was. */
  settled(): Promise<void>;
  stop(): void;
}

/** Hangs up a doorbell. @param open is called with each URL. */
export async function hangDoorbell(open: (url: string) => Promise<unknown>): Promise<Doorbell> {
  const visits: Promise<unknown>[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('url') ?? '';
    const visit = open(url);
    visit.catch(() => undefined); // heard of in settled()
    visits.push(visit);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const folder = freshFolder('bin');
  const program = join(folder, 'xdg-open');
  writeFileSync(
    program,
    `#!/usr/bin/env node\nfetch('http://127.0.0.1:${port}/?url=' + encodeURIComponent(process.argv[2])).then((answer) => answer.text());\n`,
  );
  chmodSync(program, 0o755);
  return {
    folder,
    program,
    async failed() {
      await Promise.all(visits);
    },
    async settled() {
      if (visits.length === 0) throw new Error('No browser was opened.');
      await Promise.all(visits);
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
