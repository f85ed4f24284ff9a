/**
 * `verifyIntrospection`: opaque tokens of another authorization server, asked for one by one (RFC 7662). An answer is
 * kept for a few seconds: that is how long a revoked token may still pass.
 */
import type { Verifier } from '../guard/token-source.ts';
import type { Checked } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';
import { accessOf } from './access-of.ts';
import {
  isSafeUrl,
  listClaim,
  refuse,
  SourceUnavailable,
  textClaim,
  type Claims,
  type Reader,
  type SourceOptions,
  type TokenSource,
} from './contract.ts';
import { makeDiscovery } from './discovery.ts';
import { fetchJson } from './fetch-json.ts';

/** Options of {@link verifyIntrospection}. */
export interface IntrospectionOptions extends SourceOptions {
  /** The issuer, as it calls itself. */
  readonly issuer: string;
  /** Where to ask. Default: where the issuer's metadata says. */
  readonly endpoint?: string;
  /** Who asks: the client that was registered for this resource server. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** What `aud` must be or hold. Default: the guarded resource itself. An answer without `aud` is refused. */
  readonly audience?: string | readonly string[];
  /** Takes answers without a check of `aud`, and with it every token that the issuer made for somebody else. */
  readonly dangerouslyAcceptAnyAudience?: boolean;
  /** Seconds for which an answer counts; 0 asks on every request, at most 300. Default 5. */
  readonly cache?: Seconds;
  /** Reads user, client, scopes and permissions where the issuer puts them elsewhere than RFC 7662. */
  readonly read?: Reader;
}

const LONGEST = 8192;
const MOST_CACHED = 4096;

/** Tokens of one issuer that tells what they are worth. @throws {TypeError} at start-up, naming the option and the mend. */
export function verifyIntrospection(options: IntrospectionOptions): TokenSource {
  check(options);
  const { issuer, clientId, clientSecret, fetch: fetcher = fetch, cache = 5, read = () => ({}), clockSkew = 30 } = options;
  const now = options.now ?? ((): Seconds => Math.floor(Date.now() / 1000));
  const discover = makeDiscovery(issuer, fetcher, now);
  const authorization = `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`;
  const answers = new Map<string, { readonly access: Promise<Checked | null>; readonly until: Seconds }>();

  const ask = async (token: string, resource: string): Promise<Checked | null> => {
    const url = options.endpoint ?? (await discover()).introspectionEndpoint;
    if (url === undefined) throw new SourceUnavailable('introspection_endpoint_missing');
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString();
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const claims = await fetchJson(fetcher, url, 'introspection', { method: 'POST', headers, body });
    if (!claims) throw new SourceUnavailable('introspection_not_found');
    // `exp` is optional (RFC 7662 §2.2); without it the token lasts as long as the next answer.
    return isGood(claims, resource) ? accessOf({ exp: now() + Math.max(cache, 1), ...claims }, resource, read, issuer) : null;
  };
  const isGood = (claims: Claims, resource: string): boolean => {
    if (claims['active'] !== true) return false;
    if (claims['iss'] !== undefined && claims['iss'] !== issuer) return false;
    if (/^dpop$/i.test(textClaim(claims, 'token_type') ?? '') && claims['cnf'] === undefined) return false; // bound, and not said to which key
    if (typeof claims['exp'] === 'number' && claims['exp'] + clockSkew <= now()) return false;
    if (typeof claims['nbf'] === 'number' && claims['nbf'] - clockSkew > now()) return false;
    if (options.dangerouslyAcceptAnyAudience === true) return true;
    const wanted = [options.audience ?? resource].flat();
    return audiencesOf(claims).some((one) => wanted.includes(one));
  };

  const verify: Verifier = (token, resource) => {
    if (token.length > LONGEST) return null;
    const key = `${resource}\n${token}`;
    const known = answers.get(key);
    if (known && known.until > now()) return known.access;
    const access = ask(token, resource);
    if (answers.size >= MOST_CACHED) answers.clear();
    // Kept while under way too: of many requests with one token, one asks.
    answers.set(key, { access, until: now() + Math.max(cache, 1) });
    const forget = (): void => void (answers.get(key)?.access === access && answers.delete(key));
    access.then(
      (found) => (cache === 0 || (found && found.expiresAt < now() + cache) ? forget() : undefined),
      forget, // a failure is told to those who waited for it, and asked again by the next
    );
    return access;
  };
  return { authorizationServers: [issuer], verify };
}

/** `aud` may hold URIs with no space in them, as a text or as a list. */
function audiencesOf(claims: Claims): readonly string[] {
  const { aud } = claims;
  return typeof aud === 'string' ? [aud] : listClaim(claims, 'aud');
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. */
function formEncoded(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}

function check({ issuer, endpoint, clientId, clientSecret, cache = 0 }: IntrospectionOptions): void {
  if (!isSafeUrl(issuer)) refuse('verifyIntrospection', 'issuer', `must be the issuer's https URL; it is ${JSON.stringify(issuer)}`);
  if (endpoint !== undefined && !isSafeUrl(endpoint))
    refuse('verifyIntrospection', 'endpoint', `must be an https URL; it is ${JSON.stringify(endpoint)}`);
  if (!clientId || !clientSecret)
    refuse('verifyIntrospection', 'clientId', 'and `clientSecret` are needed: only clients that the issuer knows may ask (RFC 7662 §2.1)');
  if (!Number.isInteger(cache) || cache < 0 || cache > 300) refuse('verifyIntrospection', 'cache', 'must be 0 to 300 seconds');
}
