/** The source of a new server: `app.ts` for each way to sign in, and its test. */
import { type Project, siteOf } from './options.ts';

interface Login {
  /** Further imports from `portcullis`, and import lines. */
  readonly names: string;
  readonly imports: string;
  readonly env: string;
  readonly before: string;
  readonly options: string;
}

/** Variables that a login needs, with a description. */
export function variablesOf(login: Project['login']): readonly (readonly [name: string, what: string])[] {
  if (login === 'password') return [['ADMIN_PASSWORD', 'password of the account "admin"']];
  const { title, prefix, people } = siteOf(login);
  return [
    [`${prefix}_CLIENT_ID`, `id of your application at ${title}`],
    [`${prefix}_CLIENT_SECRET`, 'its secret'],
    ['ADMINS', `${people} of administrators, separated by commas`],
  ];
}

function loginOf({ login, place }: Project): Login {
  if (login === 'password')
    return {
      names: 'type OAuthHelpers, OAuthProvider, password',
      imports: '',
      env: '  readonly ADMIN_PASSWORD: string;\n  readonly OAUTH_PROVIDER: OAuthHelpers;',
      before: '',
      options: `  logins: [password<Env>({ accounts: (env) => [{ username: 'admin', name: 'Admin', password: env.ADMIN_PASSWORD, permissions: ['admin'] }] })],
  permissions: ({ userId }, env) => env.OAUTH_PROVIDER.accounts.permissionsOf(userId),`,
    };
  const { factory, prefix, who, people, place: asked } = siteOf(login);
  const own = asked && Object.entries(asked.options(place ?? asked.example));
  const first = place === undefined ? ` // ${asked?.what}: put in yours` : '';
  return {
    names: 'OAuthProvider, upstream',
    imports: `import { ${factory} } from 'portcullis/upstreams';\n`,
    env: `  readonly ${prefix}_CLIENT_ID: string;\n  readonly ${prefix}_CLIENT_SECRET: string;\n  /** ${people} of administrators, separated by commas. */\n  readonly ADMINS?: string;`,
    before: `const site = ${factory}({
${(own ?? []).map(([option, value], at) => `  ${option}: '${value}',${at === 0 ? first : ''}\n`).join('')}  clientId: (env) => (env as Env).${prefix}_CLIENT_ID,
  clientSecret: (env) => (env as Env).${prefix}_CLIENT_SECRET,
});

`,
    options: `  logins: [
    upstream(site, {
      mapIdentity: ({ ${who === 'subject' ? 'subject' : 'claims'} }, env) => {
        const admins = ((env as Env).ADMINS ?? '').split(/[\\s,]+/).filter((one) => one !== '');
        return { permissions: admins.includes(String(${who})) ? ['admin'] : [] };
      },
    }),
  ],`,
  };
}

/** `app.ts`: the whole server. */
export function appFile(project: Project): string {
  const { name } = project;
  const { names, imports, env, before, options } = loginOf(project);
  return `/** A protected MCP server: sign-in, consent and tools. The same source runs on Node and on Workers. */
import { McpServer } from '@modelcontextprotocol/server';
import { type AuthContext, ${names} } from 'portcullis';
import { McpAgent, policy, requirePermission } from 'portcullis/mcp';
${imports}
/** Variables of the environment: .env while you develop. */
export interface Env {
${env}
}

const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });

class Tools extends McpAgent<Env, unknown, AuthContext> {
  static override policy = policy({ tools: { whoami: { scopes: ['tools:read'] }, admin_report: { scopes: ['tools:read'] } } });
  server = new McpServer({ name: '${name}', version: '1.0.0' });

  init(): void {
    this.server.registerTool(
      'whoami',
      { title: 'Who am I', description: 'Says who is signed in', annotations: { readOnlyHint: true } },
      () => say(\`Hello, \${this.props.claims.name ?? 'user'}!\`),
    );
    this.server.registerTool(
      'admin_report',
      { title: 'Report', description: 'For administrators only', annotations: { readOnlyHint: true } },
      requirePermission('admin', () => say('All is well.')),
    );
  }
}

${before}export const app = new OAuthProvider<Env>({
  name: '${name}',
  apiRoute: '/mcp',
  apiHandler: Tools.serve('/mcp'),
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: { 'tools:read': 'Use the tools as you' },
${options}
});
`;
}

/** `app.test.ts`: tests the server as a client sees it, without a network. Run by \`npm test\`. */
export function testFile({ login }: Project): string {
  const head = `/** Tests the server as an MCP client sees it, without a network. Run by \`npm test\`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'portcullis/stores/memory';
import { makeBrowser, registerClient${login === 'password' ? ', tokensOf' : ''} } from 'portcullis/testing';
import { app } from './app.ts';

const issuer = 'http://localhost:8787';
const env = { PORTCULLIS: memoryStore(), ${envOf(login)} };
const send = (request: Request): Promise<Response> => app.fetch(request, env as never);

test('a call without a token is told where to sign in', async () => {
  const answer = await send(new Request(\`\${issuer}/mcp\`, { method: 'POST' }));
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get('www-authenticate') ?? '', /resource_metadata="[^"]+"/);
});
`;
  if (login !== 'password')
    return `${head}
test('the sign-in page offers ${siteOf(login).title}', async () => {
  const client = await registerClient({ send, issuer });
  const page = await makeBrowser(send).get(await client.authorizeUrl());
  assert.equal(page.status, 200);
  assert.match(page.text, /${siteOf(login).title}/);
});
`;
  return `${head}
test('a user signs in, and a tool knows who it is', async () => {
  const client = await registerClient({ send, issuer });
  const code = await client.signIn(makeBrowser(send), { username: 'admin', password: env.ADMIN_PASSWORD });
  const { access } = tokensOf(await client.redeem(code));
  const answer = await send(
    new Request(\`\${issuer}/mcp\`, {
      method: 'POST',
      headers: {
        authorization: \`Bearer \${access}\`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } }),
    }),
  );
  assert.match(await answer.text(), /Hello, Admin!/);
});
`;
}

function envOf(login: Project['login']): string {
  if (login === 'password') return "ADMIN_PASSWORD: 'correct horse battery staple'";
  const { prefix } = siteOf(login);
  return `${prefix}_CLIENT_ID: 'id', ${prefix}_CLIENT_SECRET: 'secret'`;
}
