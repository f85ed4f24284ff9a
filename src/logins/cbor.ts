/**
 * CBOR, checked before it is decoded (RFC 8949): whether bytes are a given number of well-formed items with nothing after them,
 * limited in depth and number. The decoder recurses and trusts lengths, so it only gets bytes that passed this check (SEC-164).
 */

/** More levels than any attestation or key in use: those have three. */
const MAX_DEPTH = 8;
/** An attestation without certificates has some twenty items. */
const MAX_ITEMS = 256;

/** Whether bytes, from `start` on, are exactly `count` items of CBOR with definite lengths. Reads no byte twice. */
export function isPlainCbor(bytes: Uint8Array, start: number, count: number): boolean {
  return endOfCbor(bytes, start, count) === bytes.length;
}

/** Where that many items end; -1 if they are not well-formed, too deep or too many. */
export function endOfCbor(bytes: Uint8Array, start: number, count: number): number {
  const open = [count]; // how many items are still to come, for each level
  let [at, items] = [start, 0];
  while (open.length > 0) {
    const left = open.at(-1) ?? 0;
    if (left === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1] = left - 1;
    const head = readHead(bytes, at);
    if (!head || ++items > MAX_ITEMS) return -1;
    at = head.end;
    if (head.major === BYTES || head.major === TEXT) at += head.argument;
    if (at > bytes.length) return -1;
    const inner = innerItems(head);
    if (inner > MAX_ITEMS || (inner > 0 && open.push(inner) > MAX_DEPTH)) return -1;
  }
  return at;
}

const [BYTES, TEXT, ARRAY, MAP, TAG] = [2, 3, 4, 5, 6];

interface Head {
  readonly major: number;
  readonly argument: number;
  readonly end: number;
}

function innerItems({ major, argument }: Head): number {
  if (major === ARRAY) return argument;
  if (major === MAP) return argument * 2;
  return major === TAG ? 1 : 0;
}

/** The first byte and the argument behind it; null for the reserved and the indefinite ones, which CTAP2 does not use. */
function readHead(bytes: Uint8Array, at: number): Head | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const short = first & 31;
  if (short < 24) return { major: first >> 5, argument: short, end: at + 1 };
  if (short > 27) return null;
  const length = 1 << (short - 24);
  if (at + 1 + length > bytes.length) return null;
  let argument = 0;
  for (let next = at + 1; next <= at + length; next++) argument = argument * 256 + (bytes[next] ?? 0);
  return { major: first >> 5, argument, end: at + 1 + length };
}
