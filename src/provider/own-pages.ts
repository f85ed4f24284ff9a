/**
 * Own pages: consent and upstream redirect for an application that renders its pages itself. The pending authorization, the upstream state
 * and their cookies work as on our own pages: bound to the browser, posted from the same origin, used once.
 *
 *   beginConsent → your page → approveConsent | denyConsent → beginUpstream → upstream provider → finishUpstream → completeAuthorization
 */
import type { AuthServer } from '../core/auth-server.ts';
import { findUpstreamState, newState, openUpstreamState, stateIn, takeUpstreamState } from '../core/records/sign-in-flow.ts';
import { flowCookie, isFirstPartyStart, isSameOrigin, setCookie } from '../endpoints/sign-in/browser-context.ts';
import {
  approvedScope,
  counted,
  findPending,
  type FoundPending,
  type OpenedPending,
  openPending,
  otherBrowser,
} from '../endpoints/authorize/pending.ts';
import { checkNames } from '../lib/check-options.ts';
import { isLoopbackRedirect } from '../lib/url.ts';
import type { Client } from '../model/client.ts';
import { isOfHosts } from '../model/client-policy.ts';
import { OAuthError } from '../model/error.ts';
import { placeOf, withPlace } from '../model/token.ts';
import { findRedirect, redirectLabel } from '../model/redirect.ts';
import { resourceOf } from '../model/resource.ts';
import { requestedPart } from '../model/scope.ts';
import type { Json, Key } from '../model/store.ts';
import { type Approved, PENDING_TTL, type PendingAuthorization } from '../model/pending-authorization.ts';
import { authorizationErrorRedirect, type AuthRequest, onPage } from './auth-request.ts';
import { clientOfRequest, withClient } from './requests.ts';
import { checkAuthRequest, checkOptions, checkRequest, checkScope, checkText, checkUserId, refusePrefetch } from './own-arguments.ts';
import { has, readRecord, versioned } from '../model/record.ts';

/** What a consent page must show. All of it except hosts and scopes comes from the client: escape it. */
export interface ConsentDescription {
  readonly clientId: string;
  /** The name that the client registered; its id if it has no name. */
  readonly clientName: string;
  /** Host of the client's metadata document: the only verified fact about the client. */
  readonly clientDomain?: string;
  readonly clientUri?: string;
  /** The client's privacy policy and terms, http or https; name the host if you link to them. */
  readonly clientPolicyUri?: string;
  readonly clientTosUri?: string;
  /** True only for clients that the operator entered; all others chose their name themselves. */
  readonly clientIsKnown: boolean;
  /** Set if every host of the client is one of `clientPolicy.verifiedHosts`. */
  readonly clientIsVerified?: true;
  readonly redirectUri: string;
  readonly redirectHost: string;
  /** The client is a program on the user's computer. Show a warning: any program there can listen on its redirect URI. */
  readonly redirectIsLoopback: boolean;
  readonly resource: string;
  readonly scope: readonly {
    readonly name: string;
    readonly description?: string;
    readonly unlocks?: readonly string[];
    /** Do not select it in advance. */
    readonly sensitive?: boolean;
  }[];
}

/** Helpers for own pages. All throw {@link AuthorizationError} for a request of another browser, or one that has ended or was used before. */
export interface OwnPages {
  /** What the consent page must show for this request. */
  describeConsent(request: AuthRequest): Promise<ConsentDescription>;
  /** Opens a pending authorization. Put `handle` into the form, and send `headers` with the page: cookie, no framing, no caching. */
  beginConsent(request: AuthRequest): Promise<{ readonly handle: string; readonly headers: Headers }>;
  /**
   * Accepts the approval, once, and returns the request with the granted scopes.
   * @param options `scope`: the selected scopes, default all; unrequested ones are removed. `remember`: stores the consent for the user with this id.
   */
  approveConsent(
    request: Request,
    id: string,
    options?: { readonly scope?: readonly string[]; readonly remember?: { readonly subject: string } },
  ): Promise<{ readonly request: AuthRequest; readonly headers: Headers }>;
  /** Accepts the denial, once. `headers` include the `location`. */
  denyConsent(
    request: Request,
    id: string,
    options?: { readonly description?: string },
  ): Promise<{ readonly request: AuthRequest; readonly redirectTo: string; readonly headers: Headers }>;
  /** Whether the page may be skipped: if this signed-in user has a remembered consent and started the request. */
  isConsentRemembered(request: Request, authRequest: AuthRequest, who: { readonly subject: string }): Promise<boolean>;
  /** Deletes the remembered consents of a user: for one client, or all. */
  forgetConsents(userId: string, clientId?: string): Promise<void>;
  /** Begins an upstream redirect, after the approval only. Send `state` to the provider; `headers` bind it to this browser. */
  beginUpstream(
    request: AuthRequest,
    options?: { readonly data?: Json; readonly headers?: Headers },
  ): Promise<{ readonly state: string; readonly headers: Headers }>;
  /** Accepts the callback, once, and returns the request and `data` that were passed to `beginUpstream`. */
  finishUpstream<Data = Json>(request: Request): Promise<{ readonly request: AuthRequest; readonly data: Data; readonly headers: Headers }>;
}

/** The login id in an application's upstream states; no login can have this id. */
const OWN = 'own pages';

/** Makes the helpers. @param network of the browser, to count pending authorizations and fetches. */
export function makeOwnPages(as: AuthServer, network: string): OwnPages {
  const { records } = as;
  /** The client of a request, if the request is still valid. Its values may come from a form. */
  const check = async (request: AuthRequest): Promise<Client> => {
    checkAuthRequest('OAuthHelpers', request);
    const client = await clientOfRequest(as, request, network);
    findRedirect(client, request.redirectUri, as.settings.clientRegistration.redirectSchemes);
    if (!resourceOf(as.settings, request.resource)) throw new OAuthError('invalid_target', 'resource_unknown');
    return client;
  };
  const open = async (request: AuthRequest, approved?: Approved): Promise<OpenedPending & Pick<FoundPending, 'client'>> => {
    const client = await check(request);
    const opened = await counted(as, network, () =>
      openPending(as, client, {
        ...requestedPart(request),
        redirectUri: request.redirectUri,
        state: request.state || undefined,
        resource: request.resource,
        challenge: request.codeChallenge,
        jkt: request.dpopJkt,
        approved,
      }),
    );
    return { ...opened, client };
  };
  const requestOf = ({ clientId, redirectUri, state = '', resource, challenge, jkt, ...pending }: PendingAuthorization): AuthRequest => ({
    responseType: 'code', clientId, redirectUri, state, resource, ...requestedPart(pending),
    ...(jkt === undefined ? {} : { dpopJkt: jkt }),
    codeChallenge: challenge, codeChallengeMethod: 'S256', issuer: as.settings.issuer,
  }); // prettier-ignore
  /** Finds the pending authorization of a form that decides. */
  const find = async (request: Request, id: string): Promise<FoundPending & { readonly headers: Headers }> => {
    if (request.method !== 'POST') throw new OAuthError('invalid_request', 'method', { hint: 'A decision is sent by POST.' });
    if (!isSameOrigin({ request, as }, false)) throw otherBrowser('cross_site');
    const [pendingId = '', named] = /^([^.]*)\.(.*)$/.exec(id)?.slice(1) ?? [id];
    const found = await findPending({ request, as }, pendingId, named);
    if (!found || found.pending.approved) throw over();
    return { ...found, headers: answerHeaders(setCookie(as, flowCookie(found.pendingHash), '', 0)) };
  };
  return {
    describeConsent: (request) => onPage(async () => describe(as, await check(request), request)),
    beginConsent: (request) =>
      onPage(async () => {
        const { cookie, ...opened } = await open(request);
        const handle = `${opened.pendingId}.${opened.client.id}`; // the client is read beside the request
        const headers = answerHeaders(cookie);
        headers.set('content-security-policy', "frame-ancestors 'none'");
        headers.set('x-frame-options', 'DENY');
        headers.set('referrer-policy', 'same-origin');
        return { handle, headers };
      }),
    approveConsent: (request, id, options = {}) =>
      onPage(async () => {
        checkDecision('approveConsent', request, id, options);
        checkNames('approveConsent', options, 'scope remember');
        const { scope, remember } = options;
        if (scope !== undefined) checkScope('approveConsent', scope);
        if (remember !== undefined) {
          checkOptions('approveConsent', 'remember', remember, '{ subject } with the id of the user, or left out');
          checkNames('approveConsent: remember', remember, 'subject');
          checkUserId('approveConsent', 'remember.subject', remember.subject);
        }
        const { pending, pendingHash, client, headers } = await find(request, id);
        const required = resourceOf(as.settings, pending.resource)?.requiredScopes ?? []; // without them every call is rejected
        const granted = scope ? approvedScope(pending, [...scope, ...required]) : pending.scope;
        const approved = withClient(as, { ...requestOf(pending), scope: granted }, client);
        // The browser of the page has said yes; the note is only about that, and who takes the request first has it.
        const [isFirst] = await Promise.all([records.takePending(pendingHash), noteApproved(as, approved)]);
        if (!isFirst) throw over();
        if (remember)
          await as.consents.keep({ ...pending, client, userId: remember.subject }, { asked: pending.scope, granted, remember: true });
        return { request: approved, headers };
      }),
    denyConsent: (request, id, options = {}) =>
      onPage(async () => {
        checkDecision('denyConsent', request, id, options);
        checkNames('denyConsent', options, 'description');
        const { description = 'The user denied the request.' } = options;
        const { pending, pendingHash, client, headers } = await find(request, id);
        if (!(await records.takePending(pendingHash))) throw over();
        as.emit({ kind: 'consent.denied', clientId: client.id });
        const redirectTo = authorizationErrorRedirect(requestOf(pending), 'access_denied', description);
        headers.set('location', redirectTo);
        return { request: requestOf(pending), redirectTo, headers };
      }),
    isConsentRemembered: (request, given, who) =>
      onPage(async () => {
        checkRequest('isConsentRemembered', request);
        checkAuthRequest('isConsentRemembered', given);
        checkOptions('isConsentRemembered', 'who', who, '{ subject } with the id of the user who is signed in');
        checkNames('isConsentRemembered', who, 'subject');
        checkUserId('isConsentRemembered', 'subject', who.subject);
        const [{ prompt = [], ...asked }, { subject }] = [given, who];
        const client = await check(asked);
        if (isLoopbackRedirect(asked.redirectUri) || !isFirstPartyStart(request, client) || prompt.some((one) => one !== 'none'))
          return false;
        const entries = await as.consents.find({ ...asked, userId: subject, client });
        const remembered = entries.find(({ organization }) => organization === undefined)?.remembered ?? [];
        const covers = asked.scope.length > 0 && asked.scope.every((one) => remembered.includes(one));
        if (covers) await noteApproved(as, asked);
        return covers;
      }),
    async forgetConsents(userId, clientId) {
      checkUserId('forgetConsents', 'userId', userId);
      if (clientId === undefined) return as.consents.forgetAll(userId);
      checkText('forgetConsents', 'clientId', clientId, 'the id of a client, or left out for all');
      return as.consents.forget(userId, clientId);
    },
    beginUpstream: (request, options = {}) =>
      onPage(async () => {
        checkOptions('beginUpstream', 'options', options, 'an object with `data` and `headers`, or left out');
        checkNames('beginUpstream', options, 'data headers');
        const { data = null, headers } = options;
        const client = await check(request);
        if (client.entered !== true && !(await isApproved(as, request)))
          throw new TypeError(
            'beginUpstream: no one has approved this request. Ask with `beginConsent`, and pass the request that `approveConsent` gave.',
          );
        const { state, hash } = await newState(as);
        const { pendingId, pendingHash, pending, cookie } = await open(request, { scope: request.scope, stateHash: hash });
        const { browserHash, expiresAt } = pending;
        await openUpstreamState(as, { state, hash }, { login: OWN, pendingHash, browserHash, expiresAt }, { pendingId, data });
        return { state, headers: answerHeaders(cookie, headers) };
      }),
    finishUpstream: <Data>(request: Request) =>
      onPage(async () => {
        checkRequest('finishUpstream', request);
        refusePrefetch(request);
        const state = stateIn(request.url);
        const found = state === null ? null : await findUpstreamState<{ readonly pendingId: string; readonly data: Data }>(as, state);
        const waiting = found?.record.login === OWN ? await findPending({ request, as }, found.kept.pendingId) : null;
        if (!found || !waiting || waiting.pending.approved?.stateHash !== found.hash) throw over();
        const { pending, pendingHash } = waiting;
        if (!(await takeUpstreamState(as, found.hash)) || !(await records.takePending(pendingHash))) throw over();
        const headers = answerHeaders(setCookie(as, flowCookie(pendingHash), '', 0));
        return { request: requestOf(pending), data: found.kept.data, headers };
      }),
  };
}

function checkDecision(verb: string, request: unknown, id: unknown, options: unknown): void {
  checkRequest(verb, request);
  checkText(verb, 'handle', id, 'the `handle` that `beginConsent` gave, as the form sent it');
  checkOptions(verb, 'options', options, 'an object, or left out');
}

function describe({ settings }: AuthServer, client: Client, request: AuthRequest): ConsentDescription {
  return {
    clientId: client.id,
    clientName: client.name ?? client.id,
    ...(client.documentHost === undefined ? {} : { clientDomain: client.documentHost }),
    ...(client.uri === undefined ? {} : { clientUri: client.uri }),
    ...(client.policyUri === undefined ? {} : { clientPolicyUri: client.policyUri }),
    ...(client.tosUri === undefined ? {} : { clientTosUri: client.tosUri }),
    clientIsKnown: client.entered === true,
    ...(isOfHosts(client, settings.clientPolicy?.verifiedHosts ?? []) ? { clientIsVerified: true as const } : {}),
    redirectUri: request.redirectUri,
    redirectHost: redirectLabel(request.redirectUri),
    redirectIsLoopback: isLoopbackRedirect(request.redirectUri),
    resource: request.resource,
    scope: request.scope.map((name) => settings.scopesSupported.find((one) => one.name === name) ?? { name }),
  };
}

function answerHeaders(cookie: string, given?: Headers): Headers {
  const headers = new Headers(given);
  headers.set('cache-control', 'no-store, private');
  headers.append('set-cookie', cookie);
  return headers;
}

function over(): OAuthError {
  return new OAuthError('invalid_request', 'request_over', {
    hint: 'This request is no longer open: it was answered already, or it waited too long. Go back to the app and start again.',
  });
}

/** Stores an approval, or a remembered consent. */
async function noteApproved(as: AuthServer, request: AuthRequest): Promise<void> {
  await as.store.write(await keyOf(as, request), { v: 1, approved: true }, 'any', { until: as.now() + PENDING_TTL });
}

/** Whether this request was approved within the last minutes. */
async function isApproved(as: AuthServer, request: AuthRequest): Promise<boolean> {
  return (await readRecord(as.store, await keyOf(as, request), isNote)) !== null;
}

async function keyOf({ secrets }: AuthServer, request: AuthRequest): Promise<Key> {
  const { clientId, redirectUri, state, scope, resource, codeChallenge, dpopJkt = '' } = request;
  const hash = await secrets.hash(`approved\n${JSON.stringify([clientId, redirectUri, state, scope, resource, codeChallenge, dpopJkt])}`);
  return `approved:${withPlace(hash, clientId.includes('/') ? null : placeOf(clientId))}`; // near its client, as both requests name it
}

const isNote = (value: unknown): value is object => versioned(value) && has(value, 'approved');
