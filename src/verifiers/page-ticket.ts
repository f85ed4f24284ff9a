/**
 * Page tickets: state of your own consent or sign-in page, sealed and bound to the browser. A ticket does not open for another browser, or
 * for a request that was swapped in between. Nothing is stored; a ticket lasts fifteen minutes.
 */
import { base64url, fromBase64url, fromUtf8, utf8 } from '../lib/bytes.ts';
import { readCookie, writeCookie } from '../lib/http.ts';
import { parseJson } from '../lib/json.ts';
import type { Seconds } from '../model/store.ts';
import type { JsonObject } from './discovery.ts';

const TTL: Seconds = 900;
const NONCE = 12;
const MAX_DEPTH = 8;
const MAX_LENGTH = 16_384;

/** What a page needs to submit its answer. */
export interface PageTicket {
  /** For a hidden form field. */
  readonly ticket: string;
  /** For the page's `Set-Cookie` header. */
  readonly cookie: string;
}

/** Operations with one secret. */
export interface PageTickets {
  seal(request: Request, value: JsonObject): Promise<PageTicket>;
  /** What was sealed for this browser; null for another browser's, altered or expired ticket. */
  open(request: Request, ticket: string): Promise<JsonObject | null>;
}

/** Makes the operations. @param purpose of the tickets; those of another purpose do not open. */
export function makePageTickets(secret: string, purpose: string, now: () => Seconds): PageTickets {
  const keyFor = async (browser: string): Promise<CryptoKey> => {
    const digest = await crypto.subtle.digest('SHA-256', utf8(JSON.stringify(['portcullis page ticket', purpose, browser, secret])));
    return crypto.subtle.importKey('raw', digest, 'AES-GCM', false, ['encrypt', 'decrypt']);
  };
  return {
    async seal(request, value) {
      const name = cookieName(request);
      const browser = readCookie(request.headers.get('cookie'), name) ?? base64url(crypto.getRandomValues(new Uint8Array(16))); // from a page in another tab
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
        return null; // another browser's, or altered
      }
    },
  };
}

/** The `__Host-` prefix: no other host can set the cookie, and it is sent over TLS only. */
function cookieName(request: Request): string {
  return isSecure(request) ? '__Host-portcullis_page' : 'portcullis_page';
}

function isSecure({ url }: Request): boolean {
  return new URL(url).protocol === 'https:';
}
