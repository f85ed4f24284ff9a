/**
 * Runtime functions based on `node:crypto`: synchronous, which on Node is some forty times cheaper than Web Crypto
 * for small inputs. Byte-compatible with `core/web-runtime`: what one seals, the other opens.
 * Password hashes wait in a queue, so that a flood of them does not delay all sign-ins.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hash, randomFillSync, scrypt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { lazy, onAbort } from '../lib/async.ts';
import { OAuthError } from '../model/error.ts';
import type { Runtime, Waiter } from '../model/runtime.ts';
import type { Platform } from '../provider/provider.ts';

/** Of the four threads that Node has for such work, one stays for files and names. */
const MAX_HASHES = 3;
const CIPHER = 'aes-256-gcm';
// Keys go in as key objects: finding out what kind of key plain bytes are takes Node five times as long as the cipher itself.
const NONCE = 12;
const TAG = 16;

/** One system call fills this many bytes; larger reads go past the pool. */
const POOL = 4096;
const POOLED = 256;

/** A runtime on synchronous `node:crypto`, with scrypt. */
export function nodeRuntime(): Runtime {
  const random = pooledRandom();
  const hashing = makeHashQueue(Math.min(MAX_HASHES, availableParallelism()));
  return {
    fetchPublic: lazy(async () => (await import('./fetch-public.ts')).makeFetchPublic()), // brings TLS and name resolution along
    now() {
      return Math.floor(Date.now() / 1000);
    },
    random,
    digest(data) {
      return new Uint8Array(Buffer.from(hash('sha256', data, 'binary'), 'binary')); // a text on the way is half the price
    },
    digestText(text) {
      return hash('sha256', text, 'base64url');
    },
    seal(key, plain, bound) {
      const nonce = random(NONCE);
      const cipher = createCipheriv(CIPHER, createSecretKey(key), nonce);
      cipher.setAAD(Buffer.from(bound));
      const sealed = new Uint8Array(NONCE + plain.length + TAG);
      sealed.set(nonce);
      sealed.set(cipher.update(plain), NONCE);
      cipher.final(); // GCM is a stream: nothing is left to write, but the tag is made here.
      sealed.set(cipher.getAuthTag(), NONCE + plain.length);
      return sealed;
    },
    open(key, sealed, bound) {
      // The key first, so that a wrong one is an error here as in Web Crypto, however short the bytes are.
      const decipher = createDecipheriv(
        CIPHER,
        createSecretKey(key),
        sealed.length < NONCE ? new Uint8Array(NONCE) : sealed.subarray(0, NONCE),
        {
          authTagLength: TAG,
        },
      );
      if (sealed.length < NONCE + TAG) return null;
      decipher.setAAD(Buffer.from(bound));
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
      const plain = decipher.update(sealed.subarray(NONCE, sealed.length - TAG));
      return authentic(decipher) ? bytesOf(plain) : null;
    },
    scrypt(password, salt, { ln, r, p }, who) {
      const N = 2 ** ln;
      // OpenSSL refuses what needs more than `maxmem`; the need is known exactly (RFC 7914 §6), a little on top for itself.
      const maxmem = 128 * r * (N + p + 2) + 65_536;
      const hash = (): Promise<Uint8Array<ArrayBuffer>> =>
        new Promise((resolve, reject) => {
          scrypt(password, salt, 32, { N, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(bytesOf(key))));
        });
      return hashing(hash, who);
    },
  };
}

/** `final` throws for one reason only: the tag does not fit the key, the bytes or what they are bound to. */
function authentic(decipher: { final(): unknown }): boolean {
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

/** The same memory without `Buffer`'s own ideas of `slice` and `toString`. */
function bytesOf(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);
}

/** Small reads share one system call. Bytes that were returned are wiped from the pool, so that they cannot be read there later. */
function pooledRandom(): (length: number) => Uint8Array<ArrayBuffer> {
  const pool = new Uint8Array(POOL);
  let used = POOL;
  return (length) => {
    if (length > POOLED) return randomFillSync(new Uint8Array(length));
    if (used + length > POOL) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  };
}

/** Hashes that wait, of all networks together. */
const MAX_WAITING = 24;

interface Entry {
  readonly start: () => void;
  readonly fail: (error: OAuthError) => void;
}

/** Runs jobs, so many at once. */
type HashQueue = <T>(job: () => Promise<T>, who?: Waiter) => Promise<T>;

/**
 * Limits how many hashes run and wait at once: a hash takes a processor for some 50 ms. Networks take turns; a request that finds the queue full
 * gets 503, unless another network has more in the queue than its share; the work of disconnected callers is dropped.
 */
export function makeHashQueue(atOnce: number, maxWaiting: number = MAX_WAITING): HashQueue {
  /** By network; the first one is next. */
  const waiting = new Map<string, Entry[]>();
  let [running, count] = [0, 0];

  const leave = (network: string, entry: Entry): boolean => {
    const line = waiting.get(network);
    const at = line?.indexOf(entry) ?? -1;
    if (!line || at < 0) return false;
    line.splice(at, 1);
    count--;
    if (line.length === 0) waiting.delete(network);
    return true;
  };
  /** Hands a place over to who is next, or gives it back. */
  const release = (): void => {
    const [[network, line] = ['', []]] = waiting;
    const [entry] = line;
    if (!entry) return void running--;
    leave(network, entry);
    if (waiting.delete(network)) waiting.set(network, line); // behind the others
    entry.start();
  };
  /** A place for one more of this network; taken from the longest line, where that is longer than this one would be. */
  const makeRoom = (network: string): boolean => {
    if (count < maxWaiting) return true;
    const [longest] = [...waiting].toSorted(([, a], [, b]) => b.length - a.length);
    const last = longest?.[1].at(-1);
    if (!longest || !last || longest[1].length <= (waiting.get(network)?.length ?? 0) + 1) return false;
    leave(longest[0], last);
    last.fail(busy());
    return true;
  };
  const turn = async (network: string, signal: AbortSignal | undefined): Promise<void> => {
    if (signal?.aborted) throw gone();
    if (!makeRoom(network)) throw busy();
    let forget = (): void => {};
    await new Promise<void>((start, fail) => {
      const entry: Entry = { start, fail };
      const line = waiting.get(network);
      if (line) line.push(entry);
      else waiting.set(network, [entry]);
      count++;
      if (signal) forget = onAbort(signal, () => leave(network, entry) && fail(gone()));
    }).finally(() => forget());
  };

  return async (job, who) => {
    if (running < atOnce) running++;
    else await turn(who?.network ?? '', who?.signal);
    try {
      return await job();
    } finally {
      release();
    }
  };
}

function busy(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'hashing_busy', {
    hint: 'Too many people sign in at this moment. Try again in a few seconds.',
    headers: { 'retry-after': '3' },
  });
}

function gone(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'caller_left');
}

/** The runtime as a provider needs it: Node's own machine, and the address that `serve` found. */
export const nodePlatform: Platform = { runtime: nodeRuntime(), address: (_request, ctx) => ctx.address };
