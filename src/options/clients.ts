/**
 * The option `clients`: checked when the provider is made, or when its environment is first seen where it is a function.
 */
import { checkSecret, clientFrom, type ConfiguredClient } from '../model/client-spec.ts';
import type { SecretClient } from '../model/settings.ts';
import { fail } from './kinds.ts';

/** The clients by id. @throws {TypeError} naming what is wrong. */
export function clientsOf(given: readonly ConfiguredClient[]): ReadonlyMap<string, SecretClient> {
  if (!Array.isArray(given)) fail('clients', 'must be a list of clients, or a function of the environment that gives one');
  const clients = new Map<string, SecretClient>();
  for (const one of given as readonly ConfiguredClient[]) {
    if (typeof one?.id !== 'string') fail('clients', 'holds a client without an `id`; give each one a text');
    if (clients.has(one.id)) fail('clients', `holds ${JSON.stringify(one.id)} twice; give each client an id of its own`);
    const client = { ...clientFrom(one.id, one, 0), entered: true };
    checkSecret(one, client);
    clients.set(one.id, one.secret === undefined ? { client } : { client, secret: one.secret });
  }
  return clients;
}
