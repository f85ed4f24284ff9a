/**
 * Page ticket: what a page of yours began, sealed, and bound to the browser that it was shown to. A request that was swapped between the
 * page and the answer, or an answer in another browser, has no good ticket. Nothing is stored; a ticket lasts fifteen minutes.
 */
import { base64url, fromBase64url } from '../lib/base64url.ts';
import { fromUtf8, utf8 } from '../lib/bytes.ts';
import { readCookie, writeCookie } from '../lib/cookie.ts';
import { parseJson } from '../lib/json.ts';
import type { Seconds } from '../model/store.ts';
import type { JsonObject } from './fetch-json.ts';

const TTL: Seconds = 900;
const NONCE = 12;
const MAX_DEPTH = 8;
const MAX_LENGTH = 16_384;

/** What a page needs to come back with an answer. */
export interface PageTicket {
  /** For a hidden field of the form. */
  readonly ticket: string;
  /** For the `Set-Cookie` header of the page. */
  readonly cookie: string;
}

/** The verbs over one secret. */
export interface PageTickets {
  seal(request: Request, value: JsonObject): Promise<PageTicket>;
  /** What was sealed for this browser; null for a ticket of another one, a changed one, or one that is over. */
  open(request: Request, ticket: string): Promise<JsonObject | null>;
}

/** Makes them. @param purpose what the tickets are for; those of another purpose do not open. */
export function makePageTickets(secret: string, purpose: string, now: () => Seconds): PageTickets {
  const keyFor = async (browser: string): Promise<CryptoKey> => {
    const digest = await crypto.subtle.digest('SHA-256', utf8(JSON.stringify(['portcullis page ticket', purpose, browser, secret])));
    return crypto.subtle.importKey('raw', digest, 'AES-GCM', false, ['encrypt', 'decrypt']);
  };
  return {
    async seal(request, value) {
      const name = cookieName(request);
      const browser = readCookie(request.headers.get('cookie'), name) ?? base64url(crypto.getRandomValues(new Uint8Array(16))); // of a page in another tab
      const iv = crypto.getRandomValues(new Uint8Array(NONCE));
      const plain = utf8(JSON.stringify({ value, until: now() + TTL }));
      const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await keyFor(browser), plain));
      const cookie = writeCookie(name, browser, { maxAge: TTL, secure: isSecure(request) });
      return { ticket: base64url(Uint8Array.from([...iv, ...sealed])), cookie };
    },
    async open(request, ticket) {
      const browser = readCookie(request.headers.get('cookie'), cookieName(request));
      const bytes = ticket.length > MAX_LENGTH ? null : fromBase64url(ticket);
      if (browser === undefined || !bytes) return null;
      try {
        const iv = bytes.subarray(0, NONCE);
        const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, await keyFor(browser), bytes.subarray(NONCE));
        const { value, until } = parseJson(fromUtf8(new Uint8Array(plain)), MAX_DEPTH) as { value: JsonObject; until: Seconds };
        return until > now() ? value : null;
      } catch {
        return null; // sealed for another browser, or changed
      }
    },
  };
}

/** No other host can set a cookie of this name; a browser takes it over TLS only. */
function cookieName(request: Request): string {
  return isSecure(request) ? '__Host-portcullis_page' : 'portcullis_page';
}

function isSecure({ url }: Request): boolean {
  return new URL(url).protocol === 'https:';
}
