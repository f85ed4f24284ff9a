/**
 * Keyring: encrypts with the server's own secrets what must be readable without a token (TOTP secrets, signing keys). The newest secret
 * encrypts, all of them decrypt; for rotation see docs/guide/operations.md. A record that cannot be opened is an error, 503 and an event that says
 * why, never absent: it would be overwritten, and valid authenticator codes would be refused (SEC-209).
 */
import { base64url } from '../../lib/bytes.ts';
import { memoize } from '../../lib/async.ts';
import { OAuthError } from '../../model/error.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Secrets } from './secrets.ts';

/** Operations with the server's secrets. */
export interface Keyring {
  /** Encrypts JSON with the newest secret. @param purpose separates uses. @param bound the record's key: it decrypts only there. */
  seal(purpose: string, value: unknown, bound: string): Promise<string>;
  /**
   * Decrypts JSON with the secret that encrypted it; null if the text was altered or belongs to another record.
   *
   * @throws {OAuthError} `temporarily_unavailable` if it was encrypted with a secret that is not configured.
   */
  open(purpose: string, sealed: string, bound: string): Promise<unknown>;
  /** Whether the secret that encrypted it is configured. */
  knows(sealed: string): Promise<boolean>;
  /** Encrypts it again with the newest secret, or returns it unchanged if that encrypted it; null if no secret decrypts it. */
  renew(purpose: string, sealed: string, bound: string): Promise<string | null>;
  /** 32 bytes for one purpose from every secret, newest first: the first one signs, all verify. */
  keysFor(purpose: string): Promise<readonly Uint8Array<ArrayBuffer>[]>;
}

/** A secret with an id that reveals nothing of it. */
interface Ring {
  readonly id: string;
  readonly secret: string;
}

const FORM = /^s1\.([\w-]{8})\.([\w-]+)$/;

/** Makes the operations. @param secrets checked, newest first, at least one. */
export function makeKeyring(secrets: readonly string[], runtime: Runtime, keys: Pick<Secrets, 'sealWith' | 'openWith'>): Keyring {
  const made = memoize<readonly Ring[]>(() => Promise.all(secrets.map((secret) => ringOf(secret, runtime))));
  const rings = async (): Promise<readonly Ring[]> => made.now ?? made.once();
  const keyFor = async ({ secret }: Ring, purpose: string): Promise<Uint8Array<ArrayBuffer>> =>
    runtime.digest(`portcullis keyring\n${purpose}\n${secret}`);
  const newest = async (): Promise<Ring> => (await rings())[0] as Ring;
  const ring: Keyring = {
    async seal(purpose, value, bound) {
      const first = await newest();
      return `s1.${first.id}.${await keys.sealWith(await keyFor(first, purpose), value, bound)}`;
    },
    async open(purpose, sealed, bound) {
      const [, id, body = ''] = FORM.exec(sealed) ?? [];
      if (id === undefined) return null;
      const found = (await rings()).find((one) => one.id === id);
      if (!found) throw secretMissing(purpose);
      const text = await keys.openWith(await keyFor(found, purpose), body, bound);
      return text === null ? null : (JSON.parse(text) as unknown);
    },
    async knows(sealed) {
      const id = FORM.exec(sealed)?.[1];
      return (await rings()).some((one) => one.id === id);
    },
    async renew(purpose, sealed, bound) {
      if (FORM.exec(sealed)?.[1] === (await newest()).id) return sealed;
      const value = (await ring.knows(sealed)) ? await ring.open(purpose, sealed, bound) : null;
      return value === null ? null : ring.seal(purpose, value, bound);
    },
    keysFor: async (purpose) => Promise.all((await rings()).map((one) => keyFor(one, purpose))),
  };
  return ring;
}

async function ringOf(secret: string, runtime: Runtime): Promise<Ring> {
  return { id: base64url(await runtime.digest(`portcullis keyring id\n${secret}`)).slice(0, 8), secret };
}

/** The record is sealed under a secret that is not configured. @param kind of the record, for the operator. */
export function secretMissing(kind: string): OAuthError {
  const cause = new Error(
    `A record of the kind "${kind}" is sealed under a secret that is not given. Put the secret that was in use before back into PORTCULLIS_SECRET (or \`secret\`), after the newest: new,old.`,
  );
  return new OAuthError('temporarily_unavailable', 'secret_missing', { cause, headers: { 'retry-after': '30' } });
}

/** The record should open under a configured secret and does not. @param kind of the record, for the operator. */
export function unreadable(kind: string): OAuthError {
  const cause = new Error(`A record of the kind "${kind}" cannot be read: it was altered, or copied from another server or tenant.`);
  return new OAuthError('temporarily_unavailable', 'record_unreadable', { cause, headers: { 'retry-after': '30' } });
}
