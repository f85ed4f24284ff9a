/**
 * Enforces the client policy: whether a client may be granted anything now. Without the option `clientPolicy` nothing is read.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { findClientStatus, newClientsOf } from '../core/records/client-status.ts';
import { type Client, isDeniedId } from '../model/client.ts';
import { clientProblem, type ClientProblem, statusOf } from '../model/client-policy.ts';
import { OAuthError } from '../model/error.ts';

export { forgetIfChanged } from '../core/records/client-status.ts';

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
  const status = statusOf(await findClientStatus(as, client.id), client);
  const problem = clientProblem({ ...clientPolicy, newClients: 'refuse' }, client, status);
  if (problem !== 'client_not_allowed') return problem; // what is said of new clients does not matter
  return clientProblem({ ...clientPolicy, newClients: await newClientsOf(as, clientPolicy) }, client, status);
}

/** Refuses a client that may not be granted anything. @param mayWait whether its user is shown that it waits for approval. @throws {OAuthError} */
export async function checkClient(as: AuthServer, client: Client, mayWait = false): Promise<void> {
  const problem = await problemOf(as, client);
  if (problem !== null && !(mayWait && problem === 'client_waiting')) throw refused(problem);
}

/** Refuses the registration of a client that could never be connected. @throws {OAuthError} `invalid_client_metadata`. */
export async function checkRegistration(as: AuthServer, metadata: Pick<Client, 'redirectUris' | 'grantTypes'>): Promise<void> {
  const { clientPolicy } = as.settings;
  if (clientPolicy === null) return;
  const client = { ...metadata, id: '' } as Client;
  const problem = clientProblem({ ...clientPolicy, newClients: await newClientsOf(as, clientPolicy) }, client, null);
  if (problem !== null && problem !== 'client_waiting')
    throw new OAuthError('invalid_client_metadata', problem, { hint: 'This server does not take such clients.' });
}

function refused(problem: ClientProblem): OAuthError {
  const hint =
    problem === 'client_waiting'
      ? 'This app has to be approved by an administrator of this server first.'
      : 'This server does not allow this app. Ask its administrator.';
  return new OAuthError('unauthorized_client', problem, { hint });
}
