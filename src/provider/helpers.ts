/**
 * Helpers for an application that renders its own pages: the same checks and the same grant as behind our pages.
 * The default handler gets them as `env.OAUTH_PROVIDER`; each group is loaded on first use.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { Health } from '../core/health.ts';
import type { Resealed, ResealOptions } from '../core/reseal.ts';
import { lazy, lazyObject } from '../lib/lazy.ts';
import type { Account, Accounts } from '../model/account.ts';
import type { SignIns } from '../model/sign-ins.ts';
import type { Cursor } from '../model/store.ts';
import type { Clients } from './clients.ts';
import type { GrantVerbs } from './grants.ts';
import type { OwnPages } from './own-pages.ts';
import type { Requests } from './requests.ts';

const checkHealth = lazy(async () => (await import('../core/health.ts')).checkHealth);
const checkStore = lazy(async () => (await import('../core/health.ts')).checkStore);

const resealPage = lazy(async () => (await import('../core/reseal.ts')).reseal);

/** The helpers. */
export interface OAuthHelpers extends Requests, GrantVerbs, OwnPages {
  /** Whether the server can do its work at this moment: for the probe of a load balancer. Answer 200 or 503 as `ok` says. */
  health(): Promise<Health>;
  /**
   * Looks at the store before the first request; `serve` does. A store that does not answer yet is no reason to fail.
   *
   * @throws {TypeError} for a store that is set up so that records would be lost, or that a newer version has written; for a package of a login that is not installed.
   */
  checkStore(): Promise<void>;
  /** Removes some of the records that have expired, and tells how many; 0 where the store does that by itself. */
  sweep(most?: number): Promise<number>;
  /**
   * Seals anew, under the newest `secret`, what older ones sealed: one page of the store; go on with `next`. When a whole pass has left
   * nothing, the old secret can be dropped. May be run again, and while the server works.
   */
  reseal(after?: Cursor, options?: ResealOptions): Promise<Resealed>;
  /** Clients of this server. */
  readonly clients: Clients;
  /** Accounts of our own login. */
  readonly accounts: Accounts;
  /** The ways in of any user: identities at other sites, passkeys, second factors. */
  readonly signIns: SignIns;
}

/** Makes the helpers of one server. @param network of the caller, if known, to count fetches. */
export function makeHelpers(as: AuthServer, network = 'unknown'): OAuthHelpers {
  return {
    ...lazyObject<Requests>({ parseAuthRequest: true, completeAuthorization: true, lookupClient: true }, async () =>
      (await import('./requests.ts')).makeRequests(as, network),
    ),
    ...lazyObject<GrantVerbs>(
      {
        listUserGrants: true,
        revokeGrant: true,
        findGrant: true,
        listGrants: true,
        revokeGrants: true,
        signOut: true,
        findUserId: true,
      },
      async () => (await import('./grants.ts')).makeGrantVerbs(as),
    ),
    ...lazyObject<OwnPages>(
      {
        describeConsent: true, beginConsent: true, approveConsent: true, denyConsent: true, isConsentRemembered: true,
        forgetConsents: true, beginUpstream: true, finishUpstream: true,
      }, // prettier-ignore
      async () => (await import('./own-pages.ts')).makeOwnPages(as, network),
    ),
    clients: lazyObject<Clients>(
      { create: true, find: true, list: true, update: true, rotateSecret: true, createInitialAccessToken: true, delete: true },
      async () => (await import('./clients.ts')).makeClients(as),
    ),
    health: () => checkHealth(as),
    checkStore: () => checkStore(as),
    sweep: async (most) => (await as.store.sweep?.(most)) ?? 0,
    reseal: (after, options) => resealPage(as, after, options),
    accounts: as.accounts,
    signIns: lazyObject<SignIns>(
      { list: true, removeIdentity: true, removePasskey: true, removeSecondFactor: true, removeAll: true },
      async () => (await import('../core/users/linked-logins.ts')).makeLinkedLogins(as),
    ),
  };
}

export type { Account };
