/** The server of `ours.ts`, whose tokens are believed for a while. */
import { serverWith } from './ours.ts';

export { PortcullisStore } from '../../src/worker/index.ts';

export default serverWith({ dangerouslyCacheTokens: 30 });
