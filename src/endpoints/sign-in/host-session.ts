/**
 * Host session: the user signed in at the application itself, for a login that follows its session.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import { OAuthError } from '../../model/error.ts';
import { hostOf, type Authenticated } from '../../model/login.ts';

/** A user whom the application has signed in. */
export interface HostSessionAnswer {
  readonly login: string;
  readonly proven: Authenticated;
}

/** A request with what the application needs to find its own session. */
interface Asked {
  readonly request: Request;
  readonly as: AuthServer;
  readonly env: unknown;
}

/** The user signed in at the application; null if there is none, or if no login follows its session. @throws {OAuthError} 503 if it cannot tell. */
export async function readHostSession({ request, as, env }: Asked): Promise<HostSessionAnswer | null> {
  const host = hostOf(as.settings.logins);
  if (!host) return null;
  try {
    const proven = await host.present({ request: outsideOf(request), env, issuer: as.settings.issuer });
    return proven && { login: host.id, proven };
  } catch (cause) {
    throw new OAuthError('temporarily_unavailable', 'session_unknown', { cause }); // neither signs in nor signs out
  }
}

/** The request as the application may read it: URL and headers. */
export function outsideOf({ url, headers }: Request): Request {
  return new Request(url, { headers: [...headers] });
}
