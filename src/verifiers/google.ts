/**
 * Google as the authorization server. Its access tokens are opaque, meant for Google's own APIs, and bound only to the OAuth client that
 * requested them: that client must be listed, and is all that is checked (SEC-116). Google has no dynamic client registration; for MCP
 * clients that register themselves use our server with Google as an upstream.
 */
import { isAhead } from '../lib/clock.ts';
import { checkTypes } from '../lib/check-options.ts';
import type { Verifier } from '../guard/token-source.ts';
import { forLog } from '../lib/untrusted-text.ts';
import { makeSingleFlight } from '../lib/single-flight.ts';
import type { Checked, Tell } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';
import {
  accessOf,
  type Claims,
  listClaim,
  mismatch,
  nullWith,
  type Reader,
  refuse,
  signedClaims,
  type SourceOptions,
  textClaim,
  type TokenSource,
} from './contract.ts';
import { fetchJson } from './discovery.ts';
import { makeTokenCache, type CachedResult, tokenHash } from './memory.ts';

/** Options of {@link googleTokens}. */
export interface GoogleOptions extends Omit<SourceOptions, 'clockSkew'> {
  /** Your OAuth clients: `123-abc.apps.googleusercontent.com`. */
  readonly clientIds: readonly string[];
  /** Required Workspace domain of users. Tokens then need the scope `openid`. */
  readonly hostedDomain?: string | undefined;
}

const ISSUER = 'https://accounts.google.com';
const TOKENINFO = 'https://oauth2.googleapis.com/tokeninfo';
const USERINFO = 'https://openidconnect.googleapis.com/v1/userinfo';
/** Prefix of all of Google's access tokens. */
const PREFIX = 'ya29.';
const FORM = /^[\w.~+/-]{20,2048}$/;
const REMEMBERED: Seconds = 60;
/** Seconds for which an invalid token is not checked again. */
const REFUSED: Seconds = 10;

/**
 * Google's access tokens, each verified with Google once a minute.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...googleTokens({ clientIds: ['123-abc.apps.googleusercontent.com'] }) });
 */
export function googleTokens(options: GoogleOptions): TokenSource {
  checkTypes('googleTokens', options ?? null, 'clientIds:string[] hostedDomain:string programs:boolean fetch:function now:function');
  const { clientIds, hostedDomain, programs, fetch: fetcher = fetch, now = () => Math.floor(Date.now() / 1000) } = options;
  if (!clientIds?.length)
    refuse('googleTokens', 'clientIds', 'must list your OAuth clients: a token that another app got from Google must not be accepted');
  const cache = makeTokenCache();
  const flight = makeSingleFlight<CachedResult>();
  const ask = async (token: string, resource: string, tell: Tell): Promise<Checked | null> => {
    const reject = nullWith(tell);
    const claims = await tokenInfo(fetcher, token);
    const client = claims && textClaim(claims, 'aud');
    const exp = Number(claims?.['exp']);
    if (!claims) return reject('token_unknown');
    if (!client || !clientIds.includes(client)) return reject('audience_wrong', mismatch('aud', clientIds.join(' '), client));
    if (!(exp > now())) return reject('token_expired', mismatch('exp after', now(), claims['exp']));
    const program = textClaim(claims, 'email')?.endsWith('.gserviceaccount.com') === true; // a service account
    const read: Reader = () => ({ clientId: client, scope: listClaim(claims, 'scope'), program });
    const access = accessOf(claims, { resource, issuer: ISSUER, endsAt: exp, read, programs, tell });
    if (!access || hostedDomain === undefined || (await isOfDomain(fetcher, token, access.userId, hostedDomain))) return access;
    return reject('domain_wrong', `the user is not in ${forLog(hostedDomain)}, or the token lacks the scope "openid"`);
  };
  const verify: Verifier = async (token, resource, tell) => {
    if (!FORM.test(token) || signedClaims(token)) return nullWith(tell)('token_foreign', 'expected an opaque token of Google');
    const { access, why } = await flight(`${resource}\n${token}`, async () => {
      const hash = await tokenHash(token, resource);
      const known = cache.find(hash);
      if (known && isAhead(known.until, Math.max(REMEMBERED, REFUSED), now())) return known;
      let problem: Parameters<Tell> | undefined;
      const found = await ask(token, resource, (...reason) => (problem = reason));
      const until = found ? Math.min(found.expiresAt, now() + REMEMBERED) : now() + REFUSED;
      const result = { access: found, until, ...(problem && { why: problem }) };
      cache.keep(hash, result);
      return result;
    });
    if (why) tell?.(...why);
    return access;
  };
  return {
    authorizationServers: [ISSUER],
    verify,
    own: [{ prefix: PREFIX }],
    fixedAudience: clientIds.map((client) => `${ISSUER} ${client}`),
  };
}

/** Sends the token in the body, never in the URL. An unknown token gives 400. */
async function tokenInfo(fetcher: typeof fetch, token: string): Promise<Claims | null> {
  const body = new URLSearchParams({ access_token: token }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return fetchJson(fetcher, TOKENINFO, 'tokeninfo', { method: 'POST', headers, body }, [400, 404]);
}

/** The domain is only in userinfo, and only for tokens with the scope `openid`; the subject must be the same (OIDC Core §5.3.2). */
async function isOfDomain(fetcher: typeof fetch, token: string, subject: string, domain: string): Promise<boolean> {
  const profile = await fetchJson(fetcher, USERINFO, 'userinfo', { headers: { authorization: `Bearer ${token}` } }, [400, 401, 403, 404]);
  return profile !== null && profile['sub'] === subject && profile['hd'] === domain;
}
