/**
 * `node tools/keep-version.ts NAME [FOLDER]`: keeps the server of a checked-out version (default: this one) as one compressed file, for
 * test/runtimes/two-versions.test.ts, where it stands for the version that is deployed before. To be run at each release. A fresh clone need not have
 * the history of the repository, so the test cannot build an older version by itself.
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
