/**
 * Consent page: built from the pending authorization, the client's metadata, and what the user may grant now (`pending.ts`).
 */
import type { AuthServer } from '../../core/auth-server.ts';
import type { Consented } from '../../core/records/consents.ts';
import { keepPushedRequest } from '../../core/records/one-time.ts';
import { isLoopbackRedirect, parseUrl } from '../../lib/url.ts';
import { isOfHosts } from '../../model/client-policy.ts';
import type { Client } from '../../model/client.ts';
import { isForm, isRedirect } from '../../model/login.ts';
import { PENDING_TTL, type PendingAuthorization } from '../../model/pending-authorization.ts';
import { redirectLabel } from '../../model/redirect.ts';
import { resourceOf } from '../../model/resource.ts';
import { OFFLINE_ACCESS } from '../../model/scope.ts';
import type { Settings } from '../../model/settings.ts';
import { approvePage, type ScopeView } from '../../pages/approve.ts';
import type { ClientView } from '../../pages/client.ts';
import type { AccountView } from '../../pages/sign-in.ts';
import { sayFor, type Words } from '../../words/words.ts';
import type { Call } from '../endpoint.ts';
import { hasLinks, linksFor, loginViews, noLoginPage } from '../sign-in/pages.ts';
import { nameOf, type NotSignedIn, type SignedIn } from '../sign-in/sign-in.ts';
import { accountMark } from '../sign-in/session.ts';
import { type FoundPending, grantableScope, organizationOf } from './pending.ts';

/** The input of the page, on the first and on later showings. */
export interface Consent extends Pick<FoundPending, 'pendingId' | 'pending' | 'client'> {
  readonly session: SignedIn | null;
  /** What this user allowed this client before, if it was read. */
  readonly consented?: readonly Consented[] | undefined;
  /** The scopes selected and the fields entered before; on the first showing all scopes that are not sensitive, and empty fields. */
  readonly ticked?: readonly string[];
  readonly remember?: boolean;
  readonly organization?: string | undefined;
  readonly typed?: { readonly [field: string]: string };
  readonly problem?: NotSignedIn | undefined;
}

/** The page. */
export async function consentPage(
  call: Call,
  { pending, pendingId, client, session, consented, ticked, remember, organization, typed = hinted(pending), problem }: Consent,
): Promise<Response> {
  const { as, words } = call;
  const { settings } = as;
  if (session === null && !settings.logins.some((one) => isForm(one) || isRedirect(one))) return noLoginPage(call);
  const redirectHost = redirectLabel(pending.redirectUri);
  const resource = resourceOf(settings, pending.resource);
  const acting = session && organizationOf(session, organization);
  const mayGive = session && acting !== 'open' ? await grantableScope(call, session, acting, pending.scope, client) : pending.scope;
  const before = session && (await allowedBefore(as, { pending, client, session, consented }));
  const had = settings.expandScopes(before?.scope ?? []);
  const isNew = (name: string): boolean => !had.includes(name);
  const stepUp = pending.scope.some(isNew);
  return approvePage({
    action: settings.paths.approve,
    pendingId,
    client: clientView(client, call),
    redirectUri: pending.redirectUri,
    redirectHost,
    ...(pending.device ? { deviceCode: pending.device.userCode } : {}),
    redirectIsLoopback: isLoopbackRedirect(pending.redirectUri),
    resourceName: resource?.name ?? settings.name,
    scopes: pending.scope.map((name) => ({
      ...scopeView(settings, words, name),
      required: resource?.requiredScopes.includes(name) ?? false,
      ...(ticked ? { checked: ticked.includes(name) } : {}),
      allowed: stepUp && !isNew(name),
      unavailable: !mayGive.includes(name),
    })),
    remember: mayRemember(pending) ? (remember ?? (before ? isRemembered(pending, before) : false)) : undefined,
    account: session && (await accountView(call, session)),
    organizations:
      session?.organizations && session.organizations.length > 1
        ? session.organizations.map(({ id, name }) => ({ id, name, checked: id === organization }))
        : [],
    logins: loginViews(settings.logins, typed, words),
    links: hasLinks(settings) ? linksFor(settings, words, await requestUrl(as, pending, client)) : [],
    sites: settings.logins.filter(isRedirect),
    order: settings.logins.map(({ id }) => id),
    login: typed['login'],
    lifetime: lifetimeText(settings, client, words),
    error: problem?.problem,
    wrong: problem?.wrong,
    retryAfter: problem?.retryAfter,
    ...(problem ? { status: problem.status } : {}),
    brand: settings.brand,
    words,
  });
}

/** The fields of our own logins, prefilled from `login_hint`. */
function hinted({ hint = '' }: PendingAuthorization): { readonly [field: string]: string } {
  return { username: hint, email: hint.includes('@') ? hint : '', identifier: hint };
}

/** What this user granted this client before, if that is unambiguous. */
async function allowedBefore(
  as: AuthServer,
  { pending, client, session, consented }: Pick<Consent, 'pending' | 'client' | 'consented'> & { readonly session: SignedIn },
): Promise<Consented | null> {
  const acting = organizationOf(session, undefined);
  if (acting === 'open') return null;
  const entries = consented ?? (await as.consents.find({ ...pending, userId: session.userId, client }));
  return entries.find(({ organization }) => organization === acting?.id) ?? null;
}

/** Not for a program on this computer, and not for a device: any program or person can have started its request. */
function mayRemember({ redirectUri, device }: PendingAuthorization): boolean {
  return device === undefined && !isLoopbackRedirect(redirectUri);
}

function isRemembered({ scope }: PendingAuthorization, { remembered }: Consented): boolean {
  return scope.length > 0 && scope.every((one) => remembered.includes(one));
}

/** The client's metadata, and who vouches for it. */
export function clientView(client: Client, { as, words }: Call): ClientView {
  const { id, name, names = {}, uri, policyUri, tosUri, documentHost: host, entered } = client;
  const lang = words.lang.toLowerCase();
  return {
    id,
    name: names[lang] ?? names[lang.split('-', 1)[0] ?? ''] ?? name,
    uri,
    host,
    policyUri: httpsOnly(policyUri),
    tosUri: httpsOnly(tosUri),
    logo:
      as.fetchImage !== null && client.logoUri !== undefined
        ? `${as.settings.paths.authorize}/logo?${new URLSearchParams({ client_id: id })}`
        : undefined,
    selfDescribed: entered !== true,
    verifiedBy: isOfHosts(client, as.settings.clientPolicy?.verifiedHosts ?? []) ? as.settings.name : undefined,
  };
}

function httpsOnly(url: string | undefined): string | undefined {
  return parseUrl(url ?? '')?.protocol === 'https:' ? url : undefined;
}

/** A scope in words. */
export function scopeView(
  { scopesSupported }: Settings,
  words: Words,
  name: string,
): Pick<ScopeView, 'name' | 'description' | 'unlocks' | 'checked'> {
  const { description, unlocks, sensitive = false } = scopesSupported.find((scope) => scope.name === name) ?? {};
  return { name, description: words.scopes[name] ?? description, unlocks, checked: !sensitive };
}

/** Who is signed in. */
export async function accountView({ as, words }: Call, user: SignedIn): Promise<AccountView> {
  const { claims, organizations = [] } = user;
  const email = typeof claims['email'] === 'string' ? claims['email'] : undefined;
  const detail = [email, organizations.length === 1 ? organizations[0]?.name : ''].filter(Boolean).join(' · ');
  return { name: nameOf(claims, words), detail: detail === '' ? undefined : detail, mark: await accountMark(as, user) };
}

/** What an authorization request asked for. */
type Asked = Pick<PendingAuthorization, 'clientId' | 'redirectUri' | 'resource' | 'challenge' | 'scope' | 'offline' | 'device'> & {
  readonly state?: string | undefined;
  readonly jkt?: string | undefined;
};

/** The URL of the same request, so that a user who leaves the page to sign up can return to it. */
export async function requestUrl(
  as: AuthServer,
  pending: Asked,
  client: Client,
  isPushed: boolean = as.settings.requirePushedAuthorizationRequests || client.pushedOnly === true,
): Promise<string> {
  if (pending.device) return as.settings.paths.device;
  const { clientId, redirectUri, state, resource, challenge, jkt } = pending;
  const scope = pending.offline ? [...pending.scope, OFFLINE_ACCESS] : pending.scope;
  const { settings } = as;
  const query = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, resource });
  if (scope.length > 0) query.set('scope', scope.join(' '));
  if (state !== undefined) query.set('state', state);
  query.set('code_challenge', challenge);
  query.set('code_challenge_method', 'S256');
  if (jkt !== undefined) query.set('dpop_jkt', jkt);
  if (!isPushed) return `${settings.paths.authorize}?${query}`;
  const uri = await keepPushedRequest(as, clientId, new Map([...query].map(([name, value]) => [name, [value]])), PENDING_TTL);
  return `${settings.paths.authorize}?${new URLSearchParams({ client_id: clientId, request_uri: uri })}`;
}

function lifetimeText({ accessTokenTTL, refreshTokenIdleTTL }: Settings, { grantTypes }: Client, words: Words): string {
  const isRefreshed = refreshTokenIdleTTL > 0 && grantTypes.includes('refresh_token');
  return isRefreshed
    ? words.approve.lastsUnused(sayFor(refreshTokenIdleTTL, words))
    : words.approve.lastsFor(sayFor(accessTokenTTL, words));
}
