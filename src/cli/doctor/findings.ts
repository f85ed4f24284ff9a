/** Every check of the doctor with its rule (`docs/guide/doctor.md` has the same list), and the findings: one entry per failed check, and the passed checks. No text contains a secret of the run. */
import { printable } from '../terminal.ts';

/** The six clients of the doctor. */
export type ClientId = 'claude' | 'chatgpt' | 'vscode' | 'cursor' | 'codex' | 'mcp-remote';

/** The name of a check. */
export type CheckId =
  | 'reachable'
  | 'tls'
  | 'https'
  | 'redirect'
  | 'slow'
  | 'head'
  | 'charset'
  | 'challenge-status'
  | 'challenge-header'
  | 'challenge-resource-metadata'
  | 'challenge-get'
  | 'bad-token'
  | 'resource-metadata'
  | 'resource-metadata-path'
  | 'resource-metadata-root'
  | 'resource'
  | 'authorization-servers'
  | 'private-address'
  | 'server-metadata'
  | 'server-metadata-form'
  | 'metadata-members'
  | 'issuer'
  | 'endpoints'
  | 'pkce'
  | 'public-clients'
  | 'grant-types'
  | 'client-registration'
  | 'iss'
  | 'scopes'
  | 'token-endpoint'
  | 'authorization-endpoint'
  | 'unknown-client'
  | 'sign-in-page'
  | 'register'
  | 'cors'
  | 'preflight'
  | 'origin'
  | 'session-2025'
  | 'session-older'
  | 'session-2026'
  | 'unknown-session'
  | 'tools'
  | 'tool-name'
  | 'tool-title'
  | 'tool-hints'
  | 'tool-scopes'
  | 'tool-schema'
  | 'static-bearer';

/** A check. */
export interface Check {
  /** What a passed check means. */
  readonly title: string;
  /** The rule. */
  readonly rule: string;
  /** The clients that cannot connect if it fails: all, those that call from the internet, or none. */
  readonly stops: 'all' | 'hosted' | 'none';
}

const MCP = 'MCP authorization';
const TRANSPORT = 'MCP Streamable HTTP';

/** The checks, in the order of the report. */
export const CHECKS: { readonly [id in CheckId]: Check } = {
  reachable: { title: 'The server answers', rule: 'RFC 9110 §15.6', stops: 'all' },
  tls: { title: 'The certificate is trusted', rule: 'RFC 9110 §4.3.4', stops: 'all' },
  https: { title: 'Every address is https, except on this computer', rule: `${MCP}: communication security`, stops: 'hosted' },
  redirect: { title: 'The MCP URL answers itself, without a redirect', rule: TRANSPORT, stops: 'all' },
  slow: { title: 'The first byte arrives in time', rule: 'client time limits', stops: 'none' },
  head: { title: 'HEAD is answered like GET', rule: 'RFC 9110 §9.3.2', stops: 'none' },
  charset: { title: 'Requests and answers are JSON in UTF-8', rule: 'RFC 8259 §8.1', stops: 'none' },
  'challenge-status': { title: 'A request without a token gets 401', rule: `${MCP}; RFC 6750 §3.1`, stops: 'all' },
  'challenge-header': { title: 'The 401 carries `WWW-Authenticate: Bearer`', rule: 'RFC 6750 §3', stops: 'none' },
  'challenge-resource-metadata': { title: 'The challenge names `resource_metadata`', rule: 'RFC 9728 §5.1', stops: 'none' },
  'challenge-get': { title: 'GET without a token gets 401 or 405', rule: TRANSPORT, stops: 'none' },
  'bad-token': { title: 'An invalid token gets 401 with `invalid_token`', rule: 'RFC 6750 §3.1', stops: 'none' },
  'resource-metadata': { title: 'Protected resource metadata is published', rule: 'RFC 9728 §3', stops: 'all' },
  'resource-metadata-path': { title: 'The metadata is at the path-inserted well-known URL', rule: 'RFC 9728 §3.1', stops: 'none' },
  'resource-metadata-root': { title: 'The metadata is at the root well-known URL, too', rule: `${MCP}: discovery`, stops: 'none' },
  resource: { title: '`resource` equals the URL that was asked for', rule: 'RFC 9728 §3.3', stops: 'all' },
  'authorization-servers': { title: '`authorization_servers` names where to sign in', rule: 'RFC 9728 §2', stops: 'all' },
  'private-address': { title: 'A public server names no private address', rule: 'RFC 9728 §7.7', stops: 'all' },
  'server-metadata': { title: 'Authorization server metadata is published', rule: 'RFC 8414 §3', stops: 'all' },
  'server-metadata-form': { title: 'The metadata is at the URL of RFC 8414', rule: 'RFC 8414 §3.1', stops: 'none' },
  'metadata-members': {
    title: 'The members of the metadata have their types, and none that is required is missing',
    rule: 'RFC 8414 §2; RFC 9728 §2',
    stops: 'none',
  },
  issuer: { title: '`issuer` equals the name of the authorization server', rule: 'RFC 8414 §3.3', stops: 'all' },
  endpoints: { title: 'Authorization and token endpoint are there', rule: 'RFC 8414 §2', stops: 'all' },
  pkce: { title: '`code_challenge_methods_supported` has S256', rule: `${MCP}; RFC 8414 §2`, stops: 'all' },
  'public-clients': { title: '`token_endpoint_auth_methods_supported` has `none`', rule: 'RFC 8414 §2', stops: 'none' },
  'grant-types': { title: 'Codes and refresh tokens are supported', rule: 'RFC 8414 §2', stops: 'none' },
  'client-registration': { title: 'Clients can introduce themselves', rule: `${MCP}: client registration`, stops: 'none' },
  iss: { title: 'Answers name their issuer', rule: 'RFC 9207 §3', stops: 'none' },
  scopes: { title: 'The authorization server knows the scopes of the resource', rule: 'RFC 9728 §2', stops: 'none' },
  'token-endpoint': { title: 'The token endpoint answers with OAuth errors', rule: 'RFC 6749 §5.2', stops: 'all' },
  'authorization-endpoint': { title: 'The authorization endpoint answers', rule: 'RFC 6749 §3.1', stops: 'all' },
  'unknown-client': { title: 'No one is redirected for an unknown client', rule: 'RFC 6749 §4.1.2.1', stops: 'none' },
  'sign-in-page': { title: 'The sign-in page opens for each client', rule: 'RFC 6749 §4.1.1', stops: 'none' },
  register: { title: 'The registration of each client is accepted (only with --register)', rule: 'RFC 7591 §3', stops: 'none' },
  cors: { title: 'Browser clients may read metadata and tokens', rule: 'Fetch: CORS', stops: 'none' },
  preflight: { title: 'A preflight is answered without a token', rule: 'Fetch: CORS preflight', stops: 'none' },
  origin: { title: 'Pages of other sites cannot call the server', rule: `${TRANSPORT}: security`, stops: 'none' },
  'session-2025': { title: 'The handshake of 2025-11-25 works', rule: 'MCP lifecycle', stops: 'all' },
  'session-older': { title: 'Clients of older versions are answered', rule: 'MCP lifecycle', stops: 'none' },
  'session-2026': { title: 'A request of 2026-07-28 gets an answer of its era', rule: 'MCP versioning', stops: 'none' },
  'unknown-session': { title: 'An unknown session id gets 404', rule: `${TRANSPORT}: sessions`, stops: 'none' },
  tools: { title: 'The tools can be listed', rule: 'MCP tools', stops: 'none' },
  'tool-name': { title: 'Tool names are unique, plain, and at most 64 characters', rule: 'directory criteria', stops: 'none' },
  'tool-title': { title: 'Every tool has a title', rule: 'directory criteria', stops: 'none' },
  'tool-hints': { title: 'Every tool has readOnlyHint or destructiveHint', rule: 'directory criteria', stops: 'none' },
  'tool-scopes': { title: 'The hints of a tool fit its scopes', rule: 'directory criteria', stops: 'none' },
  'tool-schema': { title: 'Every tool has an inputSchema of the type object', rule: 'MCP tools', stops: 'none' },
  'static-bearer': { title: 'Users sign in; no one pastes a static token', rule: 'directory criteria', stops: 'none' },
};

/** `problem` stops a client or violates a rule, `warning` should be changed, `outage` is a missing response. */
export type Level = 'problem' | 'warning' | 'outage';

/** The place of a finding. */
export interface Place {
  readonly url: string;
  /** The name of a header. */
  readonly header?: string;
  /** The name of a member of a JSON document. */
  readonly field?: string;
}

/** A finding. */
export interface Finding {
  readonly check: CheckId;
  readonly level: Level;
  readonly where: Place;
  /** The value found there. */
  readonly found: string;
  /** The fix. */
  readonly fix: string;
  readonly rule: string;
}

/** Collects findings. */
export interface Findings {
  readonly list: readonly Finding[];
  /** Adds a finding; the same one at the same place is added once. */
  add(check: CheckId, level: Level, where: Place, found: string, fix: string): void;
  /** Records that a check was made. It has passed unless a finding was added. */
  made(check: CheckId): void;
  /** The checks that were made and have no finding. */
  passed(): readonly CheckId[];
}

/** Maximum length of a server's text within our line. */
const MAX_QUOTE = 160;

/** Makes an empty collection. @param secrets texts that no report may contain, such as the token. */
export function makeFindings(secrets: readonly string[]): Findings {
  const list: Finding[] = [];
  const made = new Set<CheckId>();
  const hidden = secrets.filter((secret) => secret !== '').toSorted((one, other) => other.length - one.length);
  const clean = (text: string): string => hidden.reduce((left, secret) => left.replaceAll(secret, '…'), printable(text));
  return {
    list,
    add(check, level, { url, ...place }, found, fix) {
      made.add(check);
      const where = { url: clean(withoutQuery(url)), ...place };
      const finding = { check, level, where, found: clean(found), fix: clean(fix), rule: CHECKS[check].rule };
      if (!list.some((one) => JSON.stringify(one) === JSON.stringify(finding))) list.push(finding);
    },
    made: (check) => void made.add(check),
    passed: () => [...made].filter((check) => !list.some((finding) => finding.check === check)),
  };
}

/** An untrusted text, on one line and shortened. */
export function quoted(text: unknown): string {
  const line = (typeof text === 'string' ? text : (JSON.stringify(text) ?? 'nothing')).replace(/\s+/g, ' ').trim();
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}

/** A URL without its query, which may contain keys. */
function withoutQuery(url: string): string {
  if (!URL.canParse(url)) return quoted(url);
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
}
