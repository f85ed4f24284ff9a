/**
 * Bundles the exports of package.json into `dist`: Node reads about one file per millisecond, so few files start faster. Types come
 * from `tsc` only. One run with `splitting`, so that no module is bundled twice (docs/decisions/0004).
 *
 * Modules that are used together are one file: esbuild puts modules that the same entries reach into one chunk, so a user of one module
 * of a group below imports the whole group. Lazily loaded modules stay files of their own.
 */
import { build, transform } from 'esbuild';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minify } from 'terser';
import { writeTypes } from './types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports, bin } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const entries = [...Object.values(exports), ...Object.values(bin)].flatMap(sourcesOf);
const options = /** @type {const} @satisfies {import('esbuild').BuildOptions} */ ({
  absWorkingDir: root,
  entryPoints: [...new Set(entries)],
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  packages: 'external',
  external: ['node:*', 'cloudflare:*'],
  ignoreAnnotations: true, // an import that only puts a module into the right chunk is to stay
  charset: 'utf8',
  chunkNames: 'chunks/[name]-[hash]',
  metafile: true,
  logLevel: 'warning',
});

const { inputs } = (await build({ ...options, write: false })).metafile;
const further = furtherImports();
for (const old of globSync('dist/**/*.js{,.map}', { cwd: root })) rmSync(`${root}${old}`);
const { metafile, outputFiles } = await build({ ...options, write: false, plugins: [{ name: 'groups', setup: withFurtherImports }] });
const named = chunkNames(metafile.outputs);
for (const { path, text } of outputFiles) {
  const to = join(dirname(path), `${nameOf(basename(path, '.js'))}.js`);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, withNames(await minified(askingNode(text.replaceAll(/(?<=["/])[\w-]+-[A-Z0-9]{8}(?=\.js")/g, nameOf)))));
}
writeTypes(
  root,
  Object.values(exports).flatMap(({ types }) => (types ? [types.replace(/^\.\/dist\/(?:types\/)?/, '')] : [])),
);

/**
 * What chunks are called: as the largest module in each, which says more in a stack trace than a hash and packs smaller.
 * @param {import('esbuild').Metafile['outputs']} outputs @returns {Map<string, string>}
 */
function chunkNames(outputs) {
  const names = new Map();
  const taken = new Set();
  for (const [path, { inputs: parts, entryPoint }] of Object.entries(outputs)) {
    if (!path.startsWith('dist/chunks/')) continue;
    const [largest = ''] = Object.entries(parts).toSorted(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)[0] ?? [];
    const name = (entryPoint ?? largest).replace(/^src\/|\.ts$/g, '').replaceAll('/', '-');
    let unique = name;
    for (let count = 2; taken.has(unique); count++) unique = `${name}-${count}`;
    taken.add(unique);
    names.set(basename(path, '.js'), unique);
  }
  return names;
}

/** @param {string} chunk */
function nameOf(chunk) {
  return named.get(chunk) ?? chunk;
}

/**
 * An import for the order of loading alone takes no names. Written without braces, bundlers of applications warn of each: it can do nothing, since the
 * package has no side effects. @param {string} text
 */
function withNames(text) {
  return text.replaceAll(/(?<=^|;)import("\.[^"]+")(?=;|$)/gm, 'import{}from$1');
}

/**
 * Minifies for download and start. Functions and classes keep their names, and lines stay short, so that stack traces still point at a place. There
 * are no source maps: they were two thirds of the package. @param {string} text
 */
async function minified(text) {
  const { code } = await transform(text, {
    minifyWhitespace: true,
    minifySyntax: true,
    charset: 'utf8',
    format: 'esm',
    target: 'es2023',
    ignoreAnnotations: true,
  });
  const classes = [...code.matchAll(/(\w+)=class\b/g)].flatMap(([, name]) => name ?? []);
  const shorter = await minify(code, {
    module: true,
    compress: false,
    mangle: { keep_fnames: true, keep_classnames: true, reserved: classes },
    format: { max_line_len: 500, comments: false },
  });
  return shorter.code ?? code;
}

/**
 * An import of one of Node's modules makes Node load whatever any export of it stands for: Web Crypto with `node:crypto`, streams of files with
 * `node:fs`. Who asks for the module itself gets what he takes (docs/decisions/0004). @param {string} text
 */
function askingNode(text) {
  return text.replaceAll(/^import \{([^}]*)\} from ("node:[\w/]+");$/gm, (_, names, module) => {
    return `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule(${module});`;
  });
}

/** For each entry and each lazily loaded module: the modules that it has to import besides its own. */
function furtherImports() {
  const server = staticallyOf('src/own-pages.ts'); // without what only servers with our pages load
  const guard = staticallyOf('src/guard/index.ts');
  const node = [...staticallyOf('src/node/index.ts')].filter((path) => path.startsWith('src/node/'));
  const light = entries.filter((entry) => !staticallyOf(entry).has('src/provider/provider.ts')).map((entry) => staticallyOf(entry));
  const shared = [...server].filter((path) => /^src\/(lib|model)\//.test(path) && light.some((others) => others.has(path)));
  const groups = [guard, new Set(shared), new Set(node)];
  const late = Object.values(inputs).flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'dynamic-import'));
  const entered = new Set([...entries, ...late.filter(({ external }) => !external).map(({ path }) => path)]);
  return new Map(
    [...entered].map((entry) => {
      const own = staticallyOf(entry);
      const wanted = groups.filter((group) => !group.has(entry) && [...own].some((path) => group.has(path)));
      if (!server.has(entry) && /^src\/(endpoints|grants|clients|core|provider)\//.test(entry)) wanted.push(server);
      return [root + entry, wanted.flatMap((group) => [...group]).filter((path) => !own.has(path))];
    }),
  );
}

/** The modules that a module imports statically, itself included. @param {string} path @returns {Set<string>} */
function staticallyOf(path, seen = new Set()) {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const { path: next, kind, external } of inputs[path]?.imports ?? [])
    if (kind === 'import-statement' && !external) staticallyOf(next, seen);
  return seen;
}

/** @param {import('esbuild').PluginBuild} plugged */
function withFurtherImports(plugged) {
  plugged.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
    const more = further.get(path) ?? [];
    if (more.length === 0) return undefined;
    return {
      loader: 'ts',
      contents: [readFileSync(path, 'utf8'), ...more.map((one) => `import ${JSON.stringify(fromTo(path, root + one))};`)].join('\n'),
    };
  });
}

/** A relative specifier, so that the folder of the build does not appear in the package. @param {string} from @param {string} to */
function fromTo(from, to) {
  const path = relative(dirname(from), to).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** The modules of `src` behind an export or a command. @param {string | Record<string, string>} target @returns {string[]} */
function sourcesOf(target) {
  if (typeof target === 'string') return target.endsWith('.js') ? [target.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')] : [];
  return Object.entries(target).flatMap(([condition, path]) => (condition === 'types' ? [] : sourcesOf(path)));
}
