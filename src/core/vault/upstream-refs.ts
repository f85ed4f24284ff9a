/**
 * Upstream references: which accounts at other sites the tools of a grant may use, sealed under the grant's own key. What they
 * refer to stands in the vault.
 */
import type { SealedRefs, UpstreamRef } from '../../model/upstream.ts';
import type { Secrets } from '../records/secrets.ts';

/** The references as a grant keeps them. @param key the grant's own. */
export async function sealRefs(
  secrets: Secrets,
  grantId: string,
  key: Uint8Array<ArrayBuffer>,
  refs: readonly UpstreamRef[],
): Promise<SealedRefs> {
  return { ids: refs.map(({ id }) => id), sealed: await secrets.sealWith(key, refs, `grant:${grantId}:upstreams`) };
}

/** The references of a grant; none where the key does not open them. */
export async function openRefs(
  secrets: Secrets,
  grantId: string,
  key: Uint8Array<ArrayBuffer>,
  refs: SealedRefs | undefined,
): Promise<readonly UpstreamRef[]> {
  const text = refs && refs.sealed !== '' ? await secrets.openWith(key, refs.sealed, `grant:${grantId}:upstreams`) : null;
  return text === null ? [] : (JSON.parse(text) as readonly UpstreamRef[]);
}
