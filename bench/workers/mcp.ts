/** The MCP server of `servers/mcp-app.ts` in workerd, with Durable Objects. */
import { OAuthProvider } from '../../src/worker/main.ts';
import { before, OPTIONS } from '../servers/mcp-app.ts';

export { PortcullisStore } from '../../src/worker/index.ts';

const provider = new OAuthProvider(OPTIONS);

export default before(provider as never);
