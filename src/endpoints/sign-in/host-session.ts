/**
 * Present: whether the application itself has somebody signed in, where a login follows its session.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import { OAuthError } from '../../model/error.ts';
import { hostOf, type Authenticated } from '../../model/login.ts';

/** Somebody whom the application has signed in. */
export interface HostSessionAnswer {
  readonly login: string;
  readonly proven: Authenticated;
}

/** A request with what its application needs to know its own session. */
interface Asked {
  readonly request: Request;
  readonly as: AuthServer;
  readonly env: unknown;
}

/** Whom the application says it has signed in; null where nobody, or where no login follows it. @throws {OAuthError} 503 where it cannot say. */
export async function readHostSession({ request, as, env }: Asked): Promise<HostSessionAnswer | null> {
  const host = hostOf(as.settings.logins);
  if (!host) return null;
  try {
    const proven = await host.present({ request: outsideOf(request), env, issuer: as.settings.issuer });
    return proven && { login: host.id, proven };
  } catch (cause) {
    throw new OAuthError('temporarily_unavailable', 'session_unknown', { cause }); // nobody is let in, and nobody is signed out
  }
}

/** The request as the application may look at it: address and headers. */
export function outsideOf({ url, headers }: Request): Request {
  return new Request(url, { headers: [...headers] });
}
