/**
 * Whether the user of a session may still come in, when an app is to be connected. Apart from `core/recheck.ts`: a server without our pages has
 * no sessions.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import { isRedirect } from '../../model/login.ts';
import type { Origin } from '../../model/origin.ts';

/** Whether they may, without asking the upstream: that was done at the sign-in, and is at each refresh. */
export async function isLetIn(as: AuthServer, { login: id, standing }: Origin): Promise<boolean> {
  const login = as.settings.logins.find((one) => one.id === id);
  if (!login) return false; // the login was removed
  if (!isRedirect(login) || !login.recheck || standing === undefined) return true;
  try {
    return (await login.recheck(standing, { env: as.env, token: null })) !== 'no';
  } catch (error) {
    as.emit({ kind: 'request.failed', endpoint: 'recheck', requestId: as.secrets.id(), error });
    return true;
  }
}
