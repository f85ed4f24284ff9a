/**
 * WorkOS Standalone Connect: WorkOS is the authorization server, the sign-in is your own. It sends the browser to your login
 * page with `external_auth_id`; once the person is signed in there, in the same browser, WorkOS is told who it is.
 */
import { checkNames } from '../lib/names.ts';
import type { Seconds } from '../model/store.ts';
import { refuse, SourceUnavailable } from './contract.ts';
import { fetchJson } from './fetch-json.ts';
import { makePageTickets, type PageTicket } from './page-ticket.ts';

const COMPLETE = 'https://api.workos.com/authkit/oauth2/complete';

/** Who signed in at your page. */
export interface WorkosPerson {
  /** Your own id of the person, which stays the same. */
  readonly id: string;
  readonly email: string;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly metadata?: { readonly [name: string]: string };
}

/** Options of {@link workosConnect}. */
export interface WorkosConnectOptions {
  readonly apiKey: string;
  readonly fetch?: typeof fetch;
  /** The present second; the machine's clock unless told. */
  readonly now?: () => Seconds;
}

/** The two steps. */
export interface WorkosConnect {
  /** Begins a sign-in at your page. @returns null where the request has no `external_auth_id`. */
  start(request: Request): Promise<PageTicket | null>;
  /**
   * Tells WorkOS who signed in, in the browser in which `start` was called.
   *
   * @param ticket from the page's form.
   * @param consent what the person may choose on the consent page of WorkOS, as it takes it: `user_consent_options`.
   * @returns where the browser goes next; null where the ticket is not this browser's, or is over.
   * @throws {SourceUnavailable} when WorkOS does not answer as it should.
   */
  complete(request: Request, ticket: string, user: WorkosPerson, consent?: readonly unknown[]): Promise<string | null>;
}

const MAX_ID = 512;

/** Makes the steps. @throws {TypeError} at start-up. */
export function workosConnect(options: WorkosConnectOptions): WorkosConnect {
  checkNames('workosConnect', options, 'apiKey fetch now');
  const { apiKey, fetch: fetcher = fetch, now = () => Math.floor(Date.now() / 1000) } = options;
  if (!apiKey) refuse('workosConnect', 'apiKey', 'is missing');
  const tickets = makePageTickets(apiKey, 'workos connect', now);
  return {
    async start(request) {
      const id = new URL(request.url).searchParams.get('external_auth_id');
      return id === null || id === '' || id.length > MAX_ID ? null : tickets.seal(request, { id });
    },
    async complete(request, ticket, user, consent) {
      const begun = await tickets.open(request, ticket);
      if (!begun) return null;
      const body = JSON.stringify({ external_auth_id: begun['id'], user, ...(consent && { user_consent_options: consent }) });
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
      const answer = await fetchJson(fetcher, COMPLETE, 'workos_connect', { method: 'POST', headers, body });
      const location = answer?.['redirect_uri'];
      if (typeof location !== 'string') throw new SourceUnavailable('workos_connect_malformed');
      return location;
    },
  };
}
