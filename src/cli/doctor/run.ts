/** What every check of one run gets, and what an answer is worth to it: whether it is an outage or a wrong configuration, and the fix. */
import { type Ask, type Exchange, type Limits, OUT_OF_BOUNDS, PRIVATE_ADDRESS } from './ask.ts';
import { type CheckId, type Findings, type Level, quoted } from './findings.ts';
import { isDownStatus } from '../../lib/http.ts';
import { isLoopbackHost } from '../../lib/url.ts';

/** The input of every check. */
export interface Run {
  readonly options: DoctorOptions;
  /** The MCP endpoint, as it was typed. */
  readonly url: string;
  readonly limits: Limits;
  readonly ask: Ask;
  readonly findings: Findings;
}

/** The parsed arguments of `portcullis doctor`. */
export interface DoctorOptions {
  /** The MCP endpoint, as it was typed: `resource` has to equal it. */
  readonly url: string;
  readonly format: 'text' | 'json' | 'markdown';
  /** The directory whose criteria are checked. */
  readonly directory: 'claude' | 'chatgpt' | null;
  /** Whether each client is registered, which changes the server. */
  readonly registers: boolean;
  /** An origin that the server must accept. */
  readonly origin: string | null;
  /** An access token, to check behind the guard. Never from an argument, which every user of the computer can read. */
  readonly token: string | null;
  /** The variable with the token. */
  readonly tokenFrom: string;
}

/** A JSON document that a check reads. */
export type Document = { readonly [member: string]: unknown };

/** The strings of a member that is a list; null where it is absent or not a list. */
export function listOf(document: Document, member: string): readonly string[] | null {
  const value = document[member];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null;
}

/** A member that is a string that is not empty; null where it is not. */
export function textOf(document: Document, member: string): string | null {
  const value = document[member];
  return typeof value === 'string' && value !== '' ? value : null;
}

const TLS: { readonly [code: string]: string } = {
  CERT_HAS_EXPIRED: 'Renew the certificate.',
  CERT_NOT_YET_VALID: 'Check the clock of the machine that made the certificate.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Use a certificate from a public authority, such as Let’s Encrypt; clients do not trust self-signed ones.',
  SELF_SIGNED_CERT_IN_CHAIN: 'Use a certificate from a public authority; clients do not trust private ones.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Use a certificate that names this host, or change the URL to a host that it names.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'Send the intermediate certificates as well (the “full chain” file). Browsers fetch them, clients do not.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'Send the intermediate certificates as well (the “full chain” file). Browsers fetch them, clients do not.',
};

const OUTAGES: { readonly [code: string]: string } = {
  ECONNREFUSED: 'Nothing listens at this address. Start the server, and check host and port.',
  ECONNRESET: 'The connection was cut. Check the server and what is in front of it, then run this again.',
  EAI_AGAIN: 'The name could not be looked up. Check your connection, then run this again.',
  EHOSTUNREACH: 'There is no route to this host. Check your connection and its firewall.',
  ENETUNREACH: 'There is no route to this host. Check your connection and its firewall.',
  UND_ERR_CONNECT_TIMEOUT: 'It did not accept a connection in time. Check that the server runs and that no firewall drops the connection.',
  UND_ERR_SOCKET: 'The connection was closed before an answer. Check the log of the server, then run this again.',
  TimeoutError: 'It did not answer in time. Check the log of the server, then run this again.',
  [OUT_OF_BOUNDS]: 'The run has used up its time or its number of requests. Fix the problems above, then run this again.',
};

/** Adds a finding if a request has no usable response. @returns whether it had none, so that no further check is possible. */
export function isTrouble(exchange: Exchange, check: CheckId, findings: Findings): boolean {
  const { failure, status, url, answeredBy, method } = exchange;
  if (failure === null && !isDownStatus(status)) return false;
  const note = (as: CheckId, level: Level, found: string, fix: string): true => {
    findings.add(as, level, { url: answeredBy }, `${method}: ${found}`, fix);
    return true;
  };
  if (status === 429) return note(check, 'outage', 'HTTP 429', 'The server limits how many requests it takes. Wait a minute, then run this again; if that does not help, allow more for metadata.'); // prettier-ignore
  if (failure === null) return note(check, 'outage', isHtml(exchange) ? `HTTP ${status} with an HTML page` : `HTTP ${status} (${quoted(exchange.text) || 'no text'})`, 'The server or a proxy before it fails. Its log says why; run this again when it answers.'); // prettier-ignore
  if (failure === PRIVATE_ADDRESS) {
    return note('private-address', 'problem', 'an address of a private network, which was not called', 'Publish addresses that clients on the internet can reach. Set the public URL of the server where it is configured.'); // prettier-ignore
  }
  if (failure === 'ENOTFOUND') return note(check, 'problem', 'no host has this name', `Correct the host ${new URL(url).host}, or add its DNS record.`); // prettier-ignore
  if (failure === 'bad port') return note(check, 'problem', `port ${new URL(url).port}`, 'Serve it at another port. Browsers, and clients made like them, refuse this one (Fetch, port blocking).'); // prettier-ignore
  if (TLS[failure] !== undefined) return note('tls', 'problem', failure, TLS[failure]);
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(failure))
    return note('tls', 'problem', failure, 'Use a certificate that common clients trust.');
  if (/EPROTO|ERR_SSL/.test(failure)) {
    return note('tls', 'problem', failure, 'The port does not speak TLS, or an old version of it. Use http: for a server without TLS; otherwise turn on TLS 1.2 or newer.'); // prettier-ignore
  }
  return note(check, 'outage', failure, OUTAGES[failure] ?? 'There was no answer. Check the server, then run this again.');
}

/** Whether a document is kept from clients that have no token yet. */
export function isGuarded({ status }: Exchange): boolean {
  return status === 401 || status === 403;
}

/** What to do about it. */
export const WITHOUT_TOKEN =
  'Answer it without a token: clients read it before they have one. Put the guard, or the firewall, behind /.well-known/.';

/** Adds a finding for a URL that should be https. @returns whether it has added one. */
export function isInsecure(url: string, field: string | undefined, at: string, findings: Findings): boolean {
  findings.made('https');
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:' || isLoopbackHost(hostname)) return false;
  const fix =
    'Publish the https address. Behind a proxy that ends TLS, set the public URL of the server, or have it trust X-Forwarded-Proto.';
  findings.add('https', 'problem', { url: at, ...(field !== undefined && { field }) }, quoted(url), fix);
  return true;
}

/** The JSON document of a response; null for errors, which are JSON as well. */
export function documentIn({ status, json }: Exchange): Exchange['json'] {
  return status === 200 ? json : null;
}

/** Describes a response that is not a JSON document. */
export function insteadOfJson(exchange: Exchange): string {
  const { status, text, headers, isCut } = exchange;
  if (isCut) return `HTTP ${status} with a body that is too long`;
  const type = headers.get('content-type') ?? 'no content type';
  if (isHtml(exchange)) return `HTTP ${status} with an HTML page`;
  return `HTTP ${status} with ${quoted(type)}, ${text === '' ? 'no body' : 'which is not a JSON object'}`;
}

/** Whether the response is a page, as sent by firewalls, frameworks and single-page apps. */
export function isHtml({ text, headers }: Exchange): boolean {
  return /text\/html/i.test(headers.get('content-type') ?? '') || /^\s*<(!doctype|html)/i.test(text);
}

/** Whether the server is unavailable: 502 to 504 come from a proxy. Any other 5xx is a fault of a running server. */
export function isFault({ status }: Exchange): boolean {
  return status === 500 || status === 501;
}
