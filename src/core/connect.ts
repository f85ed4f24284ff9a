/** `auth.connect`: present on every call, loaded when a tool uses it. */
import type { Connect } from '../model/connection.ts';
import type { Grant } from '../model/grant.ts';
import type { AuthServer } from './auth-server.ts';

/** `connect` for one grant. @param grantKey derives the grant's key from the token of the call. */
export function connectOf(as: AuthServer, grant: Grant, grantKey: () => Promise<Uint8Array<ArrayBuffer>>): Connect {
  const load = async (): Promise<Connect> => (await import('./vault/connections.ts')).makeConnect(as, grant, grantKey);
  return Object.assign(async (...args: Parameters<Connect>) => (await load())(...args), {
    seal: async (...args: Parameters<Connect['seal']>) => (await load()).seal(...args),
    open: async (...args: Parameters<Connect['open']>) => (await load()).open(...args),
  });
}
