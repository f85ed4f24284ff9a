/** The services of a login over a real server, and the pages of the password login without a browser. */
import { makeAttempts } from '../../src/core/attempts.ts';
import { makeLinkedLogins } from '../../src/core/users/identities.ts';
import type { AuthServer } from '../../src/core/auth-server.ts';
import type { LoginPageCall, LoginServices, SectionCall } from '../../src/model/login.ts';
import { paramsOf } from '../../src/model/params.ts';
import { ENGLISH } from '../../src/words/words.ts';
import { makeServer } from './server.ts';

const ISSUER = 'https://as.example';

/** What a request of one network may use. */
export function servicesOf(as: AuthServer, network: string, after: LoginServices['after']): LoginServices {
  const { accounts, passkeys, totps, links, store, emit, secrets } = as;
  return {
    ...makeAttempts({ as, network, browser: undefined, remember: () => undefined }),
    issuer: ISSUER,
    accounts,
    passkeys,
    totps,
    links,
    signIns: makeLinkedLogins({ store, passkeys, totps, emit }),
    after,
    secret: () => secrets.secret(),
    now: () => as.now(),
    limit: as.limit,
    forgive: as.forgive,
    network,
    env: 'env',
    newId: () => secrets.id(),
    pageUrl: (page) => `${ISSUER}/login/${page}`,
    words: ENGLISH,
  };
}

/** A server, its pages and sections as functions of the form, and the work that runs after an answer. */
export function makeLoginPages() {
  const world = makeServer();
  const work: (() => Promise<unknown>)[] = [];
  const common = (form: Record<string, string> | null, query: string, network: string) => ({
    services: servicesOf(world.as, network, (one) => void work.push(one)),
    words: ENGLISH,
    query: new URLSearchParams(query),
    form: form && paramsOf(new Map(Object.entries(form).map(([name, value]) => [name, [value]]))),
  });
  return {
    ...world,
    /** Runs what was put off. */
    async settled() {
      for (const one of work.splice(0)) await one();
    },
    page: (form: Record<string, string> | null, query = '', network = 'n'): LoginPageCall => ({ ...common(form, query, network), action: '/act', returnTo: '/account', signIn: '/login?to=x', server: 'Notes' }), // prettier-ignore
    section: (userId: string, form: Record<string, string> | null, network = 'n'): SectionCall => ({ ...common(form, '', network), user: { userId, claims: {} } as never, path: '/account/password', isRecent: () => true, isSignedIn: async () => true }), // prettier-ignore
  };
}
