/**
 * The workerd runtime: Web Crypto, and scrypt from workerd's own `node:crypto`.
 * The module is asked for by name instead of imported, so that a Worker without `nodejs_compat` still starts:
 * it has no scrypt then, and password sign-in says so.
 */
import * as workers from 'cloudflare:workers';
import { webRuntime } from '../core/web-runtime.ts';
import type { FetchPublic } from '../lib/safe-fetch.ts';
import { isSpecialHost } from '../lib/document-url.ts';
import type { Runtime } from '../model/runtime.ts';

/** The one function that is wanted of `node:crypto`. */
interface Scrypt {
  scrypt(
    password: string,
    salt: Uint8Array,
    length: number,
    options: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
    done: (error: Error | null, key: Uint8Array<ArrayBuffer>) => void,
  ): void;
}

/** A runtime for Cloudflare Workers. */
export function workerRuntime(): Runtime {
  const runtime: Runtime = { ...webRuntime(), waitUntil, ...(isStrictlyPublic() ? { fetchPublic } : {}) };
  const native = nodeCrypto();
  if (native === undefined) return runtime;
  return {
    ...runtime,
    scrypt(password, salt, { ln, r, p }) {
      const N = 2 ** ln;
      const maxmem = 128 * r * (N + p + 2) + 65_536;
      return new Promise((resolve, reject) => {
        native.scrypt(password, salt, 32, { N, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(new Uint8Array(key))));
      });
    },
  };
}

/** Of the request at hand, whichever that is; a settled one needs nothing. */
function waitUntil(work: Promise<unknown>): void {
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  (workers as { waitUntil?: (work: Promise<unknown>) => void }).waitUntil?.(settled);
}

/** Cloudflare's own fetch, which reaches public addresses only where the flag says so; without it, it may reach the origin behind. */
const fetchPublic: FetchPublic = async (url, { signal, headers }) => {
  if (isSpecialHost(new URL(url).hostname)) throw new Error('The address is not public.'); // `wrangler dev` would reach it
  return fetch(url, { signal, headers: { ...headers }, redirect: 'manual' });
};

function isStrictlyPublic(): boolean {
  const { Cloudflare } = globalThis as { Cloudflare?: { compatibilityFlags?: Readonly<Record<string, boolean>> } };
  return Cloudflare?.compatibilityFlags?.['global_fetch_strictly_public'] === true;
}

function nodeCrypto(): Scrypt | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.('node:crypto') as Scrypt | undefined;
}
