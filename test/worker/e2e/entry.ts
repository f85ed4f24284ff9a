/** The Worker under test: the end-to-end suite's own server in workerd. */
import { OAuthProvider } from '../../../src/worker/main.ts';
import { options } from '../../e2e/app.ts';

export { PortcullisStore } from '../../../src/worker/store-object.ts';
export default new OAuthProvider(options);
