/**
 * Client configuration endpoint (RFC 7592). A client reads, updates or deletes its registration with its registration access token. A wrong
 * token, another client's token and a deleted client get the same answer (SEC-084).
 */
import { parseMetadata } from '../../clients/metadata.ts';
import { changeClient, findAnyClient } from '../../core/records/clients.ts';
import { deleteClient } from '../../core/records/client-removal.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { defined } from '../../lib/json.ts';
import { CROSS_ORIGIN, json } from '../../lib/http.ts';
import { type Client, selfGrantTypes } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import type { Call } from '../endpoint.ts';
import { bearerOf, checkPolicy, informationOf, keyRulesOf, managementOf, readRegistration } from './register.ts';

/** GET, PUT and DELETE of the client configuration endpoint. */
export async function registration(call: Call): Promise<Response> {
  const { as, request } = call;
  const { client, token } = await managed(call);
  if (request.method === 'DELETE') {
    await deleteClient(as, client.id);
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
