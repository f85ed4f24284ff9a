/**
 * Redirect URIs: which may be registered, and whether a requested one is registered. Compared as raw text before any parser can normalize
 * them. Of a loopback URI the port may differ (RFC 8252 §7.3, OAuth 2.1 §2.3.1), and the slash of an empty path, which VS Code once left out.
 */
import { parseLoopback, parseUrl } from '../lib/url.ts';
import { OAuthError } from './error.ts';

declare const valid: unique symbol;
/** A redirect URI that is registered for the request's client. Errors may be sent there, and nowhere else. */
export type ValidRedirect = string & { readonly [valid]: true };

const URI_SIGNS = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;
const NEVER = /^(javascript|data|vbscript|file|blob|about|filesystem|mailto|view-source|ws|wss|ftp):/i;
const PRIVATE_USE = /^[a-z][a-z0-9+.-]*:/;
const RESERVED = new Set(['code', 'state', 'iss', 'error', 'error_description']);
const MAX_LENGTH = 2048;

/** Whether a scheme is forbidden for redirects: web, file and script schemes. */
export function isForbiddenScheme(scheme: string): boolean {
  return NEVER.test(`${scheme}:`) || /^https?$/.test(scheme);
}

/** Kind of a redirect URI. */
export type RedirectKind = 'https' | 'loopback' | 'private-use';

/**
 * Private-use schemes of known clients (a deliberate deviation from MCP, which allows https and loopback only). Any program can claim a
 * scheme, so the code alone proves nothing there: PKCE, which is always required, binds it to the program that started the request.
 */
export const KNOWN_SCHEMES: readonly string[] = [
  'antigravity', 'claude', 'cursor', 'goose', 'kiro', 'lmstudio', 'mcpjam', 'raycast', 'trae', 'vscode', 'vscode-insiders', 'vscodium', 'warp',
  'windsurf', 'workbuddy', 'zed',
]; // prettier-ignore

/**
 * Whether a private-use redirect URI may be used: its scheme is known, or is a reversed domain name (RFC 8252 §7.1).
 *
 * @param schemes known schemes; if empty, private-use schemes are off.
 */
export function isUsableScheme(uri: string, schemes: readonly string[] = KNOWN_SCHEMES): boolean {
  const scheme = uri.slice(0, uri.indexOf(':'));
  return schemes.length > 0 && (schemes.includes(scheme) || /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$/.test(scheme));
}

/** Where an answer goes, as shown on pages: a host, or the scheme of a program on this computer. */
export function redirectLabel(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  if (/^https?:$/.test(protocol)) return host;
  return host === '' ? protocol : `${protocol}//${host}`;
}

/**
 * The kind of a redirect URI.
 * Any private-use scheme may be registered; {@link findRedirect} uses only those that {@link isUsableScheme} accepts.
 *
 * @throws {OAuthError} `invalid_redirect_uri` if it cannot be registered.
 */
export function checkRedirectUri(text: string): RedirectKind {
  const refuse = (reason: string): never => {
    throw new OAuthError('invalid_redirect_uri', reason);
  };
  if (text.length > MAX_LENGTH || !URI_SIGNS.test(text)) return refuse('redirect_malformed');
  if (NEVER.test(text)) return refuse('redirect_scheme');
  if (text.includes('#')) return refuse('redirect_fragment');
  const url = parseUrl(text);
  if (!url) return refuse('redirect_malformed');
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/\/[^/?]*@/i.test(text)) return refuse('redirect_userinfo');
  if ([...url.searchParams.keys()].some((name) => RESERVED.has(name))) return refuse('redirect_reserved_parameter');
  if (/^https:\/\/[^/?]/.test(text)) return 'https';
  if (parseLoopback(text)) return 'loopback';
  if (/^https?:/i.test(text) || !PRIVATE_USE.test(text)) return refuse('redirect_insecure');
  return 'private-use';
}

/** The members of a client that decide on redirects. */
export interface RedirectClient {
  readonly redirectUris: readonly string[];
  readonly applicationType: 'native' | 'web';
}

/**
 * The redirect URI of a request.
 *
 * @param requested as sent; may be absent if exactly one is registered (OAuth 2.1 §2.3.2).
 * @param schemes accepted private-use schemes.
 * @throws {OAuthError} `invalid_request`: show it on a page, never redirect.
 */
export function findRedirect(client: RedirectClient, requested: string | undefined, schemes?: readonly string[]): ValidRedirect {
  const wanted = requested ?? (client.redirectUris.length === 1 ? client.redirectUris[0] : undefined);
  if (wanted === undefined)
    throw new OAuthError('invalid_request', 'redirect_missing', { hint: 'Send redirect_uri: the client has registered several.' });
  if (!client.redirectUris.some((registered) => matches(registered, wanted, client.applicationType))) {
    throw new OAuthError('invalid_request', 'redirect_unregistered', { hint: 'The redirect_uri is not registered for this client.' });
  }
  const kind = kindOrNull(wanted); // also for clients stored before a rule existed
  const isSchemeGood = kind !== 'private-use' || isUsableScheme(wanted, schemes);
  if (kind === null || !isSchemeGood || (kind === 'loopback' && client.applicationType === 'web')) {
    throw new OAuthError('invalid_request', 'redirect_unusable', {
      hint: 'The redirect_uri must be https, http on localhost, 127.0.0.1 or [::1], or of a scheme that this server knows.',
    });
  }
  return wanted as ValidRedirect;
}

function matches(registered: string, wanted: string, type: 'native' | 'web'): boolean {
  if (registered === wanted) return true;
  if (type === 'web') return false;
  const [a, b] = [parseLoopback(registered), parseLoopback(wanted)];
  return a !== null && b !== null && a.host === b.host && a.rest === b.rest;
}

function kindOrNull(text: string): RedirectKind | null {
  try {
    return checkRedirectUri(text);
  } catch (error) {
    if (error instanceof OAuthError) return null;
    throw error;
  }
}

/**
 * Adds response parameters to a redirect URI. Its own query is kept unchanged, and each parameter appears once.
 *
 * @see RFC 6749 §4.1.2, RFC 9207 §2
 */
export function answerTo(redirect: ValidRedirect, parameters: { readonly [name: string]: string | undefined }): string {
  const query = Object.entries(parameters)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  if (!redirect.includes('?')) return `${redirect}?${query}`;
  const isOpen = redirect.endsWith('&') || redirect.indexOf('?') === redirect.length - 1; // a second "?" is part of a name
  return isOpen ? redirect + query : `${redirect}&${query}`;
}
