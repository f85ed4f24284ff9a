/**
 * Acts on tokens: what a token that was found somewhere is good for, and whose it is.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { findToken } from '../core/verify.ts';
import { grantIdOf, isKey, kindOf } from '../model/token.ts';
import { whyOver } from '../model/grant.ts';
import { findRetired } from '../model/retired.ts';
import type { Seconds } from '../model/store.ts';
import { type Acts, wrong } from './act.ts';

/** Acts on tokens. */
export const tokens: Acts = {
  'tokens/inspect': {
    method: 'POST', // because a URL is logged
    takes: ['token'],
    isSecret: true,
    async run({ as, helpers }, input) {
      // As it stands in a header, a log or a file; whatever is no token would be told not to be valid.
      const token = input
        .text('token')
        .trim()
        .replace(/^(?:authorization:\s*)?(?:bearer|dpop)\s+/i, '')
        .replace(/^(["'`])(.*)\1$/, '$2');
      if (/\s/.test(token)) throw wrong('token must be one token: this one has white space in it.');
      const kind = isKey(token) ? 'key' : (kindOf(token) ?? 'unknown');
      const { why, ...found } = kind === 'refresh' ? await refreshOf(as, token) : await accessOf(as, token);
      const id = grantIdOf(kind === 'refresh' || kind === 'code' ? kind : 'access', token);
      return { live: why === undefined, kind, ...(why === undefined ? found : { why }), grant: id && (await helpers.findGrant(id)) };
    },
  },
};

interface Found {
  /** Why it is good for nothing. */
  readonly why?: string;
  readonly scope?: readonly string[];
  readonly expiresAt?: Seconds;
  /** Set if a refresh token was replaced, but until `expiresAt` still gets the tokens that replaced it. */
  readonly rotated?: true;
}

async function accessOf(as: AuthServer, token: string): Promise<Found> {
  let why = 'token_unknown';
  const found = await findToken(as, token, (reason) => void (why = reason));
  return found ? { scope: found.access.scope, expiresAt: found.access.expiresAt } : { why };
}

async function refreshOf(as: AuthServer, token: string): Promise<Found> {
  const grant = await as.records.findGrant(grantIdOf('refresh', token) ?? '');
  if (!grant) return { why: 'grant_unknown' };
  const why = whyOver(grant, as.now());
  if (why !== null) return { why };
  const { refresh, retired, scope } = grant;
  const { hash, familyHash } = await as.secrets.refreshProof(token);
  if (refresh?.familyHash !== familyHash) return { why: 'token_unknown' };
  const replaced = findRetired(retired, hash, as.now());
  if (replaced) return { scope, expiresAt: replaced.until, rotated: true };
  if (refresh.hash !== hash) return { why: 'token_unknown' };
  return refresh.expiresAt > as.now() ? { scope, expiresAt: refresh.expiresAt } : { why: 'token_expired' };
}
