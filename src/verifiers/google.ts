/**
 * Google as the authorization server. Its access tokens are opaque, for Google's own APIs, and bound to nothing of ours but
 * the OAuth client that asked for them: that client has to be named, and is all that is checked (SEC-116). Google registers
 * no clients; for MCP clients that register themselves put our server in front, with Google as an upstream.
 */
import type { Verifier } from '../guard/token-source.ts';
import type { Checked } from '../model/access.ts';
import { accessOf } from './access-of.ts';
import { listClaim, refuse, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { fetchJson } from './fetch-json.ts';

/** Options of {@link google}. */
export interface GoogleOptions extends Omit<SourceOptions, 'clockSkew'> {
  /** Our OAuth clients: `123-abc.apps.googleusercontent.com`. */
  readonly clientIds: readonly string[];
  /** The Workspace domain that people must be of. */
  readonly hostedDomain?: string;
}

const ISSUER = 'https://accounts.google.com';
const TOKENINFO = 'https://oauth2.googleapis.com/tokeninfo';
const FORM = /^[\w.~+/-]{20,2048}$/;
const REMEMBERED = 60;
const MOST = 2048;

/** Google's access tokens, each asked of Google once a minute. */
export function google({
  clientIds,
  hostedDomain,
  fetch: fetcher = fetch,
  now = () => Math.floor(Date.now() / 1000),
}: GoogleOptions): TokenSource {
  if (!Array.isArray(clientIds) || clientIds.length === 0)
    refuse('google', 'clientIds', 'must name your OAuth clients: a token that any other app got from Google must not pass');
  const known = new Map<string, { readonly access: Checked; readonly until: number }>();
  const verify: Verifier = async (token, resource) => {
    const key = `${resource}\n${token}`;
    const kept = known.get(key);
    if (kept && kept.until > now()) return kept.access;
    const claims = FORM.test(token) ? await ask(fetcher, token) : null;
    const client = claims && textClaim(claims, 'aud');
    if (!claims || !client || !clientIds.includes(client)) return null;
    if (hostedDomain !== undefined && claims['hd'] !== hostedDomain) return null;
    const exp = Number(claims['exp']);
    const access =
      exp > now() ? accessOf({ ...claims, exp }, resource, () => ({ clientId: client, scope: listClaim(claims, 'scope') }), ISSUER) : null;
    if (!access) return null;
    if (known.size >= MOST) known.clear();
    known.set(key, { access, until: Math.min(exp, now() + REMEMBERED) });
    return access;
  };
  return { authorizationServers: [ISSUER], verify };
}

/** In a body, never in an address. An unknown token is answered with 400. */
async function ask(fetcher: typeof fetch, token: string): Promise<{ readonly [claim: string]: unknown } | null> {
  const body = new URLSearchParams({ access_token: token }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return fetchJson(fetcher, TOKENINFO, 'tokeninfo', { method: 'POST', headers, body }, [400, 404]);
}
