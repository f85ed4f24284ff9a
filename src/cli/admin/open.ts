/** Chooses what a command works on, from its flags and the environment. */
import { CliError, type Terminal } from '../terminal.ts';
import type { Target } from './target.ts';

/** The flags that say so. */
interface Place {
  readonly store?: string | undefined;
  readonly server?: string | undefined;
  readonly tenant?: string | undefined;
  readonly 'no-open'?: boolean | undefined;
  readonly resource: unknown;
  readonly scopes: unknown;
}

/** Opens the store or the server. @throws {CliError} with 2 if none is named, or both. */
export async function openTarget(place: Place, terminal: Terminal): Promise<Target> {
  const { server, tenant, resource, scopes } = place;
  const store = place.store ?? (server === undefined ? process.env['PORTCULLIS_DATA'] : undefined);
  if (store !== undefined && server !== undefined) throw new CliError('Name a store or a server, not both.', 2);
  if (server !== undefined) {
    if (tenant !== undefined) throw new CliError('A tenant of a server has an address of its own: --server https://mcp.example/acme', 2);
    return (await import('./remote.ts')).openRemote(server, terminal, place['no-open'] !== true);
  }
  if (store === undefined || store === '') throw new CliError('Name what to work on: --store ./data, or --server https://mcp.example', 2);
  const { openLocal } = await import('./target.ts');
  const texts = Array.isArray(scopes) ? (scopes as readonly string[]) : [];
  return openLocal(store, { tenant, resource: resource as string | undefined, scopes: texts }, process.env);
}
