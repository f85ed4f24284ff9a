/** A little application with sessions of its own, on the same origin as the server or elsewhere. */
import { existingSession, type ExistingSession, type FoundSession } from '../../src/logins/own-login.ts';
import type { RedirectLogin, SessionLogin } from '../../src/model/login.ts';
import type { Browser } from '../../src/testing/browser.ts';

/** Who can be signed in there. */
export type HostUser = Omit<FoundSession, 'issuer' | 'subject'>;

/** The application. */
export interface HostApp {
  /** Users by id; taken away, their sessions are no one's. */
  readonly users: Map<string, HostUser>;
  /** Signs a browser in there. */
  signIn(browser: Browser, id: string): void;
  /** Ends every session of a user there. */
  signOut(id: string): void;
  /** What `find` was called with. */
  readonly asked: Request[];
  /** Set to make `find` fail. */
  broken: boolean;
  readonly login: RedirectLogin | SessionLogin;
}

/** Makes one with two users, Hana and Hugo. */
export function makeHostApp(options: Partial<ExistingSession> = {}): HostApp {
  const sessions = new Map<string, string>();
  const host: HostApp = {
    users: new Map([
      ['u1', { claims: { name: 'Hana Host' }, permissions: ['reader'] }],
      ['u2', { claims: { name: 'Hugo Host' } }],
    ]),
    asked: [],
    broken: false,
    signIn(browser, id) {
      const token = crypto.randomUUID();
      sessions.set(token, id);
      browser.cookies.set('app', token);
    },
    signOut(id) {
      for (const [token, of] of sessions) if (of === id) sessions.delete(token);
    },
    login: existingSession({
      find(request) {
        host.asked.push(request);
        if (host.broken) throw new Error('the session table is gone');
        const token = /(?:^|; )app=([\w-]+)/.exec(request.headers.get('cookie') ?? '')?.[1];
        const id = sessions.get(token ?? '');
        const user = host.users.get(id ?? '');
        return id !== undefined && user ? { issuer: 'app', subject: id, ...user } : null;
      },
      signInUrl: '/sign-in',
      label: 'Host',
      ...options,
    }),
  };
  return host;
}
