/**
 * The consent page of Stytch Connected Apps is one that you host. These are its two calls to Stytch from your server: what
 * is asked for, and the person's answer. Between them goes a sealed ticket, good in the same browser and for the same person.
 */
import { checkNames } from '../lib/names.ts';
import type { Seconds } from '../model/store.ts';
import { refuse, SourceUnavailable, textClaim } from './contract.ts';
import { fetchJson, type JsonObject } from './fetch-json.ts';
import { signedClaims } from './own.ts';
import { makePageTickets, type PageTicket } from './page-ticket.ts';

/** Options of {@link stytchConsent}. */
export interface StytchConsentOptions {
  readonly projectId: string;
  readonly secret: string;
  /** Members of organizations instead of users. */
  readonly b2b?: boolean;
  /** Default: `https://api.stytch.com` for a live project, `https://test.stytch.com` for a test one. */
  readonly baseUrl?: string;
  readonly fetch?: typeof fetch;
  /** The present second; the machine's clock unless told. */
  readonly now?: () => Seconds;
}

/** Who decides: a session that your login made, or ids that you vouch for. */
export type StytchPerson =
  | { readonly session_jwt: string }
  | { readonly session_token: string }
  | { readonly user_id: string }
  | { readonly organization_id: string; readonly member_id: string };

/** What the page shows, and what it needs to come back with the answer. */
export interface StytchStart extends PageTicket {
  /** As Stytch tells it: the client, scopes, and whether consent is needed. */
  readonly asked: JsonObject;
}

/** The two calls. */
export interface StytchConsent {
  /** What the page shows. @param request the one that the browser came with; its query says what is asked for. */
  start(request: Request, person: StytchPerson): Promise<StytchStart>;
  /**
   * Tells the decision about what `start` was asked, in the same browser and by the same person.
   *
   * @param ticket from the page's form.
   * @returns where the browser goes next, with a code or with the refusal; null where the ticket is not this browser's and this person's.
   */
  authorize(request: Request, ticket: string, person: StytchPerson, decision: { readonly granted: boolean }): Promise<string | null>;
}

const ASKED = ['client_id', 'redirect_uri', 'response_type', 'state', 'nonce', 'code_challenge', 'prompt'] as const;

/** Makes the calls. They reject with `SourceUnavailable` when Stytch does not answer as it should. @throws {TypeError} at start-up. */
export function stytchConsent(options: StytchConsentOptions): StytchConsent {
  checkNames('stytchConsent', options, 'projectId secret b2b baseUrl fetch now');
  const { projectId, secret, b2b = false, baseUrl, fetch: fetcher = fetch, now = () => Math.floor(Date.now() / 1000) } = options;
  if (!/^project-(live|test)-/.test(projectId ?? ''))
    refuse('stytchConsent', 'projectId', 'must be the id of the project, such as "project-live-…"');
  if (!secret) refuse('stytchConsent', 'secret', 'is missing; it stands beside the project id in the dashboard');
  const base = baseUrl ?? (projectId.startsWith('project-live-') ? 'https://api.stytch.com' : 'https://test.stytch.com');
  const path = b2b ? '/v1/b2b/idp/oauth/authorize' : '/v1/idp/oauth/authorize';
  const tickets = makePageTickets(secret, `stytch ${projectId}`, now);
  const post = async (to: string, body: JsonObject): Promise<JsonObject> => {
    const headers = { authorization: `Basic ${btoa(`${projectId}:${secret}`)}`, 'content-type': 'application/json' };
    const answer = await fetchJson(fetcher, base + to, 'stytch_consent', { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer) throw new SourceUnavailable('stytch_consent_not_found');
    return answer;
  };
  return {
    async start(request, person) {
      const wanted = wantedIn(new URL(request.url).searchParams);
      const asked = await post(`${path}/start`, { ...wanted, ...person });
      return { asked, ...(await tickets.seal(request, { wanted, person: nameOf(person) })) };
    },
    async authorize(request, ticket, person, { granted }) {
      const begun = await tickets.open(request, ticket);
      if (!begun || begun['person'] !== nameOf(person)) return null;
      const { redirect_uri: location } = await post(path, { ...(begun['wanted'] as JsonObject), ...person, consent_granted: granted });
      if (typeof location !== 'string') throw new SourceUnavailable('stytch_consent_malformed');
      return location;
    },
  };
}

function wantedIn(query: URLSearchParams): JsonObject {
  return {
    ...Object.fromEntries(ASKED.flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : []))),
    scopes: (query.get('scope') ?? '').split(' ').filter((one) => one !== ''),
  };
}

/** Who it is, for as long as the page is open: a session's JWT is made anew every few minutes, its subject stays. */
function nameOf(person: StytchPerson): string {
  if (!('session_jwt' in person)) return JSON.stringify(person);
  const subject = textClaim(signedClaims(person.session_jwt) ?? {}, 'sub');
  return subject === undefined ? person.session_jwt : `sub ${subject}`;
}
