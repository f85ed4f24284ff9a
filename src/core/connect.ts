/** Connect: `auth.connect`, which is there on every call and loads what it does when a tool asks. */
import type { Connect } from '../model/connection.ts';
import type { Grant } from '../model/grant.ts';
import type { AuthServer } from './auth-server.ts';

/** The verb for one grant. @param grantKey works out the key, with the token of the call. */
export function connectOf(as: AuthServer, grant: Grant, grantKey: () => Promise<Uint8Array<ArrayBuffer>>): Connect {
  const made = async (): Promise<Connect> => (await import('./vault/connections.ts')).makeConnect(as, grant, grantKey);
  return Object.assign(async (...asked: Parameters<Connect>) => (await made())(...asked), {
    seal: async (...given: Parameters<Connect['seal']>) => (await made()).seal(...given),
    open: async (...given: Parameters<Connect['open']>) => (await made()).open(...given),
  });
}
