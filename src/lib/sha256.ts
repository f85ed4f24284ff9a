/**
 * Synchronous SHA-256 (FIPS 180-4), for the stylesheets in a Content-Security-Policy, where the code cannot await.
 * Never for secrets and never on a hot path: use the runtime's digest there.
 */
import { utf8 } from './bytes.ts';

const ROUNDS = 64;
const PRIMES = primes(ROUNDS);
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const ROUND = PRIMES.map((prime) => fraction(Math.cbrt(prime)));

/** The 32 bytes of a text's digest. */
export function sha256(text: string): Uint8Array {
  const words = padded(utf8(text));
  const state = Int32Array.from(START);
  const schedule = new Int32Array(ROUNDS);
  for (let block = 0; block < words.length; block += 16) {
    for (let at = 0; at < ROUNDS; at++) {
      schedule[at] = at < 16 ? (words[block + at] ?? 0) : extended(schedule, at);
    }
    compress(state, schedule);
  }
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (const [at, word] of state.entries()) view.setInt32(at * 4, word);
  return bytes;
}

function compress(state: Int32Array, schedule: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let at = 0; at < ROUNDS; at++) {
    const one = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const first = (h + one + ((e & f) ^ (~e & g)) + (ROUND[at] ?? 0) + (schedule[at] ?? 0)) | 0;
    const zero = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const second = (zero + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [at, word] of [a, b, c, d, e, f, g, h].entries()) state[at] = (state[at] ?? 0) + word;
}

function extended(schedule: Int32Array, at: number): number {
  const [early, late] = [schedule[at - 15] ?? 0, schedule[at - 2] ?? 0];
  const zero = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
  const one = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
  return ((schedule[at - 16] ?? 0) + zero + (schedule[at - 7] ?? 0) + one) | 0;
}

/** The padded message as big-endian words: a one bit, zeros, and the length. */
function padded(bytes: Uint8Array): Int32Array {
  const all = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  all.set(bytes);
  all[bytes.length] = 128;
  const view = new DataView(all.buffer);
  view.setUint32(all.length - 4, bytes.length * 8);
  return Int32Array.from({ length: all.length / 4 }, (_, at) => view.getInt32(at * 4));
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The first 32 fractional bits. */
function fraction(root: number): number {
  return Math.floor((root % 1) * 2 ** 32) | 0;
}

function primes(count: number): readonly number[] {
  const found: number[] = [];
  for (let number = 2; found.length < count; number++) if (found.every((prime) => number % prime !== 0)) found.push(number);
  return found;
}
