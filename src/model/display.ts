/**
 * What a client says of itself for pages: names and links, also in other languages (RFC 7591 §2.2). Nothing depends on it, so an odd value is
 * left out.
 */
import { isReadable } from '../lib/untrusted-text.ts';
import { isLoopbackHost, parseUrl } from '../lib/url.ts';
import type { Client } from './client.ts';

/** The longest name. */
const MAX_NAME_LENGTH = 200;
/** The longest link. */
export const MAX_URI_LENGTH = 2048;
/** Names and links in other languages; further ones are ignored. */
const MAX_NAMES = 32;
const LOCALIZED = /^(client_name|(?:client|logo|policy|tos)_uri)#([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4})$/;

/** Names and links in other languages (RFC 7591 §2.2): `client_name#ja`, `tos_uri#fr`. */
export function localizedOf(given: Iterable<readonly [member: string, value: unknown]>): Pick<Client, 'names' | 'links'> {
  const [names, links]: [Map<string, string>, Map<string, string>] = [new Map(), new Map()];
  for (const [member, value] of given) {
    const [, kind, language = ''] = LOCALIZED.exec(member) ?? [];
    if (kind === undefined || typeof value !== 'string') continue;
    if (kind !== 'client_name' && webUriOf(value) !== undefined && links.size < MAX_NAMES) links.set(member, value);
    if (kind === 'client_name' && isShortText(value) && names.size < MAX_NAMES) names.set(language.toLowerCase(), value);
  }
  return {
    ...(names.size > 0 ? { names: Object.fromEntries(names) } : {}),
    ...(links.size > 0 ? { links: Object.fromEntries(links) } : {}),
  };
}

/** A readable text of a length that fits on a page. */
export function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH && isReadable(value);
}

/** A link for pages; undefined if it is not a URL, or could only harm users. */
export function webUriOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_URI_LENGTH || /[\s\\]/.test(value)) return undefined;
  const url = parseUrl(value);
  const isShown = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && !isPrivateHost(url.hostname);
  return isShown ? value : undefined;
}

/** Private addresses, meaningless outside. Nothing is fetched from these members; this keeps hostile links off pages and logs. */
function isPrivateHost(host: string): boolean {
  return !isLoopbackHost(host) && /^(\[|0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host);
}
