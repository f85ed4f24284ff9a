/**
 * Opened: the props that good tokens have opened lately, so that a token that calls again and again costs one digest instead of a
 * decryption each time. Nothing is decided here: every call still reads the grant, and an entry counts only while the very token,
 * wrapped key and ciphertext that made it stand in the grant. Text, not objects: whoever gets props may change them.
 */
import type { Wrapped } from '../model/grant.ts';

/** Entries kept; the oldest give way. */
const MOST = 1000;
/** Characters of JSON beyond which nothing is kept. */
const LONGEST = 4096;

/** What tokens opened. */
export interface Opened {
  /** The JSON text that this token, so wrapped, opened from this ciphertext; or undefined. */
  find(token: Wrapped, sealed: string): string | undefined;
  keep(token: Wrapped, sealed: string, text: string): void;
}

/** An empty memory. */
export function makeOpened(): Opened {
  const entries = new Map<string, { readonly wrappedKey: string; readonly sealed: string; readonly text: string }>();
  return {
    find({ hash, wrappedKey }, sealed) {
      const entry = entries.get(hash);
      return entry?.sealed === sealed && entry.wrappedKey === wrappedKey ? entry.text : undefined;
    },
    keep({ hash, wrappedKey }, sealed, text) {
      if (text.length > LONGEST) return;
      if (entries.size >= MOST) for (const oldest of entries.keys()) if (entries.delete(oldest)) break;
      entries.set(hash, { wrappedKey, sealed, text });
    },
  };
}
