/**
 * Links: secrets that are sent to somebody, good once and for a while. Kept by hash; what they carry is sealed under them.
 */
import type { Json, Seconds } from './store.ts';

/** The verbs. */
export interface Links {
  /** Makes one. @param kind what it is for; a link is good for nothing else. */
  make(kind: string, carries: Json, ttl: Seconds): Promise<string>;
  /** What a link carries, for as long as it is good; null for any other text. Changes nothing. */
  find(kind: string, secret: string): Promise<Json | null>;
  /** Spends a link: true for exactly one caller. */
  take(kind: string, secret: string): Promise<boolean>;
}
