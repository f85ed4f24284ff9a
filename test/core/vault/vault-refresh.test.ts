/** Refreshing tokens of other sites where the store has lost its last writes. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeSecrets } from '../../../src/core/records/secrets.ts';
import { makeTokenSource, sealVaulted, vaultKey, type VaultRecord } from '../../../src/core/vault/vault-refresh.ts';
import { base64url } from '../../../src/lib/bytes.ts';
import type { TokenOperations, UpstreamTokens } from '../../../src/model/upstream.ts';
import { memoryStore } from '../../../src/stores/memory.ts';

const NOW = 1_800_000_000;
/** Waits a moment only, so that sixty looks at a leased record take no twenty seconds. */
const runtime = { ...makeRuntime(), pause: () => new Promise<void>((done) => setTimeout(done)) };
const secrets = makeSecrets(runtime);

describe('core/vault/vault-refresh', () => {
  it('removes no tokens that another process got after the last writes were lost, though the count of refreshes is the same (F-14)', async () => {
    const store = memoryStore({ now: () => NOW });
    const [id, key] = ['one', base64url(runtime.random(32))];
    const tokens = (name: string, expiresAt: number): UpstreamTokens => ({ accessToken: name, refreshToken: `${name}-refresh`, expiresAt });
    const fresh = tokens('fresh', NOW + 3600);
    const record = async (kept: UpstreamTokens): Promise<VaultRecord> => ({
      v: 1,
      userId: 'u',
      provider: 'corp',
      accountHash: 'h',
      sealed: await sealVaulted(secrets, id, kept, key),
      round: 5,
      lease: null,
      quietUntil: 0,
      endsAt: NOW + 86_400,
    });
    await store.write(vaultKey(id), await record(tokens('lost', NOW)), 'any');
    const keeper: TokenOperations = {
      patience: 10,
      async refresh() {
        await store.write(vaultKey(id), await record(fresh), 'any');
        return { kind: 'refused', reason: 'invalid_grant' };
      },
      revoke: async () => false,
    };
    const source = makeTokenSource({ store, runtime, secrets, keeperOf: () => keeper, now: () => NOW, env: {}, emit: () => {} });
    expect(await source({ id, key, account: { provider: 'corp', id: 'a' } as never })).toEqual(fresh);
  });
});
