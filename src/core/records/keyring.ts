/**
 * Keyring: the server's own secrets, for what must be readable without a token at hand (a TOTP secret, a signing key).
 * The newest seals, all of them open: to rotate, see docs/guide/operations.md. What was sealed under a secret that is not given is a
 * fault and never absence: read as absent it would be written over, and right codes of authenticator apps would be refused (SEC-209).
 */
import { base64url } from '../../lib/base64url.ts';
import { memoize } from '../../lib/lazy.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Secrets } from './secrets.ts';
import { secretMissing } from './sealed-faults.ts';

/** The verbs over the server's secrets. */
export interface Keyring {
  /** Encrypts JSON under the newest secret. @param purpose what it is for; @param bound the record it stands in: it opens nowhere else. */
  seal(purpose: string, value: unknown, bound: string): Promise<string>;
  /**
   * The JSON, under whichever secret it was sealed; null where the text was altered, or belongs elsewhere.
   *
   * @throws {OAuthError} `temporarily_unavailable` where it was sealed under a secret that is not given.
   */
  open(purpose: string, sealed: string, bound: string): Promise<unknown>;
  /** Whether it was sealed under a secret that is given. */
  knows(sealed: string): Promise<boolean>;
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
