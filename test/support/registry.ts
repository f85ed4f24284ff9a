/** A registry of npm on this computer: it has the given packages as if they were published, and leads to the user's own for all others. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One that runs. */
export interface Registry {
  readonly url: string;
  stop(): void;
}

/** Starts one. @param files what `npm pack` made. @param others where all other packages are. */
export async function startRegistry(files: readonly string[], others: string): Promise<Registry> {
  const packages = new Map(
    files.map((file) => {
      const text = execFileSync('tar', ['-xzOf', file, 'package/package.json'], { encoding: 'utf8' });
      const manifest = JSON.parse(text) as { readonly name: string; readonly version: string };
      return [manifest.name, { manifest, data: readFileSync(file) }] as const;
    }),
  );
  let url = '';
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice(1).split('?', 1)[0] ?? '');
    const found = packages.get(path.replace(/\.tgz$/, ''));
    if (!found) return response.writeHead(307, { location: new URL(request.url ?? '', others).href }).end();
    const { manifest, data } = found;
    if (path.endsWith('.tgz')) return response.end(data);
    const integrity = `sha512-${createHash('sha512').update(data).digest('base64')}`;
    const version = { ...manifest, dist: { integrity, tarball: `${url}${manifest.name}.tgz` } };
    const body = { name: manifest.name, 'dist-tags': { latest: manifest.version }, versions: { [manifest.version]: version } };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((next) => server.listen(0, '127.0.0.1', next));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
