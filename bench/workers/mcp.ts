/** The MCP server of `servers/mcp-app.ts` in workerd, with Durable Objects. */
import { OAuthProvider } from '../../src/worker/main.ts';
import { BENCH_CLIENT, ISSUER } from '../servers/answers.ts';
import { guarded, rest } from '../servers/mcp-app.ts';

export { PortcullisStore } from '../../src/worker/index.ts';

export default new OAuthProvider({
  issuer: ISSUER,
  apiRoute: '/mcp',
  apiHandler: guarded,
  defaultHandler: rest as never,
  clients: [BENCH_CLIENT],
  scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
  authorizationCodeTTL: 600,
});
