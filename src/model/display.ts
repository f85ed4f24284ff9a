/**
 * What pages show of the server, of clients and of other sites: name, look and logo of the server, made from the options once, at start-up; names and
 * links that a client says of itself, also in other languages (RFC 7591 §2.2), of which nothing depends, so that an odd value is left out; and the
 * marks of other sites on buttons.
 */
import type { Html } from '../lib/html.ts';
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

/** A stylesheet with its Content-Security-Policy source, the SHA-256 of the text. */
export interface Sheet {
  readonly text: string;
  readonly source: string;
}

/** Name and look of the pages. */
export interface Brand {
  readonly name: string;
  /** A path on this site, a `data:` URL, or an https URL, whose origin the policy then names. */
  readonly logo?: string;
  /** The built-in stylesheet by default. */
  readonly sheet?: Sheet;
  /** Replacements for the content of the card, by page name. */
  readonly templates?: { readonly [page: string]: ((view: never, ours: Html) => Html) | undefined };
}

/** A mark, as path data only, so that no page loads one from another site. SVG path data in a box of 24 by 24: one path in the colour of the text, or a path for each colour. */
export type Icon = string | { readonly [colour: string]: string };

/** Colours and paths of an icon. */
export function pathsOf(icon: Icon): [colour: string, path: string][] {
  return Object.entries(typeof icon === 'string' ? { currentColor: icon } : icon);
}

/** @throws {TypeError} for what is no path data, such as a URL or a whole SVG. */
export function checkIcon(owner: string, icon: Icon | undefined): void {
  if (icon !== undefined && !pathsOf(icon).every(([, path]) => /^M[\d\s,.a-z+-]+$/i.test(path)))
    throw new TypeError(`${owner}: \`icon\` must be SVG path data in a box of 24 by 24, such as "M4 4h16v16H4z".`);
}
