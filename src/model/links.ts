/**
 * One-time links sent to a user. Stored by hash; their content is sealed under their secret.
 */
import type { Json, Seconds } from './store.ts';

/** Operations on links. */
export interface Links {
  /** Makes a link. @param kind what it is for; it works for nothing else. @param ttl in seconds. */
  make(kind: string, carries: Json, ttl: Seconds): Promise<string>;
  /** The content of a valid link, or null. Changes nothing. */
  find(kind: string, secret: string): Promise<Json | null>;
  /** Uses a link: true for exactly one caller. */
  take(kind: string, secret: string): Promise<boolean>;
}
