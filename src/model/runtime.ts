/**
 * What the core needs from the machine below it, as values: on Node the synchronous `node:crypto`,
 * in workerd Web Crypto. A verb may answer at once or later; callers `await` either.
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

/** Who waits for a costly piece of work: its place among others, and when it is wanted no more. */
export interface Waiter {
  readonly network: string;
  readonly signal?: AbortSignal;
}

/** The machine: clock, randomness, cryptography. */
export interface Runtime {
  /** The present second. Tests pass a clock of their own. */
  now(): Seconds;
  /** Waits between two tries of a write that others contend for. Tests pass one of their own; the machine's timer where it is absent. */
  pause?(milliseconds: number): Promise<void>;
  /**
   * Keeps the present request alive until the work has settled, though its caller may go away. Absent where nothing cuts requests off.
   * For work that must not be cut in two: what another server gave once.
   */
  waitUntil?(work: Promise<unknown>): void;
  /** That many bytes from the system's secure source. */
  random(length: number): Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes, or of the UTF-8 of a string. */
  digest(data: Uint8Array<ArrayBuffer> | string): Awaitable<Uint8Array<ArrayBuffer>>;
  /** The digest of a text as base64url, at once. Absent where `digest` and base64url are as cheap. */
  readonly digestText?: (text: string) => string;
  /** AES-256-GCM with a fresh 96-bit nonce: nonce, ciphertext, tag. @param bound authenticated, not encrypted. */
  seal(key: Uint8Array<ArrayBuffer>, plain: Uint8Array<ArrayBuffer>, bound: string): Awaitable<Uint8Array<ArrayBuffer>>;
  /** What was sealed, or null if the key, the bytes or what they are bound to do not fit. */
  open(key: Uint8Array<ArrayBuffer>, sealed: Uint8Array<ArrayBuffer>, bound: string): Awaitable<Uint8Array<ArrayBuffer> | null>;
  /** 32 bytes of scrypt. Absent where the machine has none: password sign-in then refuses to start. */
  scrypt?(password: string, salt: Uint8Array<ArrayBuffer>, cost: ScryptCost, who?: Waiter): Promise<Uint8Array<ArrayBuffer>>;
  /** Reaches public addresses only. Absent where the machine cannot promise that: client metadata documents are then off. */
  readonly fetchPublic?: FetchPublic;
}
