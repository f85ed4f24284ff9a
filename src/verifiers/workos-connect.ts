/**
 * WorkOS Standalone Connect: WorkOS is the authorization server, the sign-in is your own. It sends the browser to your login
 * page with `external_auth_id`; once the person is signed in there, this call tells WorkOS who it is.
 */
import { refuse, SourceUnavailable } from './contract.ts';
import { fetchJson } from './fetch-json.ts';

/** Who signed in at your page. */
export interface WorkosPerson {
  /** Your own id of the person, which stays the same. */
  readonly id: string;
  readonly email: string;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly metadata?: { readonly [name: string]: string };
}

/** Options of {@link completeWorkosConnect}. */
export interface WorkosConnectOptions {
  readonly apiKey: string;
  readonly fetch?: typeof fetch;
}

/**
 * Tells WorkOS who signed in.
 *
 * @param externalAuthId the query parameter that the browser came with.
 * @param consent what the person may choose on the consent page of WorkOS, as it takes it: `user_consent_options`.
 * @returns where the browser goes next.
 * @throws {SourceUnavailable} when WorkOS does not answer as it should.
 */
export async function completeWorkosConnect(
  externalAuthId: string,
  user: WorkosPerson,
  { apiKey, fetch: fetcher = fetch }: WorkosConnectOptions,
  consent?: readonly unknown[],
): Promise<string> {
  if (!apiKey) refuse('completeWorkosConnect', 'apiKey', 'is missing');
  const body = JSON.stringify({ external_auth_id: externalAuthId, user, ...(consent && { user_consent_options: consent }) });
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const answer = await fetchJson(fetcher, 'https://api.workos.com/authkit/oauth2/complete', 'workos_connect', {
    method: 'POST',
    headers,
    body,
  });
  const location = answer?.['redirect_uri'];
  if (typeof location !== 'string') throw new SourceUnavailable('workos_connect_malformed');
  return location;
}
