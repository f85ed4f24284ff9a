/**
 * Dynamic client registration (RFC 7591) and its management (RFC 7592). The metadata is untrusted; the client gets an id and, if it asks for one, a
 * secret that is returned only once. It reads, updates or deletes its registration with its registration access token. A wrong token, another client's
 * token and a deleted client get the same answer (SEC-084).
 */
import { type KeyRules, parseMetadata } from '../../clients/metadata.ts';
import type { AuthServer } from '../../core/auth-server.ts';
import { addClient, changeClient, findAnyClient, keyOf } from '../../core/records/clients.ts';
import { type QuotaRead, readQuota, takeOldestSlot, takeSlot } from '../../core/records/client-quota.ts';
import { lazy } from '../../lib/async.ts';
import { CROSS_ORIGIN, json, mediaType, networkAround } from '../../lib/http.ts';
import { type Client, selfGrantTypes } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import { isUsableScheme } from '../../model/redirect.ts';
import type { RegisteredMetadata } from '../../model/settings.ts';
import type { Seconds } from '../../model/store.ts';
import { bodyError, bodyOf, type Call } from '../endpoint.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { defined } from '../../lib/json.ts';

const isInvitation = lazy(async () => (await import('../../core/records/one-time.ts')).isInvitation);
const REGISTRATIONS = 60;
/** Limit for an IPv6 /48 as a whole. */
const REGISTRATIONS_NEARBY = 120;
const WINDOW = 600;
/** How long a registration waits for its first consent. */
const UNUSED_TTL: Seconds = 86_400;

/** POST of the registration endpoint. */
export async function register(call: Call): Promise<Response> {
  const { as, network } = call;
  const { needsInitialAccessToken } = as.settings.clientRegistration;
  const invitation = needsInitialAccessToken ? await invitationOf(call) : null;
  const text = await readRegistration(call);
  const metadata = parseMetadata(text, selfGrantTypes(as.settings), keyRulesOf(as));
  await checkPolicy(as, metadata, call.request);
  const [wait, quota] = await Promise.all([limited(as, network), readQuota(as)]);
  if (wait !== null)
    throw new OAuthError('temporarily_unavailable', 'register_limited', { status: 429, headers: { 'retry-after': String(wait) } });
  const secret = metadata.authMethod.startsWith('client_secret') ? as.secrets.secret() : null;
  const [token, createdAt] = [as.secrets.secret(), as.now()];
  const client: Client = {
    ...metadata,
    id: as.secrets.id(as.place),
    createdAt,
    unused: true,
    expiresAt: createdAt + Math.min(UNUSED_TTL, as.settings.clientRegistrationTTL),
    managementHash: await as.secrets.hash(token),
    ...(secret === null ? {} : { secretHash: await as.secrets.hash(secret) }),
  };
  const isAdded = await add(as, client, { quota, invitation });
  if (isAdded === null) throw uninvited('register_token_used');
  if (!isAdded) throw new Error('A random client id was met twice.');
  as.emit({ kind: 'client.registered', clientId: client.id });
  return json({ ...informationOf(as, client, secret), ...managementOf(as, client.id, token) }, 201, CROSS_ORIGIN);
}

/** The seconds to wait if a network registers too much, else null. */
async function limited(as: AuthServer, network: string): Promise<Seconds | null> {
  const nearby = networkAround(network);
  return (
    (await as.limit(`register\n${network}`, REGISTRATIONS, WINDOW, as.place)) ??
    (nearby === null ? null : as.limit(`register nearby\n${nearby}`, REGISTRATIONS_NEARBY, WINDOW, as.place))
  );
}

/**
 * Takes a slot and stores the client: at the same time where there are plenty of slots and nothing else to use up. The answer is
 * sent only when both are done. @returns null if the invitation was used meanwhile.
 */
async function add(
  as: AuthServer,
  client: Client,
  { quota, invitation }: { readonly quota: QuotaRead; readonly invitation: string | null },
): Promise<boolean | null> {
  if (quota.isPlenty && invitation === null) {
    const [slot, added] = await Promise.allSettled([takeSlot(as, quota), addClient(as, client)]);
    if (added.status === 'rejected') throw added.reason;
    if (slot.status === 'fulfilled' && slot.value) return added.value;
    await as.store.remove(keyOf(client.id)); // else it ends by itself: it is never used
    if (slot.status === 'rejected') throw slot.reason;
  }
  if (!(await takeSlot(as, quota)) && !(await takeOldestSlot(as)))
    throw new OAuthError('temporarily_unavailable', 'register_full', { headers: { 'retry-after': '3600' } });
  if (invitation === null) return addClient(as, client);
  return (await import('../../core/records/one-time.ts')).withInvitation(as, invitation, () => addClient(as, client));
}

/** Calls the operator's policy for new and changed registrations. @throws {OAuthError} unless it returns true. */
async function checkPolicy(as: AuthServer, metadata: RegisteredMetadata, request: Request): Promise<void> {
  if (as.settings.clientPolicy !== null) await (await import('../../clients/client-policy.ts')).checkRegistration(as, metadata);
  const { policy } = as.settings.clientRegistration;
  if (policy !== null && (await policy(metadata, request)) !== true)
    throw new OAuthError('invalid_client_metadata', 'register_policy', { hint: 'This server does not take such clients.' });
}

/** The body of a registration. @throws {OAuthError} `invalid_client_metadata` for another media type, or a body that is not UTF-8. */
export async function readRegistration({ request }: Call): Promise<string> {
  if (mediaType(request) !== 'application/json') {
    throw new OAuthError('invalid_client_metadata', 'media_type', { hint: 'Send the registration as application/json.' });
  }
  const body = await bodyOf(request);
  if ('problem' in body) throw body.problem === 'malformed' ? notUtf8() : bodyError(body.problem);
  return body.text;
}

/** The bearer token of a request, if it may be one of ours. */
function bearerOf(request: Request): string | null {
  return /^bearer +([\w-]{43})$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? null;
}

/** Where a client manages its registration, and with what (RFC 7592 §3). */
function managementOf({ settings: { origin, paths } }: AuthServer, id: string, token: string): Record<string, string> {
  return { registration_client_uri: `${origin}${paths.register}/client?client_id=${id}`, registration_access_token: token };
}

async function invitationOf({ as, request }: Call): Promise<string> {
  const token = bearerOf(request);
  if (token === null) throw uninvited(request.headers.has('authorization') ? 'register_token_malformed' : 'register_token_missing');
  if (!(await isInvitation(as, token))) throw uninvited('register_token_unknown');
  return token;
}

function uninvited(reason: string): OAuthError {
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
  return new OAuthError('invalid_token', reason, {
    hint: 'Registration needs an initial access token that was not used yet.',
    headers,
  });
}

function notUtf8(): OAuthError {
  return new OAuthError('invalid_client_metadata', 'body_malformed', { hint: 'The body is not well-formed UTF-8.' });
}

/** What a registration may name here. */
function keyRulesOf({ fetchKeys, isLoopback, settings }: AuthServer): KeyRules {
  return { canFetch: fetchKeys !== null, isLoopback, redirectSchemes: settings.clientRegistration.redirectSchemes };
}

/**
 * All registered values (RFC 7591 §3.2.1), without redirect URIs that cannot be used here. The secret has no end of its own: 0. What was
 * not registered is undefined, which JSON leaves out.
 */
function informationOf({ settings }: AuthServer, client: Client, secret: string | null): Record<string, unknown> {
  const { redirectSchemes } = settings.clientRegistration;
  return {
    client_id: client.id,
    client_id_issued_at: client.createdAt,
    ...(secret === null ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    client_name: client.name,
    ...Object.fromEntries(Object.entries(client.names ?? {}).map(([language, name]) => [`client_name#${language}`, name])),
    client_uri: client.uri,
    logo_uri: client.logoUri,
    policy_uri: client.policyUri,
    tos_uri: client.tosUri,
    ...client.links,
    contacts: client.contacts,
    scope: client.scope?.join(' '),
    jwks: client.jwks,
    jwks_uri: client.jwksUri,
    ...(client.dpopBound ? { dpop_bound_access_tokens: true } : {}),
    ...(client.pushedOnly ? { require_pushed_authorization_requests: true } : {}),
    redirect_uris: client.redirectUris.filter((uri) => /^https?:/.test(uri) || isUsableScheme(uri, redirectSchemes)),
    application_type: client.applicationType,
    grant_types: client.grantTypes,
    response_types: client.grantTypes.includes('authorization_code') ? ['code'] : [],
    token_endpoint_auth_method: client.authMethod,
  };
}

/** GET, PUT and DELETE of the client configuration endpoint. */
export async function registration(call: Call): Promise<Response> {
  const { as, request } = call;
  const { client, token } = await managed(call);
  if (request.method === 'DELETE') {
    await (await import('../../core/records/clients.ts')).deleteClient(as, client.id);
    return new Response(null, { status: 204, headers: { ...CROSS_ORIGIN, 'cache-control': 'no-store' } });
  }
  const current = request.method === 'PUT' ? await replace(call, client) : client;
  return json({ ...informationOf(as, current, null), ...managementOf(as, client.id, token) }, 200, CROSS_ORIGIN);
}

/** The client that the token belongs to. A client that is being deleted may only be deleted again. */
async function managed(call: Call): Promise<{ client: Client; token: string }> {
  const token = bearerOf(call.request);
  const id = call.url.searchParams.get('client_id') ?? '';
  const found = token === null || !/^[\w-]{22}$/.test(id) ? null : await findAnyClient(call.as, id);
  const hash = await call.as.secrets.hash(token ?? '');
  if (token === null) throw foreign('registration_token_missing');
  if (!found) throw foreign('registration_client_unknown');
  if (found.client.managementHash === undefined) throw foreign('registration_not_its_own');
  if (!equalTexts(found.client.managementHash, hash)) throw foreign('registration_token_wrong');
  if (found.isDeleted && call.request.method !== 'DELETE') throw foreign('registration_deleted');
  return { client: found.client, token };
}

/** Replaces everything except what only the server sets: id, secret, times (RFC 7592 §2.2). */
async function replace(call: Call, { id, authMethod, methodChosen }: Client): Promise<Client> {
  const { as } = call;
  const text = await readRegistration(call);
  const metadata = parseMetadata(text, selfGrantTypes(as.settings), keyRulesOf(as));
  const { client_id: named } = JSON.parse(text) as { client_id?: unknown }; // parseMetadata let it pass: it is an object
  const bothSecret = [metadata.authMethod, authMethod].every((method) => method.startsWith('client_secret'));
  const mayChoose = bothSecret && !(methodChosen && metadata.methodChosen);
  if (named !== id || (metadata.authMethod !== authMethod && !mayChoose))
    throw new OAuthError('invalid_client_metadata', named === id ? 'registration_method_differs' : 'registration_id_differs', {
      hint: 'client_id and token_endpoint_auth_method must stay as they are.',
    });
  await checkPolicy(as, metadata, call.request);
  if (as.settings.clientPolicy !== null) await (await import('../../clients/client-policy.ts')).forgetIfChanged(as, id, metadata);
  const changed = await changeClient(as, id, ({ createdAt, expiresAt, unused, secretHash, formerSecret, managementHash }) => ({
    ...metadata,
    id,
    createdAt,
    ...defined({ expiresAt, unused, secretHash, formerSecret, managementHash }),
  }));
  if (!changed) throw foreign('registration_deleted');
  as.emit({ kind: 'client.updated', clientId: id });
  return changed;
}

function foreign(reason: string): OAuthError {
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
  return new OAuthError('invalid_token', reason, {
    hint: 'The registration access token is not valid for this client.',
    headers,
  });
}
