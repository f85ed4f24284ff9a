/**
 * The consent page of Stytch Connected Apps is one that you host. These are its two calls to Stytch from your server: what
 * is asked for, and the person's answer.
 */
import { refuse, SourceUnavailable } from './contract.ts';
import { fetchJson, type JsonObject } from './fetch-json.ts';

/** Options of {@link stytchConsent}. */
export interface StytchConsentOptions {
  readonly projectId: string;
  readonly secret: string;
  /** Members of organizations instead of users. */
  readonly b2b?: boolean;
  /** Default: `https://api.stytch.com` for a live project, `https://test.stytch.com` for a test one. */
  readonly baseUrl?: string;
  readonly fetch?: typeof fetch;
}

/** Who decides: a session that your login made, or ids that you vouch for. */
export type StytchPerson =
  | { readonly session_jwt: string }
  | { readonly session_token: string }
  | { readonly user_id: string }
  | { readonly organization_id: string; readonly member_id: string };

/** The two calls. */
export interface StytchConsent {
  /** What the page shows: client, scopes, and whether consent is needed. @param request the query that the browser came with. */
  start(request: URLSearchParams, person: StytchPerson): Promise<JsonObject>;
  /** Tells the decision. @returns where the browser goes next, with a code or with the refusal. */
  authorize(request: URLSearchParams, person: StytchPerson, decision: { readonly granted: boolean }): Promise<string>;
}

const ASKED = ['client_id', 'redirect_uri', 'response_type', 'state', 'nonce', 'code_challenge', 'prompt'] as const;

/** Makes the calls. They reject with `SourceUnavailable` when Stytch does not answer as it should. @throws {TypeError} at start-up. */
export function stytchConsent({ projectId, secret, b2b = false, baseUrl, fetch: fetcher = fetch }: StytchConsentOptions): StytchConsent {
  if (!/^project-(live|test)-/.test(projectId ?? ''))
    refuse('stytchConsent', 'projectId', 'must be the id of the project, such as "project-live-…"');
  if (!secret) refuse('stytchConsent', 'secret', 'is missing; it stands beside the project id in the dashboard');
  const base = baseUrl ?? (projectId.startsWith('project-live-') ? 'https://api.stytch.com' : 'https://test.stytch.com');
  const path = b2b ? '/v1/b2b/idp/oauth/authorize' : '/v1/idp/oauth/authorize';
  const post = async (to: string, body: JsonObject): Promise<JsonObject> => {
    const headers = { authorization: `Basic ${btoa(`${projectId}:${secret}`)}`, 'content-type': 'application/json' };
    const answer = await fetchJson(fetcher, base + to, 'stytch_consent', { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer) throw new SourceUnavailable('stytch_consent_not_found');
    return answer;
  };
  const asked = (request: URLSearchParams): JsonObject => ({
    ...Object.fromEntries(ASKED.flatMap((name) => (request.has(name) ? [[name, request.get(name)]] : []))),
    scopes: (request.get('scope') ?? '').split(' ').filter((one) => one !== ''),
  });
  return {
    start: (request, person) => post(`${path}/start`, { ...asked(request), ...person }),
    async authorize(request, person, { granted }) {
      const answer = await post(path, { ...asked(request), ...person, consent_granted: granted });
      const { redirect_uri: location } = answer;
      if (typeof location !== 'string') throw new SourceUnavailable('stytch_consent_malformed');
      return location;
    },
  };
}
