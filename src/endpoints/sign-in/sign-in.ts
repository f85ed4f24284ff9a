/**
 * Sign-in: runs a login, asks for a second factor if the user has one, and begins a session for the resulting identity.
 * The session gets a new id at every sign-in (no session fixation), and the old one ends.
 */
import { KNOWN_TTL, makeAttempts } from '../../core/attempts.ts';
import { type AuthServer, notify } from '../../core/auth-server.ts';
import type { Session } from '../../core/records/records.ts';
import type { KnownSession } from '../../core/users/sessions.ts';
import { isDisabled, isShutOut } from '../../core/users/removed-users.ts';
import { findUserId, makeLinkedLogins, userIdOf } from '../../core/users/identities.ts';
import type { HtmlValue } from '../../lib/html.ts';
import { agentOf, coarseNetwork } from '../../lib/http.ts';
import { checkPermissions, failureOf, type Organization, type Origin, type StoredOrigin } from '../../model/identity.ts';
import {
  type Authenticated,
  hostOf,
  identifierLogins,
  isForm,
  type Limited,
  type LoginServices,
  type Refused,
  type Renewal,
  type Step,
} from '../../model/login.ts';
import type { Accounts } from '../../model/account.ts';
import type { Waiter } from '../../model/runtime.ts';
import type { Params } from '../../model/params.ts';
import type { Json } from '../../model/store.ts';
import type { UpstreamRef } from '../../model/upstream.ts';
import { sayIn, sayRefused, type Words } from '../../words/words.ts';
import { type Call, type Endpoint } from '../endpoint.ts';
import { changed, cookieOf, setCookie } from './browser-context.ts';
import { hostSessionOf, link, originOf, sealLinked, sealOrigin, sessionOf, timeOfProof, upstreamAccountsOf } from './session.ts';
import { OAuthError } from '../../model/error.ts';

/** A signed-in user: by this request, or by an existing session. */
export interface SignedIn {
  readonly userId: string;
  readonly claims: Session['claims'];
  readonly permissions?: readonly string[];
  /** Upstream accounts that the next grant may use; from a session, still sealed. */
  readonly linked?: readonly UpstreamRef[];
  readonly upstreams?: string;
  readonly organizations?: readonly Organization[];
  /** The login used: from a session as it is stored, from a fresh sign-in as the login returned it. */
  readonly origin?: StoredOrigin;
  readonly came?: Origin;
  /** The hash that the session is stored under. */
  readonly hash: string;
  /** Set by a fresh sign-in. */
  readonly cookie?: string;
}

/** Why the sign-in failed, as a text for the page. */
export interface NotSignedIn {
  readonly problem: HtmlValue;
  readonly status: number;
  /** Name of the field that is wrong. */
  readonly wrong?: string | undefined;
  readonly retryAfter?: number;
}

/** The authentication so far, in a form that can be stored until the second factor. */
export type FirstProof = { readonly login: string; readonly proven: Authenticated };

/** Another page must be submitted before the user is signed in. */
export interface NextStep {
  /** Who asks: `login:` or `factor:`, and the id. */
  readonly asker: string;
  readonly step: Step;
  /** Set if the login is done and a second factor follows. */
  readonly first?: FirstProof;
  /** The identifier of a sign-in that began with one, so that the user can switch to another login. */
  readonly identifier?: string;
}

/** The services of the server that a login may use in this call. */
export function servicesOf(call: Call): LoginServices {
  const { as, network, env, words, after, cookies } = call;
  return {
    ...makeAttempts({
      as,
      network,
      browser: cookieOf(call, 'known'),
      remember: (secret) => void cookies.push(setCookie(as, 'known', secret, KNOWN_TTL)),
    }),
    issuer: as.settings.issuer,
    accounts: accountsFor(call),
    passkeys: as.passkeys,
    totps: as.totps,
    signIns: makeLinkedLogins(as),
    after,
    secret: () => as.secrets.secret(),
    now: () => as.now(),
    network,
    env,
    words,
    limit: as.limit,
    forgive: as.forgive,
    links: as.links,
    newId: () => as.secrets.id(),
    pageUrl: (page) => `${as.settings.origin}${as.settings.paths.login}/${page}`,
  };
}

/** The accounts; password hashing is queued by the network of this request. */
function accountsFor({ as: { accounts }, request, network }: Call): Accounts {
  const who = (): Waiter => ({ network, signal: request.signal });
  return {
    ...accounts,
    create: (account, id) => accounts.create(account, id, who()),
    checkPassword: (username, password, _who, tell, allowed) => accounts.checkPassword(username, password, who(), tell, allowed),
    setPassword: (id, password, ifStamp) => accounts.setPassword(id, password, ifStamp, who()),
  };
}

/** Runs the form login that was chosen (the first one if the form names none). */
export async function signIn(call: Call, form: Params): Promise<SignedIn | NextStep | NotSignedIn> {
  const wanted = form.optional('with') ?? form.optional('login');
  const logins = call.as.settings.logins.filter(isForm);
  const identifier = form.optional('identifier')?.trim();
  const shared = identifierLogins(logins);
  if (identifier !== undefined && form.optional('with') === undefined && shared[0]) {
    const login = shared.find((one) => one.identifier.accepts(identifier)) ?? shared[0];
    const step = await login.identifier.begin(identifier, servicesOf(call));
    return step.kind === 'step'
      ? { asker: `login:${login.id}`, step, identifier }
      : notSignedIn(call, login.id, step.kind === 'refused' ? { ...step, field: 'identifier' } : step);
  }
  const login = logins.find((one) => one.id === wanted) ?? logins[0];
  if (!login) return { problem: call.words.signIn.choose, status: 400 };
  const services = servicesOf(call);
  const noted: Promise<void>[] = [];
  const result = await login.prove((field) => form.optional(field) ?? '', {
    ...services,
    async succeeded(kind, account) {
      noted.push(services.succeeded(kind, account)); // written beside the session
      noted.at(-1)?.catch(() => undefined); // reported below
    },
  });
  if (result.kind === 'step') return { asker: `login:${login.id}`, step: result };
  const user = result.kind === 'proven' && (await admit(call, { login: login.id, proven: result }));
  await Promise.all(noted);
  return user || notSignedIn(call, login.id, result.kind === 'proven' ? { kind: 'refused', reason: 'credentials_changed' } : result);
}

/** Reports a failure to the operator, and returns the text for the page. */
export function notSignedIn({ as, network, words, cookies }: Call, login: string, result: Refused | Limited): NotSignedIn {
  cookies.length = 0; // a withdrawn proof must not mark the browser as known
  as.emit({ kind: 'login.failed', login, network, ...failureOf(result) });
  if (result.kind === 'refused') return { problem: sayRefused(result, words), status: 403, wrong: result.field };
  return { problem: words.signIn.limited(sayIn(result.retryAfter, words)), status: 429, retryAfter: result.retryAfter };
}

/**
 * Signs in the user whom a login has authenticated, or asks for the second factor. A disabled user gets a text of its own, since the login knows
 * who it is; null if the proof was withdrawn meanwhile.
 */
export async function admit(call: Call, { login, proven }: FirstProof): Promise<SignedIn | NextStep | NotSignedIn | null> {
  const { secondFactor: factor, logins } = call.as.settings;
  const isHere = logins.some((one) => one.id === login && isForm(one)); // a form on our own page was submitted just now
  const first: FirstProof = { login, proven: isHere ? { authenticatedAt: call.as.now(), ...proven } : proven };
  if (factor && !first.proven.multiFactor) {
    const step = await factor.ask(await userIdOf(call.as, first.proven.identity, first.proven.joinByEmail, login), servicesOf(call));
    if (step) return { asker: `factor:${factor.id}`, step, first };
  }
  return startSession(call, first);
}

/** Signs in the user of an identity, unless the user is disabled; null if the proof was withdrawn meanwhile. */
export async function startSession(call: Call, { login, proven }: FirstProof): Promise<SignedIn | NotSignedIn | null> {
  const { as } = call;
  for (const { permissions } of [proven, ...(proven.organizations ?? [])]) checkPermissions(`login "${login}"`, permissions);
  const old = await sessionOf(call);
  const userId = await userIdOf(as, proven.identity, proven.joinByEmail, login);
  const claims = { ...proven.identity.claims, sub: userId } as Session['claims'] & { readonly [claim: string]: Json };
  const linked = await link(call, userId, proven, old);
  const proof = {
    ...(hostOf(as.settings.logins)?.id === login ? { host: login } : {}),
    provenAt: timeOfProof(proven.authenticatedAt, as.now()),
  };
  const came: Origin = { login, ...(proven.standing === undefined ? {} : { standing: proven.standing }) };
  const user = await openSession(call, { userId, claims, ...rightsOf(proven), ...proof }, linked, came);
  if (old) await as.records.endSession(old.hash);
  if (await isWithdrawn(as, userId, proven)) {
    await as.records.endSession(user.hash);
    return (await isDisabled(as.store, userId)) ? notSignedIn(call, login, { kind: 'refused', reason: 'user_disabled', userId }) : null;
  }
  as.emit({ kind: 'login.succeeded', login, userId });
  if (as.settings.securityEmails && old?.userId !== userId) notePlace(call, userId);
  return user;
}

/** Tells the user of a sign-in from a new place: another network, or another browser there. */
function notePlace({ as, request, network, words }: Call, userId: string): void {
  const { browser = '?', system = '?' } = agentOf(request.headers.get('user-agent'));
  const once = `place\n${coarseNetwork(network)}\n${browser}\n${system}`;
  const notice = { userId, what: 'place', once, name: words.account.browserOn(browser, system), lang: words.lang } as const;
  notify(as, async () => (await import('../../core/users/security-mail.ts')).sendNotice(as, notice));
}

/** Whether the proof no longer counts: ways in are removed before sessions end, so that a sign-in in between finds its own gone (F-31). */
async function isWithdrawn(as: AuthServer, userId: string, { identity, stamp, passkey }: Authenticated): Promise<boolean> {
  if (passkey !== undefined && (await as.passkeys.find(passkey))?.userId !== userId) return true;
  if (stamp === undefined) return (await isShutOut(as.store, userId)) || (await findUserId(as, identity)) !== userId;
  const account = await as.accounts.find(userId);
  return account?.stamp !== stamp || account.disabled === true;
}

/**
 * The same sign-in under a new session id, after all sessions of the user were ended; its time stays. Null if the account
 * has been changed since by another request: then this session has ended with the others.
 */
export async function renewSession(call: Call, session: KnownSession, { stamp }: Renewal): Promise<SignedIn | null> {
  const { userId, claims, createdAt, expiresAt, hash, host, provenAt } = session;
  const proof = { ...(host === undefined ? {} : { host }), ...(provenAt === undefined ? {} : { provenAt }) };
  const { records, accounts } = call.as;
  const linked = (await upstreamAccountsOf(call, session)) ?? [];
  const came = await originOf(call, session);
  await records.endSession(hash);
  const user = await openSession(call, { userId, claims, ...rightsOf(session), ...proof }, linked, came, { createdAt, expiresAt });
  if ((await accounts.find(userId))?.stamp === stamp) return user;
  await records.endSession(user.hash);
  return null;
}

type Rights = Pick<Session, 'permissions' | 'organizations'>;
type Who = Pick<Session, 'userId' | 'claims' | 'host' | 'provenAt'> & Rights;

function rightsOf({ permissions, organizations }: Rights): Rights {
  return { ...(permissions ? { permissions } : {}), ...(organizations ? { organizations } : {}) };
}

async function openSession(
  call: Call,
  who: Who,
  linked: readonly UpstreamRef[],
  came: Origin | null,
  times?: Pick<Session, 'createdAt' | 'expiresAt'>,
): Promise<SignedIn> {
  const { as, request, network } = call;
  const token = as.secrets.secret(as.place);
  const hash = await as.secrets.recordId(token);
  const now = as.now();
  const { createdAt, expiresAt } = times ?? { createdAt: now, expiresAt: now + as.settings.sessionTtl };
  const seen = { seenAt: now, idleUntil: now + as.settings.sessionIdleTtl };
  const from = { agent: agentOf(request.headers.get('user-agent')), network: coarseNetwork(network) };
  const sealed = await sealLinked(call, token, hash, linked);
  const origin = came ? { origin: await sealOrigin(call, token, hash, came) } : {};
  await as.records.openSession(hash, { v: 1, ...who, ...sealed, ...origin, createdAt, expiresAt, ...seen, ...from });
  return { ...who, linked, ...(came ? { came } : {}), hash, cookie: setCookie(as, 'session', token, expiresAt - now) };
}

/** The name that pages show for a user. */
export function nameOf(claims: Session['claims'], words: Words): string {
  const name = claims['name'] ?? claims['preferred_username'] ?? claims['email'] ?? claims['sub'];
  return typeof name === 'string' ? name : words.signIn.yourAccount;
}

/** Wraps an endpoint: begins a session if the application has a user signed in. A form never changes who is signed in. */
export function autoSignIn(endpoint: Endpoint): Endpoint {
  return async (call) => {
    if (call.request.method !== 'GET' || (await sessionOf(call))) return endpoint(call);
    const begun = await begin(call);
    if (!begun) return endpoint(call);
    const answer = await endpoint(changed(call, { begun: begun.session }));
    if (begun.cookie !== undefined) answer.headers.append('set-cookie', begun.cookie);
    return answer;
  };
}

async function begin(call: Call): Promise<{ readonly session: NonNullable<Call['begun']>; readonly cookie: string | undefined } | null> {
  const found = await hostSessionOf(call);
  if (!found) return null;
  const user = await admit(call, found);
  if (user === null || 'step' in user || 'problem' in user) return null;
  const { hash, cookie } = user;
  const session = await call.as.records.findSession(hash);
  return session && { session: { ...session, hash }, cookie };
}

/**
 * Calls `prepare` of every login; one that is prepared does nothing.
 *
 * @throws {OAuthError} 503 if the configuration is wrong, such as a missing secret; the log says what to do, even without a listener
 *   for events.
 */
export async function prepareLogins(call: Call): Promise<void> {
  for (const login of call.as.settings.logins.filter(isForm)) {
    try {
      await login.prepare?.({ ...servicesOf(call), accounts: call.as.accounts }); // one object for all requests, so that it can be a cache key
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      console.error('portcullis: the sign-in pages answer 503.', cause.message);
      throw new OAuthError('temporarily_unavailable', 'login_misconfigured', { cause });
    }
  }
}
