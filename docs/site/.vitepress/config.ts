/**
 * The documentation as a site: the Markdown of this repository as it stands, with a search that needs no server and no file from elsewhere.
 * `build.mjs` generates the API reference, builds the pages, and lays each one beside them as Markdown.
 */
import { readFileSync } from 'node:fs';
import { defineConfig, type DefaultTheme } from 'vitepress';

const GITHUB_LIKE = /(^|\/)README\.md(?=$|#)/;

/** The menu: the lists of docs/README.md, which a test keeps complete. */
function menu(): DefaultTheme.SidebarItem[] {
  const [, ...groups] = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').split(/^## /m);
  return groups.map((group) => ({
    text: group.split('\n', 1)[0] ?? '',
    collapsed: false,
    items: [...group.matchAll(/\[([^\]]+)\]\(([^)#]+)\.md\)/g)].map(([, text = '', to = '']) => ({
      text: text.replaceAll('`', '').replace(/^./, (first) => first.toUpperCase()),
      link: to.startsWith('../') ? to.slice(2) : `/docs/${to.replace(/README$/, '')}`,
    })),
  }));
}

export default defineConfig({
  title: 'Portcullis',
  description: 'Authorization and authentication for MCP servers, on Node and on Cloudflare Workers.',
  srcDir: '../..',
  srcExclude: [
    '**/node_modules/**',
    'bench/**',
    'create/**',
    'dist/**',
    'examples/**',
    'artifacts/**',
    'reports/**',
    'src/**',
    'test/**',
    'tools/**',
  ],
  rewrites: {
    'README.md': 'index.md',
    'docs/README.md': 'docs/index.md',
    'docs/decisions/README.md': 'docs/decisions/index.md',
    'docs/site/api/:rest*': 'api/:rest*',
  },
  cleanUrls: true,
  lastUpdated: false,
  markdown: {
    config(md) {
      // A link to a README is one to the index of its folder; one to code has no page.
      md.core.ruler.push('repository-links', (state) => {
        for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.attrGet('href');
          if (href !== null && !/^[a-z]+:/.test(href))
            token.attrSet('href', href.replace(GITHUB_LIKE, '$1index.md').replace(/\/decisions$/, '/decisions/index.md'));
        }
      });
    },
  },
  ignoreDeadLinks: [/^http:\/\/localhost/, /\/LICENSE$/],
  outDir: 'dist',
  // Pages stand above this folder, where Vue is not installed: what renders them takes the one that is installed here.
  vite: {
    plugins: [
      {
        name: 'vue-of-the-site',
        enforce: 'pre',
        resolveId: (id, _importer, { ssr }) => (ssr === true && /^vue(\/server-renderer)?$/.test(id) ? { id, external: true } : null),
      },
    ],
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Start', link: '/docs/guide/start' },
      { text: 'Guides', link: '/docs/' },
      { text: 'API', link: '/api/' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
    sidebar: menu(),
  },
});
