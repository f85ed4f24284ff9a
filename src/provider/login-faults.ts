/**
 * Login faults: what is wrong with the environment for a login, such as a secret that is not set. It fails the start on Node. On Workers
 * there is none: pages answer 503 and the log says what is missing (`endpoints/prepared`), and programs go on with the tokens that they have.
 */
import { isForm, type Login } from '../model/login.ts';

/** The first fault of any login; null for none. */
export function loginFault(logins: readonly Login[], env: unknown): unknown {
  try {
    for (const login of logins.filter(isForm)) login.checkEnv?.(env);
    return null;
  } catch (error) {
    return error;
  }
}
