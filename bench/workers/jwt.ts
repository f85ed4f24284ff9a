/** `servers/jwt-app.ts` in workerd. */
import { fetch } from '../servers/jwt-app.ts';

export default { fetch };
