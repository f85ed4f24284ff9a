/**
 * Pending authorizations: opened once the client and the redirect URI are verified, bound to the browser by a cookie, and found again by the
 * id in the form of the consent page, with the redirect URI that its answer goes to. Also what the user may grant: the application is asked that for
 * each consent, and its answer is never stored; if it cannot answer, nothing is granted.
 */
import { findClient, isClientId } from '../../clients/find.ts';
import type { AuthServer } from '../../core/auth-server.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { type Defined, defined } from '../../lib/json.ts';
import type { Client } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import { type Approved, PENDING_TTL, type PendingAuthorization } from '../../model/pending-authorization.ts';
import { findRedirect, type ValidRedirect } from '../../model/redirect.ts';
import type { Organization } from '../../model/identity.ts';
import type { GrantorClient, Settings } from '../../model/settings.ts';
import type { SignedIn } from '../sign-in/sign-in.ts';
import type { Seconds } from '../../model/store.ts';
import type { Call } from '../endpoint.ts';
import { cookieOf, flowCookie, setCookie } from '../sign-in/browser-context.ts';

/** A checked authorization request. */
type Request = Omit<PendingAuthorization, 'v' | 'clientId' | 'described' | 'browserHash' | 'expiresAt'>;

/** A pending authorization that was just opened. `cookie` is the `Set-Cookie` that binds it to the browser. */
export interface OpenedPending {
  readonly pendingId: string;
  readonly pendingHash: string;
  readonly pending: PendingAuthorization;
  readonly cookie: string;
}

/** A pending authorization of this browser. */
export interface FoundPending {
  readonly pendingId: string;
  readonly pendingHash: string;
  readonly pending: PendingAuthorization;
  readonly client: Client;
  /** Where the answer goes. Checked again, because the client may have changed since. */
  readonly redirect: ValidRedirect;
}

/** Opens a pending authorization. @param latest when it ends at the latest; default: in ten minutes. */
export async function openPending(
  as: AuthServer,
  client: Client,
  request: { readonly [K in keyof Request]: Request[K] | undefined },
  latest: number = Infinity,
): Promise<OpenedPending> {
  const [pendingId, browser] = [as.secrets.secret(as.place), as.secrets.secret()];
  const pendingHash = await as.secrets.recordId(pendingId);
  const pending: PendingAuthorization = {
    v: 1,
    clientId: client.id,
    ...(client.documentHost === undefined ? {} : { described: client }),
    ...(defined(request) as Defined<Request>),
    browserHash: await as.secrets.hash(browser),
    expiresAt: Math.min(as.now() + PENDING_TTL, latest),
  };
  await as.records.openPending(pendingHash, pending);
  return { pendingId, pendingHash, pending, cookie: setCookie(as, flowCookie(pendingHash), browser, PENDING_TTL) };
}

const MAX_BEGUN = 300;
const WINDOW: Seconds = 600;
/** Who has begun too many sign-ins, until when: known here, a flood writes nothing. */
const over = new WeakMap<Settings, Map<string, Seconds>>();
const MAX_OVER = 1000;

/**
 * Counts a sign-in that begins, beside the work that it begins with: one wait instead of two.
 *
 * @param who begins it: a network or a user. @param work may open a pending authorization, which is removed again if there were too many.
 * @throws {OAuthError} 429 if there were.
 */
export async function counted<T extends object>(as: AuthServer, who: string, work: () => Promise<T>): Promise<T> {
  const known = over.get(as.settings) ?? new Map<string, Seconds>();
  const left = (known.get(who) ?? 0) - as.now();
  if (left > 0 && left <= WINDOW) throw tooMany(left);
  const [wait, done] = await Promise.all([as.limit(`authorize\n${who}`, MAX_BEGUN, WINDOW, as.place), work()]);
  if (wait === null) return done;
  if (known.size >= MAX_OVER) known.clear();
  over.set(as.settings, known.set(who, as.now() + wait));
  const { pendingHash } = done as Partial<OpenedPending>;
  if (pendingHash) await as.records.takePending(pendingHash).catch(() => undefined); // else it ends in ten minutes, and its id was told to no one
  throw tooMany(wait);
}

function tooMany(wait: Seconds): OAuthError {
  return new OAuthError('temporarily_unavailable', 'authorize_limited', {
    status: 429,
    hint: `Too many sign-ins from this network. Try again in ${wait} seconds.`,
    headers: { 'retry-after': String(wait) },
  });
}

/**
 * Finds the pending authorization of a form or a callback; null if it is over, or its client was deleted.
 *
 * @param named the client that the form names, so that both records are read at the same time. It decides nothing.
 * @throws {OAuthError} if another browser began it, or the client's redirect URI is no longer registered.
 */
export async function findPending(
  { request, as }: Pick<Call, 'request' | 'as'>,
  pendingId: string,
  named?: string,
): Promise<FoundPending | null> {
  const hint = named !== undefined && isClientId(named) ? named : undefined;
  const pendingHash = await as.secrets.recordId(pendingId);
  const [pending, hinted] = await Promise.all([as.records.findPending(pendingHash), hint === undefined ? null : findClient(as, hint)]);
  if (!pending) return null;
  const client = pending.described ?? (hint === pending.clientId ? hinted : await findClient(as, pending.clientId));
  if (!client) return null;
  await checkBrowser({ request, as }, pendingHash, pending.browserHash);
  return { pendingId, pendingHash, pending, client, redirect: redirectOf(pending, client, as.settings.clientRegistration.redirectSchemes) };
}

/** The selected scopes that were requested, in the order of the request. */
export function approvedScope(pending: PendingAuthorization, selected: readonly string[]): readonly string[] {
  return pending.scope.filter((scope) => selected.includes(scope));
}

/** The organization that a choice is for; null for a user without any, `open` if it is still to be chosen. */
export function organizationOf({ organizations = [] }: SignedIn, chosen: string | undefined): Organization | null | 'open' {
  if (organizations.length === 0) return null;
  if (organizations.length === 1) return organizations[0] ?? null;
  return organizations.find(({ id }) => id === chosen) ?? 'open';
}

/** The scopes that this user may grant now; none if the look-up fails (its error is thrown). */
export async function grantableScope(
  { as, env }: Call,
  { userId, claims, permissions }: SignedIn,
  organization: Organization | null,
  scope: readonly string[],
  client?: Client,
): Promise<readonly string[]> {
  const { grantableScopes } = as.settings;
  if (grantableScopes === null) return scope;
  const may = organization?.permissions ?? permissions;
  const who = {
    userId,
    claims,
    ...(may ? { permissions: may } : {}),
    ...(organization ? { organization } : {}),
    ...(client ? { client: grantorClient(client) } : {}),
  };
  const given = new Set(as.settings.expandScopes(await grantableScopes(who, env as never))); // of a text, `includes` would take a part
  return scope.filter((one) => given.has(one));
}

function grantorClient({ id, name, documentHost, redirectUris, entered }: Client): GrantorClient {
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(documentHost === undefined ? {} : { documentHost }),
    redirectUris,
    ...(entered === undefined ? {} : { entered }),
  };
}

/** The redirect URI for the answer, which must still be valid. For a device it is a page of ours. @throws {OAuthError} */
export function redirectOf({ device, redirectUri }: PendingAuthorization, client: Client, schemes?: readonly string[]): ValidRedirect {
  return device ? (redirectUri as ValidRedirect) : findRedirect(client, redirectUri, schemes);
}

/** Adds an approval, and time for the upstream request. */
export function approvePending(pending: PendingAuthorization, approved: Approved, now: Seconds): PendingAuthorization {
  return { ...pending, approved, expiresAt: now + PENDING_TTL };
}

/** Checks that a form or a callback comes from the browser with the flow cookie. @throws {OAuthError} `access_denied` for any other. */
export async function checkBrowser(call: Pick<Call, 'request' | 'as'>, flow: string, browserHash: string): Promise<void> {
  const hash = await call.as.secrets.hash(cookieOf(call, flowCookie(flow)) ?? '');
  if (!equalTexts(hash, browserHash)) throw otherBrowser('another_browser');
}

/** The error for a form or a callback of another browser. */
export function otherBrowser(reason: string): OAuthError {
  return new OAuthError('access_denied', reason, {
    status: 403,
    hint: 'This page was opened in another browser, or the request came from another site. Go back to the app and start again.',
  });
}
