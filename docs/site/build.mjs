/**
 * Builds the site into `dist` beside this file: `node docs/site/build.mjs`. Installs its own dependencies when they are missing, so that the
 * package itself needs none of them. Ends with 1 for a dead link, a file from elsewhere, or a page without its Markdown.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const site = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = `${site}node_modules/.bin/`;
const dist = `${site}dist/`;

if (!existsSync(`${bin}vitepress`)) run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
rmSync(dist, { recursive: true, force: true });
rmSync(`${site}api`, { recursive: true, force: true });
run(
  `${bin}typedoc`,
  entries().flatMap((entry) => ['--entryPoints', entry]),
);
nameModules();
run(`${bin}vitepress`, ['build', '.']);
writeMarkdown();
check();

/** Gives each page of the API the name by which its module is imported, and leads the links along. */
function nameModules() {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const names = new Map(
    Object.entries(exports).flatMap(([subpath, { types }]) => {
      if (!types) return [];
      const module = types.replace('./dist/types/', '').replace(/(?:\/index)?\.d\.ts$/, '');
      return [[module === 'index' ? 'index-1.md' : `${module}.md`, subpath === '.' ? 'portcullis.md' : `${subpath.slice(2)}.md`]];
    }),
  );
  const pages = globSync('**/*.md', { cwd: `${site}api` }).filter((path) => path !== 'index.md');
  const moved = pages.map((path) => {
    const to = names.get(path) ?? path;
    const text = readFileSync(`${site}api/${path}`, 'utf8')
      .replaceAll(/\]\(((?:\.\.\/)*[\w/-]+\.md)(#[^)]*)?\)/g, (_, link, hash = '') => {
        const target = join(dirname(path), link);
        return `](${relative(dirname(to), names.get(target) ?? target) || to}${hash})`;
      })
      .replace(/^# .*$/m, `# ${to === 'portcullis.md' ? 'portcullis' : `portcullis/${to.slice(0, -3)}`}`);
    rmSync(`${site}api/${path}`);
    return { to, text };
  });
  for (const { to, text } of moved) {
    mkdirSync(dirname(`${site}api/${to}`), { recursive: true });
    writeFileSync(`${site}api/${to}`, text);
  }
  const list = moved
    .map(({ to }) => `- [\`${to === 'portcullis.md' ? 'portcullis' : `portcullis/${to.slice(0, -3)}`}\`](${to})`)
    .toSorted();
  writeFileSync(
    `${site}api/index.md`,
    `# API\n\nEvery export of the package, by the path that it is imported from.\n\n${list.join('\n')}\n`,
  );
}

/** The sources behind the exports of the package. */
function entries() {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  return Object.values(exports).flatMap(({ types }) =>
    types ? [`../../${types.replace('./dist/types/', 'src/').replace('.d.ts', '.ts')}`] : [],
  );
}

/** Lays each page beside its HTML as Markdown, and writes `llms.txt`, an index of them, and `llms-full.txt`, all of them. */
function writeMarkdown() {
  const pages = pagesOf();
  for (const { path, text } of pages) {
    mkdirSync(dirname(dist + path), { recursive: true });
    writeFileSync(dist + path, text);
  }
  const own = pages.filter(
    ({ path }) => !/^api\/|^(CHANGELOG|CONTRIBUTING)|\/decisions\/|reference\/(mutants|rules|catch-rate|names)/.test(path),
  );
  const index = own.map(({ path, text }) => `- [${titleOf(text)}](/${path}): ${firstSentenceOf(text)}`);
  const more = [
    '[API reference](/api/index.md): every export',
    '[Decisions](/docs/decisions/index.md): what was decided, and why',
    '[Changelog](/CHANGELOG.md)',
  ];
  const about = firstSentenceOf(own.find(({ path }) => path === 'index.md')?.text ?? '');
  writeFileSync(
    `${dist}llms.txt`,
    `# Portcullis\n\n> ${about}\n\n## Docs\n\n${index.join('\n')}\n\n## Optional\n\n${more.map((line) => `- ${line}`).join('\n')}\n`,
  );
  writeFileSync(`${dist}llms-full.txt`, own.map(({ path, text }) => `<!-- /${path} -->\n\n${text.trim()}\n`).join('\n\n'));
}

/** Every source of a page, by the path that it has in the site. */
function pagesOf() {
  const sources = [
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    ...globSync('docs/**/*.md', { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' }),
  ];
  return sources.toSorted().map((source) => ({
    path: source.replace(/^docs\/site\/api\//, 'api/').replace(/(^|\/)README\.md$/, '$1index.md'),
    text: readFileSync(root + source, 'utf8')
      .replaceAll(/<!-- given\n[^]*?-->\n+/g, '')
      .replaceAll(/(\]\((?:[\w./-]*\/)?)README\.md/g, '$1index.md')
      .replaceAll(/(\]\([\w./-]*\/decisions)\)/g, '$1/index.md)'),
  }));
}

/** @param {string} text */
function titleOf(text) {
  return /^# (.*)$/m.exec(text)?.[1] ?? 'Untitled';
}

/** @param {string} text */
function firstSentenceOf(text) {
  const paragraph = text.split('\n\n').find((one) => /^(?!```)[A-Za-z`*[]/.test(one) && !/^(Status|Start with)/.test(one)) ?? '';
  return (
    paragraph
      .replaceAll('\n', ' ')
      .replaceAll(/\[([^\]]*)\]\([^)]*\)|\*\*/g, '$1')
      .split(/(?<=[.:]) /)[0]
      ?.trim() ?? ''
  );
}

function check() {
  const html = globSync('**/*.html', { cwd: dist });
  const css = globSync('**/*.css', { cwd: dist });
  const outside = [...html, ...css].flatMap((file) =>
    [
      ...readFileSync(dist + file, 'utf8').matchAll(
        /(?:<(?:script|img|iframe|source)\b[^>]*\bsrc|<link\b[^>]*\bhref|url\(|@import\s)[="'\s(]*(https?:\/\/[^"')\s>]+)/g,
      ),
    ].map(([, url]) => `${file}: ${url}`),
  );
  if (outside.length > 0) fail(`Files from elsewhere:\n${outside.join('\n')}`);
  const bare = html.filter((file) => file !== '404.html' && !existsSync(join(dist, file.replace(/html$/, 'md'))));
  if (bare.length > 0) fail(`Pages without Markdown: ${bare.join(', ')}`);
  if (globSync('assets/chunks/@localSearchIndex*.js', { cwd: dist }).length === 0) fail('There is no search index.');
  const index = readFileSync(`${dist}llms.txt`, 'utf8');
  const dead = [...index.matchAll(/\]\(\/([^)]+)\)/g)].map(([, path]) => path).filter((path) => !existsSync(dist + path));
  if (dead.length > 0) fail(`llms.txt leads nowhere: ${dead.join(', ')}`);
  const missing = [...readFileSync(`${dist}index.html`, 'utf8').matchAll(/ href="(\/[^"#]*)"/g)]
    .map(([, to]) => to)
    .filter((to) => ![to, `${to}.html`, `${to}index.html`].some((path) => existsSync(dist + path)));
  if (missing.length > 0) fail(`The menu leads nowhere: ${missing.join(', ')}`);
  const broken = globSync('**/*.md', { cwd: dist }).flatMap((file) =>
    [...readFileSync(dist + file, 'utf8').matchAll(/\]\((?![a-z]+:|#|\/)([^)#\s]+\.md)/g)]
      .map(([, to]) => join(dirname(file), to))
      .filter((to) => !existsSync(dist + to))
      .map((to) => `${file}: ${to}`),
  );
  if (broken.length > 0) fail(`Links between the Markdown pages lead nowhere:\n${broken.join('\n')}`);
  process.stdout.write(`${html.length} pages, each as Markdown, too\n`);
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: site,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed: ${error?.message ?? ''}\n${stdout}${stderr}`);
}

/** @param {string} text */
function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
