/**
 * The Worker of `servers/revocation.ts`: the server that `npm run bench -- operations` asks on Node, on Durable Objects or D1. With the variable
 * `STREAMS` its resource holds sessions and streams; without, it answers who called.
 */
import { env as anyEnv } from 'cloudflare:workers';
import { adminApi } from '../../src/admin/index.ts';
import { password } from '../../src/logins/password.ts';
import { sessions, userEvents } from '../../src/mcp/index.ts';
import type { Handler } from '../../src/model/context.ts';
import { d1Store } from '../../src/stores/d1.ts';
import { OAuthProvider } from '../../src/worker/main.ts';
import { FLEET_ISSUER, FLEET_PERSON } from '../../test/support/fleet-names.ts';
import { PEOPLE, sessionAgent } from '../../test/support/session-agent.ts';

export { PortcullisStore } from '../../src/worker/store-object.ts';

interface Env {
  /** Only where the database is. */
  readonly D1?: D1Database;
  /** The process that has it. */
  readonly DATABASE?: Fetcher;
  readonly STREAMS?: string;
}

type Statement = { readonly sql: string; readonly parameters: readonly unknown[] };

const env: Env = anyEnv;

/** D1 of another process: statements go there as JSON, as they go from a Worker to Cloudflare's D1. */
function remoteDatabase(database: Fetcher): Parameters<typeof d1Store>[0] {
  const run = async (body: readonly Statement[]): Promise<{ results: unknown[] }[]> => {
    const answer = await database.fetch('http://database/statements', { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const bound = (statement: Statement) => ({
    statement,
    bind: (...parameters: unknown[]) => bound({ ...statement, parameters }),
    all: async () => (await run([statement]))[0] ?? { results: [] },
  });
  return {
    prepare: (sql) => bound({ sql, parameters: [] }) as never,
    batch: (statements: { statement: Statement }[]) => run(statements.map(({ statement }) => statement)),
  };
}

/** What `remoteDatabase` asks. */
async function runStatements(database: D1Database, request: Request): Promise<Response> {
  const statements = (await request.json<Statement[]>()).map(({ sql, parameters }) => database.prepare(sql).bind(...parameters));
  return Response.json(statements.length === 1 ? [await statements[0]?.all()] : await database.batch(statements));
}

const events = userEvents();
const whoami: Handler = (_request, _env, ctx) => Response.json({ user: ctx.auth?.userId });
const agent = (): Handler =>
  sessionAgent(events, () => 'workerd').serve('/mcp', { sessions: sessions(), events, streamCheck: 1 }) as Handler;

const provider = new OAuthProvider({
  issuer: FLEET_ISSUER, // the processes share it; the bench talks to each by its own port
  apiRoute: '/mcp',
  apiHandler: env.STREAMS ? agent() : whoami,
  ...(env.DATABASE && { store: d1Store(remoteDatabase(env.DATABASE)) }),
  logins: [password({ accounts: () => (env.STREAMS ? PEOPLE : [{ ...FLEET_PERSON, permissions: ['admin'] }]) })],
  admin: adminApi({ permission: 'admin' }),
  clientRegistrationEndpoint: '/register',
});

export default {
  fetch(request: Request, own: Record<string, unknown>, ctx: ExecutionContext): Promise<Response> {
    if (env.D1) return runStatements(env.D1, request);
    const { pathname, search } = new URL(request.url);
    return provider.fetch(new Request(`${FLEET_ISSUER}${pathname}${search}`, request), own, ctx);
  },
};
