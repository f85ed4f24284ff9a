/**
 * Helpers for an application that renders its own pages: the same checks and the same grant as behind our pages.
 * The default handler gets them as `env.OAUTH_PROVIDER`; each group is loaded on first use.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { Health } from '../core/monitoring.ts';
import type { Resealed, ResealOptions } from '../core/reseal.ts';
import { lazy, lazyObject } from '../lib/async.ts';
import type { Account, Accounts } from '../model/account.ts';
import type { SignIns } from '../model/login-services.ts';
import type { Cursor } from '../model/store.ts';
import type { Clients } from './clients.ts';
import type { GrantVerbs } from './grants.ts';
import type { AccessKeys } from './keys.ts';
import type { OwnPages } from './own-pages.ts';
import type { Requests } from './requests.ts';
import type { TokenVerbs } from './tokens.ts';

const checkHealth = lazy(async () => (await import('../core/monitoring.ts')).checkHealth);
const checkStore = lazy(async () => (await import('../core/monitoring.ts')).checkStore);

const resealPage = lazy(async () => (await import('../core/reseal.ts')).reseal);

/** The helpers. */
export interface OAuthHelpers extends Requests, GrantVerbs, TokenVerbs, OwnPages {
  /** Whether the server can work at this moment, for the health check of a load balancer: answer 200 if `ok`, else 503. */
  health(): Promise<Health>;
  /**
   * Checks the store before the first request; `serve` calls it. A store that does not answer yet is not an error.
   *
   * @throws {TypeError} for a store whose settings would lose records, or that a newer version has written; for a missing package of a login.
   */
  checkStore(): Promise<void>;
  /** Deletes some expired records and returns their number; 0 if the store does that by itself. */
  sweep(most?: number): Promise<number>;
  /**
   * Encrypts with the newest `secret` what older ones have encrypted: one page of the store; continue with `next`. After a complete pass
   * that left nothing, the old secret can be removed. It can be run again, and while the server runs.
   */
  reseal(after?: Cursor, options?: ResealOptions): Promise<Resealed>;
  /** Clients of this server. */
  readonly clients: Clients;
  /** Personal access tokens and service keys, where the option `accessKeys` is given. */
  readonly keys: AccessKeys;
  /** Accounts of our own login. */
  readonly accounts: Accounts;
  /** The sign-in methods of any user: upstream identities, passkeys, second factors. */
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
        disableUser: true,
        enableUser: true,
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
    ...lazyObject<TokenVerbs>({ verifyToken: true, exchangeToken: true }, async () => (await import('./tokens.ts')).makeTokenVerbs(as)),
    clients: lazyObject<Clients>(
      {
        create: true, find: true, list: true, update: true, rotateSecret: true, createInitialAccessToken: true, delete: true,
        approve: true, block: true, resetStatus: true, listByStatus: true, setNewClients: true,
      }, // prettier-ignore
      async () => (await import('./clients.ts')).makeClients(as),
    ),
    keys: lazyObject<AccessKeys>({ create: true, list: true, revoke: true }, async () => (await import('./keys.ts')).makeAccessKeys(as)),
    health: () => checkHealth(as),
    checkStore: () => checkStore(as),
    sweep: async (most) => (await as.store.sweep?.(most)) ?? 0,
    reseal: (after, options) => resealPage(as, after, options),
    accounts: as.accounts,
    signIns: lazyObject<SignIns>(
      { list: true, removeIdentity: true, removePasskey: true, removeSecondFactor: true, removeAll: true },
      async () => (await import('./grants.ts')).makeLinkedLogins(as),
    ),
  };
}

export type { Account };
