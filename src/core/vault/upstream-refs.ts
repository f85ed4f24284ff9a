/**
 * Upstream references: the upstream accounts that the tools of a grant may use, sealed under the grant's key. The tokens are in the vault.
 */
import type { SealedRefs, UpstreamRef } from '../../model/upstream.ts';
import type { Secrets } from '../records/secrets.ts';

/** Seals references for a grant. @param key the grant's own. */
export async function sealRefs(
  secrets: Secrets,
  grantId: string,
  key: Uint8Array<ArrayBuffer>,
  refs: readonly UpstreamRef[],
): Promise<SealedRefs> {
  return { ids: refs.map(({ id }) => id), sealed: await secrets.sealWith(key, refs, `grant:${grantId}:upstreams`) };
}

/** Opens the references of a grant; empty if the key does not open them. */
export async function openRefs(
  secrets: Secrets,
  grantId: string,
  key: Uint8Array<ArrayBuffer>,
  refs: SealedRefs | undefined,
): Promise<readonly UpstreamRef[]> {
  const text = refs && refs.sealed !== '' ? await secrets.openWith(key, refs.sealed, `grant:${grantId}:upstreams`) : null;
  return text === null ? [] : (JSON.parse(text) as readonly UpstreamRef[]);
}
