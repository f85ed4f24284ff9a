/**
 * The documentation as a site: the Markdown of this repository as it stands, with a search that needs no server and no file from elsewhere.
 * `build.mjs` generates the API reference, builds the pages, and lays each one beside them as Markdown.
 */
import { defineConfig, type DefaultTheme } from 'vitepress';

const GITHUB_LIKE = /(^|\/)README\.md(?=$|#)/;

const guide = (text: string, name: string): DefaultTheme.SidebarItem => ({ text, link: `/docs/guide/${name}` });
const reference = (text: string, name: string): DefaultTheme.SidebarItem => ({ text, link: `/docs/reference/${name}` });

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
    sidebar: [
      {
        text: 'Start',
        items: [
          guide('In ten minutes', 'start'),
          guide('A new project', 'new-project'),
          guide('Testing your server', 'testing'),
          reference('Beside other libraries', 'comparison'),
        ],
      },
      {
        text: 'Build',
        items: [
          guide('Signing in', 'signing-in'),
          guide('Other sites', 'upstreams'),
          guide('Tokens of other servers', 'verifiers'),
          guide('Tools and permissions', 'tools'),
          guide('Sessions and questions', 'sessions'),
          guide('Consent', 'consent'),
          guide('Clients, grants, tenants', 'server'),
          guide('Enterprise and workloads', 'enterprise'),
          guide('Looks and languages', 'looks'),
        ],
      },
      {
        text: 'Run',
        items: [
          guide('Deployment', 'deployment'),
          guide('Operations', 'operations'),
          guide('Events', 'events'),
          guide('When something does not work', 'troubleshooting'),
          guide('Check a server', 'doctor'),
          { text: 'What each client sends', link: '/docs/clients' },
          guide('From workers-oauth-provider', 'migrating'),
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'API', link: '/api/' },
          { text: 'Security model', link: '/docs/security-model' },
          reference('What is stored', 'storage'),
          reference('Rules and their tests', 'rules'),
          reference('Public names', 'names'),
          reference('Glossary', 'glossary'),
          { text: 'Decisions', link: '/docs/decisions/' },
        ],
      },
    ],
  },
});
