/**
 * Safe fetch: reads a small JSON document or image at an untrusted URL without disclosing anything. This file has the rules that
 * do not depend on the platform; {@link FetchPublic} guarantees that only public addresses are reached
 * (docs/decisions/0007).
 */
import { isDownStatus, mediaTypeOf, readBytes, readStream, withoutByteOrderMark } from './http.ts';

/** A GET that reaches public addresses only, follows no redirect, and sends no cookie or credential. Rejects when it cannot. */
export type FetchPublic = (
  url: string,
  init: { readonly signal: AbortSignal; readonly headers: { readonly [name: string]: string } },
) => Promise<Response>;

/** Limits of a fetch. */
export interface FetchLimits {
  /** Maximum bytes of the decoded body. */
  readonly bytes: number;
  /** Maximum time in total: DNS, connection, headers, body. */
  readonly milliseconds: number;
}

/** A document, or why there is none: a client cannot distinguish network errors (SEC-104). The reason is for the operator only. */
export type SafeAnswer =
  | { readonly text: string; readonly headers: Headers }
  | {
      readonly problem: 'unreachable' | 'late' | 'status' | 'media_type' | 'too-large' | 'malformed';
      /** Status of a response other than 200. */
      readonly status?: number;
      readonly cause?: unknown;
    };

/** Whether the failure may be temporary: the network, the host or a firewall failed, which tells nothing about the document. */
export function isHostDown(answer: SafeAnswer): boolean {
  if (!('problem' in answer)) return false;
  const { problem, status = 0 } = answer;
  return problem === 'unreachable' || problem === 'late' || status === 403 || isDownStatus(status);
}

/** Reads the JSON document at a URL that `isDocumentUrl` accepted. Never rejects. */
export type SafeFetch = (url: string, limits: FetchLimits) => Promise<SafeAnswer>;

/** Reads the bytes at such a URL; null if there is no answer of 200 within the limits. Never rejects. The caller checks what they are. */
export type SafeImageFetch = (url: string, limits: FetchLimits) => Promise<Uint8Array<ArrayBuffer> | null>;

/** Adds the rules to a runtime's fetch: only 200, only JSON, limited in size and time. */
export function makeSafeFetch(fetchPublic: FetchPublic): SafeFetch {
  return (url, { bytes, milliseconds }) =>
    inTime<SafeAnswer>(milliseconds, { problem: 'late' }, (signal) => readDocument(fetchPublic, url, bytes, signal));
}

/** The same rules for an image. */
export function makeSafeImageFetch(fetchPublic: FetchPublic): SafeImageFetch {
  return (url, { bytes, milliseconds }) =>
    inTime(milliseconds, null, async (signal) => {
      try {
        const { status, body } = await fetchPublic(url, { signal, headers: { accept: 'image/png, image/jpeg, image/webp, image/gif' } });
        return status === 200 && body ? await readBytes(body, bytes) : null;
      } catch {
        return null;
      }
    });
}

async function inTime<T>(milliseconds: number, late: T, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const over = new Promise<T>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(late));
  });
  const timer = setTimeout(() => stop.abort(), milliseconds);
  try {
    return await Promise.race([work(stop.signal), over]);
  } finally {
    clearTimeout(timer);
    stop.abort(); // also closes the connection if the body is not read to its end
  }
}

async function readDocument(fetchPublic: FetchPublic, url: string, bytes: number, signal: AbortSignal): Promise<SafeAnswer> {
  try {
    const response = await fetchPublic(url, { signal, headers: { accept: 'application/json' } });
    if (response.status !== 200) return { problem: 'status', status: response.status }; // also a redirect
    if (!/^application\/([\w.-]+\+)?json$/.test(mediaTypeOf(response.headers))) return { problem: 'media_type' };
    const body = response.body ? await readStream(response.body, bytes) : { text: '' };
    return 'problem' in body ? body : { text: withoutByteOrderMark(body.text), headers: response.headers };
  } catch (cause) {
    return { problem: 'unreachable', cause };
  }
}
