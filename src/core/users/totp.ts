/**
 * TOTP records: the sealed secret, the last used time step, and hashes of the recovery codes. The secret is sealed under a server secret
 * that is not in the database, so a stolen database makes no codes.
 */
import { base64url, equalTexts, fromBase64url } from '../../lib/bytes.ts';
import { base32, oneTimeCode, PERIOD, type Totps } from '../../model/totp.ts';
import { changeRecord, has, readRecord, type Versioned, versioned } from '../../model/record.ts';
import type { NewEvent } from '../../model/event.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Seconds, Store } from '../../model/store.ts';
import { type Keyring, unreadable } from '../records/keyring.ts';
import { requireKeyring, type Secrets } from '../records/secrets.ts';

/** The TOTP record of a user. */
export type TotpRecord = {
  readonly v: 1;
  /** Sealed under the keyring, bound to this record. */
  readonly sealedSecret: string;
  /** Codes of this time step or an earlier one no longer count (RFC 6238 §5.2). */
  readonly usedStep: number;
  /** Hashes of the unused recovery codes. */
  readonly recovery: readonly string[];
  readonly createdAt: Seconds;
};

/** What the operations are made over. */
export interface TotpParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly keyring: Keyring | null;
  readonly runtime: Runtime;
  readonly emit: (event: NewEvent) => void;
}

/** Purpose that TOTP secrets are sealed for. */
export const TOTP_PURPOSE = 'totp';
const SECRET_BYTES = 20; // as long as the hash (RFC 4226 §4)
const OFFER_TTL: Seconds = 900;
const RECOVERY_CODES = 10;
const RECOVERY_BYTES = 10; // 80 bits: cannot be guessed even from the hash
/** Time steps that a clock may be off, in each direction (RFC 6238 §6). */
const WINDOW = 1;

/** Makes the operations. */
export function makeTotps({ store, secrets, keyring, runtime, emit }: TotpParts): Totps {
  const keyOf = (userId: string): `totp:${string}` => `totp:${userId}`;
  const ring = (): Keyring => requireKeyring(keyring, 'the second factor');
  const read = (userId: string): Promise<Versioned<TotpRecord> | null> => readRecord(store, keyOf(userId), isTotp);
  const tell = (userId: string, what: 'added' | 'removed' | 'recovery_used' | 'recovery_renewed'): void =>
    emit({ kind: 'factor.changed', factor: 'totp', userId, what });

  const change = async <T>(userId: string, edit: (record: TotpRecord) => Promise<readonly [TotpRecord, T] | null>): Promise<T | null> => {
    return changeRecord({ store, runtime }, keyOf(userId), isTotp, async (record) => {
      const edited = record && (await edit(record));
      return edited ? { write: edited[0], result: edited[1] } : { result: null };
    });
  };
  const recoveryHash = async (userId: string, code: string): Promise<string> => secrets.hash(`recovery code\n${userId}\n${code}`);
  const newRecovery = async (userId: string): Promise<{ codes: readonly string[]; hashes: readonly string[] }> => {
    const codes = Array.from({ length: RECOVERY_CODES }, () => base32(runtime.random(RECOVERY_BYTES)).toLowerCase());
    return { codes: codes.map(grouped), hashes: await Promise.all(codes.map((code) => recoveryHash(userId, code))) };
  };
  /** The time step of a code, later than the last used one; null if the code is wrong. */
  const stepOf = async (secret: Uint8Array<ArrayBuffer>, code: string, usedStep: number): Promise<number | null> => {
    const present = Math.floor(runtime.now() / PERIOD);
    let found: number | null = null;
    for (let step = present - WINDOW; step <= present + WINDOW; step++)
      if (equalTexts(await oneTimeCode(secret, step), code) && step > usedStep) found ??= step;
    return found;
  };
  /** @throws {OAuthError} if it cannot be opened: a correct code must not be called wrong. */
  const secretOf = async (userId: string, { sealedSecret }: TotpRecord): Promise<Uint8Array<ArrayBuffer>> => {
    const opened = await ring().open(TOTP_PURPOSE, sealedSecret, keyOf(userId));
    const secret = typeof opened === 'string' ? fromBase64url(opened) : null;
    if (!secret) throw unreadable(TOTP_PURPOSE);
    return secret;
  };
  const openOffer: Totps['openOffer'] = async (userId, sealed) => {
    const opened = await ring().open('totp offer', sealed, keyOf(userId));
    if (!isOffer(opened) || opened.expiresAt <= runtime.now()) return null;
    const secret = fromBase64url(opened.secret);
    return secret && { secret, sealed };
  };
  const sealSecret = (userId: string, secret: Uint8Array): Promise<string> => ring().seal(TOTP_PURPOSE, base64url(secret), keyOf(userId));

  return {
    async statusOf(userId) {
      const stored = await read(userId);
      return stored && { createdAt: stored.value.createdAt, recoveryLeft: stored.value.recovery.length };
    },
    async offer(userId) {
      const secret = runtime.random(SECRET_BYTES);
      const offer = { secret: base64url(secret), expiresAt: runtime.now() + OFFER_TTL };
      return { secret, sealed: await ring().seal('totp offer', offer, keyOf(userId)) };
    },
    openOffer,
    async confirm(userId, sealed, code) {
      const offer = await openOffer(userId, sealed);
      const usedStep = offer && (await stepOf(offer.secret, code, 0));
      if (!offer || usedStep === null) return null;
      const { codes, hashes } = await newRecovery(userId);
      const sealedSecret = await sealSecret(userId, offer.secret);
      const record: TotpRecord = { v: 1, sealedSecret, usedStep, recovery: hashes, createdAt: runtime.now() };
      if ((await store.write(keyOf(userId), record, 'absent')) === null) return null;
      tell(userId, 'added');
      return codes;
    },
    async useCode(userId, code) {
      const used = await change(userId, async (record) => {
        const step = await stepOf(await secretOf(userId, record), code, record.usedStep);
        if (step === null) return null;
        const renewed = await ring().renew(TOTP_PURPOSE, record.sealedSecret, keyOf(userId));
        return [{ ...record, usedStep: step, sealedSecret: renewed ?? record.sealedSecret }, true];
      });
      return used ?? false;
    },
    async useRecovery(userId, code) {
      const hash = await recoveryHash(userId, code.toLowerCase().replaceAll(/[\s-]/g, ''));
      const used = await change(userId, async (record) =>
        record.recovery.includes(hash) ? [{ ...record, recovery: record.recovery.filter((one) => one !== hash) }, true] : null,
      );
      if (used) tell(userId, 'recovery_used');
      return used ?? false;
    },
    async renewRecovery(userId) {
      const { codes, hashes } = await newRecovery(userId);
      const renewed = await change(userId, async (record) => [{ ...record, recovery: hashes }, true]);
      if (renewed) tell(userId, 'recovery_renewed');
      return renewed ? codes : null;
    },
    async remove(userId) {
      const removed = await store.remove(keyOf(userId));
      if (removed) tell(userId, 'removed');
      return removed;
    },
  };
}

/** Groups of four, easy to read and type. */
function grouped(code: string): string {
  return (code.match(/.{1,4}/g) ?? []).join('-');
}

const isTotp = (value: unknown): value is TotpRecord => versioned(value) && has(value, 'sealedSecret', 'usedStep', 'recovery', 'createdAt');
const isOffer = (value: unknown): value is { secret: string; expiresAt: Seconds } => has(value, 'secret', 'expiresAt');
