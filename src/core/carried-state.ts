/** State that a client carries from one call of a tool to the next: sealed under a key that only a live token of the grant gives. */
import { base64url } from '../lib/bytes.ts';
import type { Connect } from '../model/upstream.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Json, Seconds } from '../model/store.ts';
import type { Secrets } from './records/secrets.ts';

/** How long a sealed state is valid. */
const CARRIED_TTL: Seconds = 600;

/** A key for one purpose, derived from the key of a grant. */
export async function keyFor(runtime: Runtime, purpose: string, grantKey: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return runtime.digest(`portcullis ${purpose}\n${base64url(grantKey)}`);
}

/** Makes `seal` and `open` of `auth.connect` for one grant. @param grantKey derives the grant's key from the token of the call. */
export function makeCarried(
  { secrets, runtime }: { readonly secrets: Secrets; readonly runtime: Runtime },
  grantId: string,
  grantKey: () => Promise<Uint8Array<ArrayBuffer>>,
): Pick<Connect, 'seal' | 'open'> {
  const key = async (): Promise<Uint8Array<ArrayBuffer>> => keyFor(runtime, 'carried', await grantKey());
  return {
    seal: async (value, bound) =>
      secrets.sealWith(await key(), { value, until: runtime.now() + CARRIED_TTL }, `carried:${grantId}:${bound}`),
    async open(sealed, bound) {
      const text = await secrets.openWith(await key(), sealed, `carried:${grantId}:${bound}`);
      if (text === null) return null;
      const { value, until } = JSON.parse(text) as { value: Json; until: Seconds };
      return { value, over: until <= runtime.now() };
    },
  };
}
