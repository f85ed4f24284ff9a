/**
 * `private_key_jwt` client authentication (RFC 7523 §2.2, §3, with the audience of 7523bis: only the issuer, so that no other server can
 * replay the assertion).
 *
 * Checks: format → subject → client with keys → audience → times → key → signature → single use
 */
import type { AuthServer } from '../core/auth-server.ts';
import { findKey } from '../core/key-sources.ts';
import { singleUse } from '../core/records/one-time.ts';
import { isOnServerOf } from '../lib/url.ts';
import { endOf, isFor, parseAssertion, textClaim, timeProblem, type Assertion } from '../model/assertion.ts';
import type { Client } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';
import type { Params } from '../model/params.ts';
import { withGiveBack, orUnavailable } from './caller.ts';
import { resolveClient } from './find.ts';
import { countFetch, countTarget } from './metadata-document.ts';
import { lazy } from '../lib/async.ts';

const isAssertionSignedWith = lazy(async () => (await import('../core/signatures.ts')).isAssertionSignedWith);

/** The only accepted `client_assertion_type`. */
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Accepted `typ`: client authentication, or unspecific. ID tokens, access tokens and grants are refused (RFC 8725 §3.11). */
const TYPES = [undefined, 'jwt', 'client-authentication+jwt'];

/** The authenticated client; or the problem, and the client that the assertion named, if any. */
export type AssertionResult =
  | { readonly client: Client; readonly giveBack: () => Promise<void> }
  | { readonly problem: string; readonly client: Client | null };

/** Checks the assertion of a request, and uses it up. */
export async function proveByKey(as: AuthServer, params: Params, network: string): Promise<AssertionResult> {
  if (params.optional('client_assertion_type') !== ASSERTION_TYPE) return { problem: 'assertion_type', client: null };
  const text = params.optional('client_assertion');
  const assertion = parseAssertion(text ?? '');
  if (!assertion) return { problem: text === undefined ? 'assertion_missing' : 'assertion_malformed', client: null };
  if (!TYPES.includes(assertion.typ)) return { problem: 'assertion_jwt_type', client: null };
  const id = textClaim(assertion.claims, 'sub');
  if (id === null) return { problem: 'assertion_without_subject', client: null };
  if (assertion.claims['iss'] !== id) return { problem: 'assertion_issuer', client: null };
  if ((params.optional('client_id') ?? id) !== id) throw new OAuthError('invalid_request', 'client_ids_differ');
  const client = await knownClient(as, id, network);
  if (typeof client === 'string') return { problem: client, client: null };
  const problem = await problemOf(as, assertion, client, network);
  if (typeof problem === 'string') return { problem, client };
  const once = await singleUse(as, ['client', client.id], problem.jti, endOf(assertion.claims));
  return withGiveBack(once, async () =>
    (await once.spend()) ? { client, giveBack: () => once.giveBack() } : { problem: 'assertion_replayed', client },
  );
}

/** The client, or why there is none: from outside it looks like any unknown client. */
async function knownClient(as: AuthServer, id: string, network: string): Promise<Client | string> {
  try {
    return (await resolveClient(as, id, network)) ?? 'client_unknown';
  } catch (error) {
    const refusal = orUnavailable(error);
    if (refusal instanceof OAuthError && refusal.code === 'invalid_client') return refusal.reason;
    throw refusal;
  }
}

/** The problem with an assertion, or its `jti` for single use. */
async function problemOf(
  as: AuthServer,
  assertion: Assertion,
  client: Client,
  network: string,
): Promise<string | { readonly jti: string }> {
  const { claims } = assertion;
  if (client.jwks === undefined && client.jwksUri === undefined) return 'assertion_unregistered';
  if (client.jwksUri !== undefined && isOnServerOf(client.jwksUri, as.settings.issuers)) return 'assertion_keys_here';
  if (!isFor(claims, as.settings.issuer)) return 'assertion_audience';
  const time = timeProblem(claims, as.now());
  if (time !== null) return `assertion_${time}`;
  const jti = textClaim(claims, 'jti');
  if (jti === null) return 'assertion_without_jti';
  const key = await findKey(as, client, assertion, async (url) => {
    await countFetch(as, network);
    await countTarget(as, url, 'keys');
  });
  if (key === null) return 'assertion_key_unknown';
  return (await isAssertionSignedWith(assertion, key)) ? { jti } : 'assertion_signature';
}
