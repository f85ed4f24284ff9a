/**
 * Session store: the records of one session, in the store of its user. A label and a key are derived from the session id; each record is sealed
 * with the key and stored under a hash of label, user and resource. A caller who has only the label can delete the session, but read nothing.
 * The id itself is not stored. A stolen store cannot be read, and a session id used by another user finds none of these records.
 */
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../lib/bytes.ts';
import type { Json, Seconds, Version } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';

/** The records of one session. */
export interface SessionStore {
  /** Identifies the session where its id must not appear. */
  readonly label: string;
  /** Null if there is no record under that name, or it does not belong to this session. */
  read<T extends Json>(name: string): Promise<{ readonly value: T; readonly version: Version } | null>;
  /** @returns the new version; null, and no change, if the stored version is not `since`. @throws {TypeError} if the value is too large. */
  write(name: string, value: Json, since: Version | null, ttl?: Seconds): Promise<Version | null>;
  /** Deletes a record. @returns true for exactly one caller. */
  remove(name: string, since?: Version): Promise<boolean>;
  /** The server's current time in seconds. */
  now(): Seconds;
}

/** Maximum characters of JSON in a record, before it is sealed and written as base64url. */
export const MAX_RECORD_BYTES = 190_000;
const IV_BYTES = 12;
const KEY_BYTES = 32;
const LABEL_BYTES = 16;

/** Opens the store of one of the caller's sessions. */
export async function sessionStoreOf(id: string, states: UserStates): Promise<SessionStore> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-512', utf8(`portcullis mcp-session\n${id}`)));
  const key = await crypto.subtle.importKey('raw', bytes.subarray(0, KEY_BYTES), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const label = base64url(bytes.subarray(KEY_BYTES, KEY_BYTES + LABEL_BYTES));
  const handleOf = (name: string): string => handleIn(label, name);
  return {
    label,
    async read<T extends Json>(name: string) {
      const stored = await states.read(handleOf(name));
      const bytes = typeof stored?.value === 'string' ? fromBase64url(stored.value) : null;
      if (!stored || !bytes) return null;
      const text = await opened(key, bytes, name);
      return text === null ? null : { value: JSON.parse(text) as T, version: stored.version };
    },
    async write(name, value, since, ttl) {
      const text = JSON.stringify(value);
      if (text.length > MAX_RECORD_BYTES)
        throw new TypeError(`What is kept for a session may have ${MAX_RECORD_BYTES} characters of JSON.`);
      return states.write(handleOf(name), base64url(await sealed(key, text, name)), since, ttl);
    },
    remove: (name, since) => states.remove(handleOf(name), since),
    now: () => states.now(),
  };
}

/** The handle, among the states of its user, of a record of the session with that label. */
export function handleIn(label: string, name: string): string {
  return `mcp-session ${label} ${name}`;
}

async function sealed(key: CryptoKey, text: string, name: string): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(name) }, key, utf8(text));
  const bytes = new Uint8Array(IV_BYTES + box.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(box), IV_BYTES);
  return bytes;
}

/** Null if the bytes were not sealed with this key under this name. */
async function opened(key: CryptoKey, bytes: Uint8Array<ArrayBuffer>, name: string): Promise<string | null> {
  const [iv, box] = [bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES)];
  try {
    return fromUtf8(new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: utf8(name) }, key, box)));
  } catch {
    return null; // GCM gives no other reason
  }
}
