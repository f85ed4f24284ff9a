/**
 * Devices: requests of devices that have no browser (RFC 8628), from the two codes to the answer. The device holds the long code, a
 * person types the short one. The answer is encrypted to a key whose private part only the long code opens, so whoever reads the store
 * can redeem nothing.
 */
import { CompactEncrypt, compactDecrypt, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { base64url } from '../../lib/base64url.ts';
import { fromUtf8, utf8 } from '../../lib/bytes.ts';
import { changeRecord, untilDone } from '../../model/change-record.ts';
import type { Jwk } from '../../model/key-set.ts';
import { isOutage } from '../../model/error.ts';
import type { RequestedScope } from '../../model/scope.ts';
import type { Seconds } from '../../model/store.ts';
import { DEVICE_TTL } from '../../model/pending-authorization.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, type Versioned, readRecord, versioned } from './record.ts';

/** What a device asks for. */
export type DeviceRequest = RequestedScope & {
  readonly clientId: string;
  readonly resource: string;
};

/** A request as it is kept. */
export type DeviceRecord = DeviceRequest & {
  readonly v: 1;
  /** What the code of the grant is bound to: only the holder of the device code can tell what it was made of. */
  readonly challenge: string;
  readonly publicKey: Jwk;
  readonly sealedKey: string;
  readonly interval: Seconds;
  readonly polledAt: Seconds;
  /** Null while the person decides. */
  readonly answer: 'denied' | { readonly sealedCode: string } | null;
  /** Hash of the handle of the form that answered. */
  readonly answeredBy?: string;
  readonly expiresAt: Seconds;
};

/** What a poll comes to. */
export type Polled =
  | 'malformed'
  | 'unknown'
  | 'foreign'
  | 'pending'
  | 'slow_down'
  | 'denied'
  | 'expired'
  | { readonly code: string; readonly challenge: string; readonly hash: string };

/** Seconds between two polls, and how much longer each hasty one makes them. */
export const INTERVAL: Seconds = 5;
const MAX_INTERVAL: Seconds = 30;
/** Letters that are mistaken for no other and spell no words. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;
const DEVICE_CODE = /^device_[\w-]{43}$/;

/** Keeps a request, and gives its codes. */
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
    const named = { v: 1, deviceHash: hash };
    const version = await as.store.write(await userKey(as, userCode), named, 'absent', { until: record.expiresAt });
    return version === null ? null : { result: { deviceCode, userCode: shownCode(userCode) } };
  });
}

/** The open request of a code as somebody typed it. */
export async function findDevice(as: AuthServer, typed: string): Promise<{ hash: string; userCode: string; record: DeviceRecord } | null> {
  const userCode = typed.toUpperCase().replace(/[^A-Z0-9]/g, '');
  if (userCode.length !== LENGTH) return null;
  const named = await readRecord(as.store, await userKey(as, userCode), isNamed);
  const held = named && (await readDevice(as, named.value.deviceHash));
  if (!named || !held || held.value.answer !== null || held.value.expiresAt <= as.now()) return null;
  return { hash: named.value.deviceHash, userCode: shownCode(userCode), record: held.value };
}

/**
 * Writes the person's answer, once.
 *
 * @param by names the form; the same form may come again. @param code of the grant, null for a no.
 * @returns false where the request is over, or another form answered it.
 */
export async function answerDevice(as: AuthServer, hash: string, by: string, code: string | null): Promise<boolean> {
  return changeRecord(as, `device:${hash}`, isDevice, async (device) => {
    if (!device || device.answer !== null || device.expiresAt <= as.now()) return { result: device?.answeredBy === by };
    const answer = code === null ? 'denied' : { sealedCode: await encrypted(device.publicKey, code) };
    const write: DeviceRecord = { ...device, answer, answeredBy: by };
    return { write, until: keptUntil(write), result: true };
  });
}

/** What a device hears. The code of the grant goes to every poll: it can be spent once, and a poll that fails loses nothing. */
export async function pollDevice(as: AuthServer, deviceCode: string, clientId: string): Promise<Polled> {
  if (!DEVICE_CODE.test(deviceCode)) return 'malformed';
  const hash = await as.secrets.hash(deviceCode);
  const held = await readDevice(as, hash);
  if (!held) return 'unknown';
  if (held.value.clientId !== clientId) return 'foreign';
  const { answer, expiresAt, polledAt, interval, challenge, sealedKey } = held.value;
  const now = as.now();
  if (answer === 'denied') return 'denied';
  if (answer !== null) {
    const key = await as.secrets.openUnder(deviceCode, sealedKey, `device:${hash}`);
    return { code: await decrypted(key as JWK, answer.sealedCode), challenge, hash };
  }
  if (expiresAt <= now) return 'expired';
  const isHasty = now < polledAt + interval;
  const next = { ...held.value, polledAt: now, interval: isHasty ? Math.min(interval + INTERVAL, MAX_INTERVAL) : interval };
  return (await save(as, hash, held, next)) && !isHasty ? 'pending' : 'slow_down';
}

/** Forgets a request whose tokens were given. Where that fails, the code is spent all the same, and the record ends by itself. */
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

/** Longer than it can be answered, so that the device hears why it gets nothing. */
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

/** Every letter as likely as the others: bytes that would favour some are thrown away. */
function randomCode(as: AuthServer): string {
  let code = '';
  while (code.length < LENGTH)
    for (const byte of as.runtime.random(LENGTH)) if (byte < 240 && code.length < LENGTH) code += LETTERS[byte % LETTERS.length];
  return code;
}

async function encrypted(publicKey: Jwk, text: string): Promise<string> {
  const key = await importJWK(publicKey as JWK, 'ECDH-ES');
  return new CompactEncrypt(utf8(text)).setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' }).encrypt(key);
}

async function decrypted(privateKey: JWK, text: string): Promise<string> {
  const { plaintext } = await compactDecrypt(text, await importJWK(privateKey, 'ECDH-ES'));
  return fromUtf8(plaintext);
}

const isDevice = (value: unknown): value is DeviceRecord => versioned(value) && has(value, 'clientId', 'challenge', 'publicKey', 'answer');
const isNamed = (value: unknown): value is { deviceHash: string } => versioned(value) && has(value, 'deviceHash');
