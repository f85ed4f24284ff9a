/**
 * `node tools/keep-version.ts NAME [FOLDER]`: stores the server of a checked-out version (default: this one) as one compressed file, for
 * test/runtimes/two-versions.test.ts, which runs it as the previously deployed version. Run it at each release. The test cannot build an
 * older version by itself, because a fresh clone may lack the history.
 */
import { build } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, `test/fixtures/${process.argv[2]}.mjs.br`);
const built = await build({
  absWorkingDir: process.argv[3] ?? root,
  entryPoints: ['test/support/secret-server.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  packages: 'external',
  minify: true,
  write: false,
});
const packed = brotliCompressSync(built.outputFiles[0]!.contents);
writeFileSync(target, packed);
process.stdout.write(`${target}: ${packed.length} bytes\n`);
