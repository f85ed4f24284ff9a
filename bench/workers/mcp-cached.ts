/** The server of `mcp.ts`, whose tokens are believed for a while. */
import { OAuthProvider } from '../../src/worker/main.ts';
import { before, OPTIONS } from '../servers/mcp-app.ts';

export { PortcullisStore } from '../../src/worker/index.ts';

const provider = new OAuthProvider({ ...OPTIONS, dangerouslyCacheTokens: 30 });

export default before(provider as never);
