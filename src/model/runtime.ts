/**
 * Runtime: what the core needs from the platform, as values: on Node synchronous `node:crypto`, in workerd Web Crypto. Results may be
 * synchronous or promises; callers `await` either.
 */
import type { FetchPublic } from '../lib/safe-fetch.ts';
import type { Seconds } from './store.ts';

/** A value now or later. */
export type Awaitable<T> = T | Promise<T>;

/** Cost parameters of scrypt (RFC 7914 §2). */
export interface ScryptCost {
  /** log2 of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** The request that waits for expensive work: its network, for a fair queue, and a signal to cancel. */
export interface Waiter {
  readonly network: string;
  readonly signal?: AbortSignal;
}

/** Clock, randomness and cryptography of the platform. */
export interface Runtime {
  /** The current time in seconds. Tests pass their own clock. */
  now(): Seconds;
  /** Waits between two attempts of a contended write. Tests pass their own; the platform's timer if absent. */
  pause?(milliseconds: number): Promise<void>;
  /**
   * Keeps the request alive until the work has settled, even if the caller disconnects. Absent if requests are never cancelled. For work that
   * must not be interrupted, such as storing a rotated refresh token.
   */
  waitUntil?(work: Promise<unknown>): void;
  /** Cryptographically secure random bytes. */
  random(length: number): Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes, or of the UTF-8 of a string. */
  digest(data: Uint8Array<ArrayBuffer> | string): Awaitable<Uint8Array<ArrayBuffer>>;
  /** The digest of a text as base64url, synchronously. Absent if `digest` and base64url are as fast. */
  readonly digestText?: (text: string) => string;
  /** AES-256-GCM with a random 96-bit nonce: nonce, ciphertext, tag. @param bound additional data: authenticated, not encrypted. */
  seal(key: Uint8Array<ArrayBuffer>, plain: Uint8Array<ArrayBuffer>, bound: string): Awaitable<Uint8Array<ArrayBuffer>>;
  /** Decrypts; null if key, bytes or `bound` do not match. */
  open(key: Uint8Array<ArrayBuffer>, sealed: Uint8Array<ArrayBuffer>, bound: string): Awaitable<Uint8Array<ArrayBuffer> | null>;
  /** scrypt with 32 bytes of output. Absent if the platform has none: password sign-in then refuses to start. */
  scrypt?(password: string, salt: Uint8Array<ArrayBuffer>, cost: ScryptCost, who?: Waiter): Promise<Uint8Array<ArrayBuffer>>;
  /** Fetches from public addresses only. Absent if the platform cannot guarantee that: client metadata documents are then off. */
  readonly fetchPublic?: FetchPublic;
}
