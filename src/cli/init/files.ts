/** The files of a new project. None has more than 60 lines. */
import { randomBytes } from 'node:crypto';
import { version } from '../terminal.ts';
import { appFile, testFile, variablesOf } from './app-file.ts';
import { type Project, siteOf } from './options.ts';

/** A file of a project. */
export interface ProjectFile {
  readonly name: string;
  readonly text: string;
  /** Whether only its owner may read it. */
  readonly isSecret: boolean;
}

/** The compatibility date of Workers for the project. */
const COMPATIBILITY_DATE = '2026-10-23';

/** The files of a project. */
export function filesOf(project: Project): readonly ProjectFile[] {
  const onNode = project.runtime !== 'workers';
  const onWorkers = project.runtime !== 'node';
  const texts: readonly (readonly [name: string, text: string, isSecret?: boolean])[] = [
    ['package.json', packageFile(project, onNode, onWorkers)],
    ['tsconfig.json', TSCONFIG],
    ['.gitignore', '.env\n.portcullis/\n.wrangler/\ndata/\nnode_modules/\n'],
    ['.env', envFile(project), true],
    ['app.ts', appFile(project)],
    ['app.test.ts', testFile(project)],
    ...(onNode ? ([['node.ts', NODE]] as const) : []),
    ...(onWorkers ? ([['worker.ts', WORKER], ['wrangler.jsonc', wranglerFile(project)]] as const) : []),
    ['README.md', readme(project, onNode, onWorkers)],
  ]; // prettier-ignore
  return texts.map(([name, text, isSecret = false]) => ({ name, text, isSecret }));
}

function packageFile({ name }: Project, onNode: boolean, onWorkers: boolean): string {
  const start = onNode ? 'node --env-file-if-exists=.env node.ts' : 'wrangler dev --port 8787';
  const manifest = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: {
      start,
      dev: onNode ? 'portcullis dev' : 'wrangler dev --port 8787',
      ...(onNode && onWorkers && { 'start:worker': 'wrangler dev --port 8787' }),
      ...(onWorkers && { deploy: 'wrangler deploy' }),
      check: 'tsc',
      test: 'node --test',
    },
    dependencies: { '@modelcontextprotocol/server': '^2.4.0', portcullis: `^${version()}` },
    devDependencies: {
      '@types/node': '^24.0.0',
      typescript: '>=5.9',
      ...(onWorkers && { wrangler: '^4.155.0' }),
    },
    engines: { node: '>=22.18' },
    devEngines: { runtime: { name: 'node', version: '>=22.18' } }, // an older Node runs no TypeScript, and finds no test
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const TSCONFIG = `{
  "compilerOptions": {
    "module": "nodenext",
    "target": "es2023",
    "types": ["node"],
    "strict": true,
    "skipLibCheck": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true
  },
  "include": ["*.ts"]
}
`;

const NODE = `/** The server on Node, with everything in one SQLite file below ./data, or where PORTCULLIS_DATA says. */
import { serve } from 'portcullis/node';

try {
  const { app } = await import('./app.ts');
  const { url } = await serve(app, { data: process.env['PORTCULLIS_DATA'] || './data', signals: true });
  console.log(\`\${url}/mcp\`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error); // a wrong option is one line that says what to write
  process.exitCode = 1;
}
`;

const WORKER = `/** The server in a Worker, with everything in Durable Objects. */
import { app } from './app.ts';

export { PortcullisStore } from 'portcullis/worker';
export default app;
`;

function wranglerFile({ name }: Project): string {
  return `{
  "name": "${name}",
  "main": "./worker.ts",
  "compatibility_date": "${COMPATIBILITY_DATE}",
  "compatibility_flags": ["nodejs_compat", "global_fetch_strictly_public"],
  "durable_objects": { "bindings": [{ "name": "PORTCULLIS", "class_name": "PortcullisStore" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["PortcullisStore"] }]
}
`;
}

/** New secrets for this project; values that only its owner knows are left empty. */
function envFile({ login }: Project): string {
  const lines = variablesOf(login).map(([name, what]) => {
    const value = name === 'ADMIN_PASSWORD' ? randomBytes(12).toString('base64url') : '';
    return `# ${what}\n${name}=${value}`;
  });
  return `${[...lines, `# the server's own key\nPORTCULLIS_SECRET=${randomBytes(32).toString('base64')}`].join('\n')}\n`;
}

function readme({ name, login }: Project, onNode: boolean, onWorkers: boolean): string {
  const callback = `http://localhost:8787/authorize/callback/${login === 'password' ? '' : siteOf(login).id}`;
  const signIn =
    login === 'password'
      ? 'Sign in as `admin` with `ADMIN_PASSWORD` of `.env`.'
      : `Register an application at ${login === 'oidc' ? 'your OpenID provider' : siteOf(login).title} with this callback, and put its id and secret into \`.env\`:
\`${callback}\`. When you deploy, also register the same path at your public address.`;
  const deploy = [...variablesOf(login).map(([variable]) => variable), 'PORTCULLIS_SECRET']
    .map((one) => `npx wrangler secret put ${one}`)
    .join('\n');
  return `# ${name}

A protected MCP server, made with Portcullis. \`app.ts\` is the whole of it.

\`\`\`sh
npm install
npm start${onNode ? '' : ' # in workerd, on this computer'}
npx portcullis connect http://localhost:8787/mcp --call whoami # in another terminal
\`\`\`

${signIn}

- \`npm run dev\` restarts on each change${onNode ? ` and prints ${login === 'password' ? 'demo accounts and ' : ''}the lines that connect each client` : ''}.
- \`npm test\` ${login === 'password' ? 'signs in and calls a tool' : 'checks the first answer and the sign-in page'} without a network; \`npm run check\` checks the types.
- \`npx portcullis doctor https://your.server/mcp\` checks what you have deployed.
${
  onWorkers
    ? `
## Deploy to Workers

\`\`\`sh
${deploy}
npx wrangler deploy --var PORTCULLIS_ISSUER:https://${name}.<your subdomain>.workers.dev
\`\`\`
`
    : ''
}${
    onNode
      ? `
## Deploy on Node

Set \`PORTCULLIS_ISSUER\` to the public origin, such as \`https://mcp.example.com\`, and the variables of \`.env\`. Keep \`./data\`.
`
      : ''
  }`;
}
