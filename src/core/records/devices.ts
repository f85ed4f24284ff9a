/**
 * Device authorization requests (RFC 8628): from the two codes to the answer. The device holds the device code, the user types the user
 * code. The answer is encrypted to a key whose private part only the device code opens, so read access to the store redeems nothing.
 */
import { CompactEncrypt, compactDecrypt, exportJWK, generateKeyPair, type JWK } from 'jose';
import { base64url, fromUtf8, utf8 } from '../../lib/bytes.ts';
import { changeRecord, has, readRecord, untilDone, type Versioned, versioned } from '../../model/record.ts';
import type { Jwk } from '../../model/key-set.ts';
import { isOutage } from '../../model/error.ts';
import type { RequestedScope } from '../../model/scope.ts';
import type { Seconds } from '../../model/store.ts';
import { DEVICE_TTL } from '../../model/pending-authorization.ts';
import type { AuthServer } from '../auth-server.ts';

/** What a device requests. */
export type DeviceRequest = RequestedScope & {
  readonly clientId: string;
  readonly resource: string;
};

/** A stored device authorization request. */
export type DeviceRecord = DeviceRequest & {
  readonly v: 1;
  /** Binds the grant's code to the device code, from which it is derived. */
  readonly challenge: string;
  readonly publicKey: Jwk;
  readonly sealedKey: string;
  readonly interval: Seconds;
  readonly polledAt: Seconds;
  /** Null until the user decides. */
  readonly answer: 'denied' | { readonly sealedCode: string } | null;
  /** Hash of the id of the form that answered. */
  readonly answeredBy?: string;
  readonly expiresAt: Seconds;
};

/** Result of a poll. */
export type PollResult =
  | 'malformed'
  | 'unknown'
  | 'foreign'
  | 'pending'
  | 'slow_down'
  | 'denied'
  | 'expired'
  | { readonly code: string; readonly challenge: string; readonly hash: string };

/** Seconds between two polls, and the increase for each poll that comes too early (RFC 8628 §3.5). */
export const INTERVAL: Seconds = 5;
const MAX_INTERVAL: Seconds = 30;
/** Letters that are easy to tell apart and spell no words (RFC 8628 §6.1). */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;
const DEVICE_CODE = /^device_[\w-]{43}$/;

/** Stores a request and returns its codes. */
export async function openDevice(as: AuthServer, request: DeviceRequest): Promise<{ deviceCode: string; userCode: string }> {
  const deviceCode = `device_${as.secrets.secret()}`;
  const hash = await as.secrets.hash(deviceCode);
  const pair = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
  const now = as.now();
  const record: DeviceRecord = {
    v: 1,
    ...request,
    challenge: await challengeOf(as, deviceCode),
    publicKey: (await exportJWK(pair.publicKey)) as Jwk,
    sealedKey: await as.secrets.sealUnder(deviceCode, await exportJWK(pair.privateKey), `device:${hash}`),
    interval: INTERVAL,
    polledAt: 0,
    answer: null,
    expiresAt: now + DEVICE_TTL,
  };
  await as.store.write(`device:${hash}`, record, 'absent', { until: keptUntil(record) });
  return untilDone(as, 'usercode', async () => {
    const userCode = randomCode(as);
    const lookup = { v: 1, deviceHash: hash };
    const version = await as.store.write(await userKey(as, userCode), lookup, 'absent', { until: record.expiresAt });
    return version === null ? null : { result: { deviceCode, userCode: shownCode(userCode) } };
  });
}

/** The open request for a user code as typed. */
export async function findDevice(as: AuthServer, typed: string): Promise<{ hash: string; userCode: string; record: DeviceRecord } | null> {
  const userCode = typed.toUpperCase().replace(/[^A-Z0-9]/g, '');
  if (userCode.length !== LENGTH) return null;
  const lookup = await readRecord(as.store, await userKey(as, userCode), isLookup);
  const stored = lookup && (await readDevice(as, lookup.value.deviceHash));
  if (!lookup || !stored || stored.value.answer !== null || stored.value.expiresAt <= as.now()) return null;
  return { hash: lookup.value.deviceHash, userCode: shownCode(userCode), record: stored.value };
}

/**
 * Writes the user's answer, once.
 *
 * @param by id of the form; the same form may answer again. @param code the grant's code, or null if the user denied.
 * @returns false if the request is over or another form answered it.
 */
export async function answerDevice(as: AuthServer, hash: string, by: string, code: string | null): Promise<boolean> {
  return changeRecord(as, `device:${hash}`, isDevice, async (device) => {
    if (!device || device.answer !== null || device.expiresAt <= as.now()) return { result: device?.answeredBy === by };
    const answer = code === null ? 'denied' : { sealedCode: await encrypt(device.publicKey, code) };
    const write: DeviceRecord = { ...device, answer, answeredBy: by };
    return { write, until: keptUntil(write), result: true };
  });
}

/** Answers a poll. Every poll gets the grant's code: it works once, and a poll whose response is lost loses nothing. */
export async function pollDevice(as: AuthServer, deviceCode: string, clientId: string): Promise<PollResult> {
  if (!DEVICE_CODE.test(deviceCode)) return 'malformed';
  const hash = await as.secrets.hash(deviceCode);
  const stored = await readDevice(as, hash);
  if (!stored) return 'unknown';
  if (stored.value.clientId !== clientId) return 'foreign';
  const { answer, expiresAt, polledAt, interval, challenge, sealedKey } = stored.value;
  const now = as.now();
  if (answer === 'denied') return 'denied';
  if (answer !== null) {
    const key = await as.secrets.openUnder(deviceCode, sealedKey, `device:${hash}`);
    return { code: await decrypt(key as JWK, answer.sealedCode), challenge, hash };
  }
  if (expiresAt <= now) return 'expired';
  const isHasty = now < polledAt + interval;
  const next = { ...stored.value, polledAt: now, interval: isHasty ? Math.min(interval + INTERVAL, MAX_INTERVAL) : interval };
  return (await save(as, hash, stored, next)) && !isHasty ? 'pending' : 'slow_down';
}

/** Removes a request whose tokens were issued. If that fails, the code is spent anyway and the record expires. */
export async function forgetDevice(as: AuthServer, hash: string): Promise<void> {
  try {
    await as.store.remove(`device:${hash}`);
  } catch (error) {
    if (!isOutage(error)) throw error;
  }
}

function readDevice(as: AuthServer, hash: string): Promise<Versioned<DeviceRecord> | null> {
  return readRecord(as.store, `device:${hash}`, isDevice);
}

async function save(as: AuthServer, hash: string, { version }: Versioned<DeviceRecord>, next: DeviceRecord): Promise<boolean> {
  return (await as.store.write(`device:${hash}`, next, version, { until: keptUntil(next) })) !== null;
}

/** Longer than the request can be answered, so that the device is told why it gets no tokens. */
function keptUntil({ expiresAt }: DeviceRecord): Seconds {
  return expiresAt + DEVICE_TTL;
}

async function challengeOf(as: AuthServer, deviceCode: string): Promise<string> {
  return base64url(await as.runtime.digest(`portcullis device\n${deviceCode}`));
}

async function userKey(as: AuthServer, userCode: string): Promise<`usercode:${string}`> {
  return `usercode:${await as.secrets.hash(userCode)}`;
}

function shownCode(userCode: string): string {
  return `${userCode.slice(0, LENGTH / 2)}-${userCode.slice(LENGTH / 2)}`;
}

/** A uniform random code: bytes that would favour some letters are discarded. */
function randomCode(as: AuthServer): string {
  let code = '';
  while (code.length < LENGTH)
    for (const byte of as.runtime.random(LENGTH)) if (byte < 240 && code.length < LENGTH) code += LETTERS[byte % LETTERS.length];
  return code;
}

async function encrypt(publicKey: Jwk, text: string): Promise<string> {
  return new CompactEncrypt(utf8(text)).setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' }).encrypt({ ...publicKey } as JWK);
}

async function decrypt(privateKey: JWK, text: string): Promise<string> {
  const { plaintext } = await compactDecrypt(text, privateKey);
  return fromUtf8(plaintext);
}

const isDevice = (value: unknown): value is DeviceRecord => versioned(value) && has(value, 'clientId', 'challenge', 'publicKey', 'answer');
const isLookup = (value: unknown): value is { deviceHash: string } => versioned(value) && has(value, 'deviceHash');
