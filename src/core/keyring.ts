/**
 * Keyring: the server's own secrets, for what must be readable without a token at hand (a TOTP secret, a signing key).
 * The newest seals, all of them open: to rotate, put a new secret in front, and drop the old one when nothing is
 * sealed under it any more (`core/reseal`). What no secret opens reads as absent; it is never an error (SEC-209).
 */
import { base64url } from '../lib/base64url.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Keys } from './keys.ts';

/** The verbs over the server's secrets. */
export interface Keyring {
  /** Encrypts JSON under the newest secret. @param purpose what it is for; @param bound the record it stands in: it opens nowhere else. */
  seal(purpose: string, value: unknown, bound: string): Promise<string>;
  /** The JSON, under whichever secret it was sealed; null if that secret is gone, or the text belongs elsewhere. */
  open(purpose: string, sealed: string, bound: string): Promise<unknown>;
  /** The same under the newest secret, itself where that sealed it already; null where no secret opens it. */
  renew(purpose: string, sealed: string, bound: string): Promise<string | null>;
  /** 32 bytes for one purpose, of every secret, newest first: the first signs, all verify. */
  keysFor(purpose: string): Promise<readonly Uint8Array<ArrayBuffer>[]>;
}

/** A secret as it is used: a name that tells nothing of it, and keys derived from it by purpose. */
interface Ring {
  readonly id: string;
  readonly secret: string;
}

const FORM = /^s1\.([\w-]{8})\.([\w-]+)$/;

/** Makes the verbs. @param secrets checked ones, newest first, and at least one. */
export function makeKeyring(secrets: readonly string[], runtime: Runtime, keys: Pick<Keys, 'sealWith' | 'openWith'>): Keyring {
  let made: Promise<readonly Ring[]> | undefined;
  const rings = (): Promise<readonly Ring[]> => (made ??= Promise.all(secrets.map((secret) => ringOf(secret, runtime))));
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
      const found = (await rings()).find((one) => one.id === id);
      const text = found ? await keys.openWith(await keyFor(found, purpose), body, bound) : null;
      return text === null ? null : (JSON.parse(text) as unknown);
    },
    async renew(purpose, sealed, bound) {
      if (FORM.exec(sealed)?.[1] === (await newest()).id) return sealed;
      const value = await ring.open(purpose, sealed, bound);
      return value === null ? null : ring.seal(purpose, value, bound);
    },
    keysFor: async (purpose) => Promise.all((await rings()).map((one) => keyFor(one, purpose))),
  };
  return ring;
}

async function ringOf(secret: string, runtime: Runtime): Promise<Ring> {
  return { id: base64url(await runtime.digest(`portcullis keyring id\n${secret}`)).slice(0, 8), secret };
}
