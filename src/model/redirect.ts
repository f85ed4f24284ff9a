/**
 * Redirect URIs: which may be registered, and whether a requested one is registered. Compared as raw text,
 * before any parser can repair them; only the port of a loopback URI may differ (RFC 8252 §7.3, OAuth 2.1 §2.3.1).
 */
import { parseLoopback, parseUrl } from '../lib/url.ts';
import { OAuthError } from './error.ts';

declare const valid: unique symbol;
/** A redirect URI that was found registered for the client of the request. Errors may be sent there, and nowhere else. */
export type ValidRedirect = string & { readonly [valid]: true };

const URI_SIGNS = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;
const NEVER = /^(javascript|data|vbscript|file|blob|about|filesystem|mailto|view-source|ws|wss|ftp):/i;
const PRIVATE_USE = /^[a-z][a-z0-9+.-]*:/;
const RESERVED = new Set(['code', 'state', 'iss', 'error', 'error_description']);
const MAX_LENGTH = 2048;

/** Whether a scheme is one that no redirect may have: of the web, of files, or one that runs what stands in it. */
export function isNeverScheme(scheme: string): boolean {
  return NEVER.test(`${scheme}:`) || /^https?$/.test(scheme);
}

/** What a registered redirect URI is good for. */
export type RedirectKind = 'https' | 'loopback' | 'private-use';

/**
 * Schemes of clients that are known to use one (a stated deviation from MCP, which has https and loopback alone). Any program on a computer
 * can claim a scheme, so the code alone proves nothing there: PKCE, which every request needs, keeps it with the program that asked.
 */
export const KNOWN_SCHEMES: readonly string[] = [
  'claude', 'cursor', 'goose', 'kiro', 'lmstudio', 'raycast', 'vscode', 'vscode-insiders', 'vscodium', 'warp', 'windsurf', 'zed',
]; // prettier-ignore

/**
 * Whether a private-use redirect URI may be used: of a known scheme, or one that is a domain name turned round (RFC 8252 §7.1).
 *
 * @param schemes the known ones; with none of them no private-use scheme is good.
 */
export function isUsableScheme(uri: string, schemes: readonly string[] = KNOWN_SCHEMES): boolean {
  const scheme = uri.slice(0, uri.indexOf(':'));
  return schemes.length > 0 && (schemes.includes(scheme) || /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$/.test(scheme));
}

/** Where an answer goes, as pages show it: a host, or the scheme by which a program on this computer is opened. */
export function shownPlace(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  if (/^https?:$/.test(protocol)) return host;
  return host === '' ? protocol : `${protocol}//${host}`;
}

/**
 * Tells what kind of redirect URI a text is, or refuses it.
 * Any private-use scheme may stand in a registration; {@link findRedirect} uses only those that {@link isUsableScheme} names.
 *
 * @throws {OAuthError} `invalid_redirect_uri` for every other form.
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

/** What of a client decides over its redirects. */
export interface Redirecting {
  readonly redirectUris: readonly string[];
  readonly applicationType: 'native' | 'web';
}

/**
 * The redirect URI that a request may use.
 *
 * @param requested as sent; absent is allowed where exactly one is registered (OAuth 2.1 §2.3.2).
 * @param schemes private-use schemes that are good.
 * @throws {OAuthError} `invalid_request`: answer it with a page, never with a redirect.
 */
export function findRedirect(client: Redirecting, requested: string | undefined, schemes?: readonly string[]): ValidRedirect {
  const wanted = requested ?? (client.redirectUris.length === 1 ? client.redirectUris[0] : undefined);
  if (wanted === undefined)
    throw new OAuthError('invalid_request', 'redirect_missing', { hint: 'Send redirect_uri: the client has registered several.' });
  if (!client.redirectUris.some((registered) => matches(registered, wanted, client.applicationType))) {
    throw new OAuthError('invalid_request', 'redirect_unregistered', { hint: 'The redirect_uri is not registered for this client.' });
  }
  const kind = kindOrNull(wanted); // also for rows stored before a rule came
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
 * The redirect URI with answer parameters added: a query it already has stays as it is, each parameter stands once.
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
