/**
 * The table of grant types: what the token endpoint can do, and what metadata says it can. An entry is a file.
 */
import type { Caller } from '../clients/authenticate.ts';
import type { AuthServer } from '../core/auth-server.ts';
import type { Params } from '../model/params.ts';
import { authorizationCode } from './authorization-code.ts';
import type { IssuedTokens } from './issue.ts';
import { refreshToken } from './refresh-token.ts';

/** Turns a request with a proof into tokens, or refuses it. */
export type GrantType = (params: Params, caller: Caller, as: AuthServer) => Promise<IssuedTokens>;

/** By `grant_type`. */
export const grantTypes: ReadonlyMap<string, GrantType> = new Map([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
]);
