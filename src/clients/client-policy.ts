/**
 * Enforces the client policy: whether a client may be granted anything now. Without the option `clientPolicy` nothing is read.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { findClientStatus } from '../core/records/client-status.ts';
import type { Client } from '../model/client.ts';
import { clientProblem, type ClientProblem, isDeniedId } from '../model/client-policy.ts';
import { OAuthError } from '../model/error.ts';

/**
 * Refuses the id of a client that is blocked or whose document is on a denied host: before anything of it is fetched.
 *
 * @throws {OAuthError} `unauthorized_client`.
 */
export async function checkClientId(as: AuthServer, id: string): Promise<void> {
  const { clientPolicy } = as.settings;
  if (clientPolicy === null) return;
  if (isDeniedId(clientPolicy, id)) throw refused('client_host_denied');
  if ((await findClientStatus(as, id))?.status === 'blocked') throw refused('client_blocked');
}

/** Why a client may not be granted anything now; null if it may. */
export async function problemOf(as: AuthServer, client: Client): Promise<ClientProblem | null> {
  const { clientPolicy } = as.settings;
  if (clientPolicy === null) return null;
  return clientProblem(clientPolicy, client, (await findClientStatus(as, client.id))?.status ?? null);
}

/** Refuses a client that may not be granted anything. @param mayWait whether its user is shown that it waits for approval. @throws {OAuthError} */
export async function checkClient(as: AuthServer, client: Client, mayWait = false): Promise<void> {
  const problem = await problemOf(as, client);
  if (problem !== null && !(mayWait && problem === 'client_waiting')) throw refused(problem);
}

function refused(problem: ClientProblem): OAuthError {
  const hint =
    problem === 'client_waiting'
      ? 'This app has to be approved by an administrator of this server first.'
      : 'This server does not allow this app. Ask its administrator.';
  return new OAuthError('unauthorized_client', problem, { hint });
}
