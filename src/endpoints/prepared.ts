/**
 * Prepared: what logins do before the first request for a page is answered, such as making the accounts that the operator configured.
 */
import { OAuthError } from '../model/error.ts';
import { isForm } from '../model/login.ts';
import type { Call } from './endpoint.ts';
import { servicesOf } from './sign-in/sign-in.ts';

/**
 * Lets every login prepare itself; one that has done so does nothing.
 *
 * @throws {OAuthError} 503 where the configuration is wrong, such as a secret that is not set; the log says what to do, whether or not
 *   anybody listens to events.
 */
export async function prepareLogins(call: Call): Promise<void> {
  for (const login of call.as.settings.logins.filter(isForm)) {
    try {
      await login.prepare?.({ ...servicesOf(call), accounts: call.as.accounts }); // one object for all requests, by which it remembers
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      console.error('portcullis: the sign-in pages answer 503.', cause.message);
      throw new OAuthError('temporarily_unavailable', 'login_misconfigured', { cause });
    }
  }
}
