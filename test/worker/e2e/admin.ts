/** The Worker under test with its administration. */
import { OAuthProvider } from '../../../src/worker/main.ts';
import { served } from '../../e2e/app.ts';

export { PortcullisStore } from '../../../src/worker/store-object.ts';
export default new OAuthProvider(served.admin);
