/** The MCP server of `servers/mcp-app.ts` in workerd, with Durable Objects. */
import { OAuthProvider } from '../../src/worker/main.ts';
import { BENCH_CLIENT, ISSUER } from '../servers/answers.ts';
import { before, guarded, setup } from '../servers/mcp-app.ts';

export { PortcullisStore } from '../../src/worker/index.ts';

const provider = new OAuthProvider({
  issuer: ISSUER,
  apiRoute: '/mcp',
  apiHandler: guarded,
  defaultHandler: setup as never,
  clients: [BENCH_CLIENT],
  scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
  authorizationCodeTTL: 600,
});

export default before(provider as never);
