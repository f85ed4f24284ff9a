/** Which client a transition is run for, with the client's registration as it is now. */
import { describe, expect, it } from 'vitest';
import type { PresentedProof } from '../../src/core/signatures.ts';
import type { Caller } from '../../src/clients/caller.ts';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { changeGrant } from '../../src/grants/token-request.ts';
import type { Client, ClientAuthMethod } from '../../src/model/client.ts';
import { OAuthError } from '../../src/model/error.ts';
import type { Grant } from '../../src/model/grant.ts';
import { openGrant } from '../support/grants.ts';

const clientOf = (authMethod: ClientAuthMethod, more: Partial<Client> = {}): Client => ({
  id: 'client',
  redirectUris: [],
  applicationType: 'web',
  grantTypes: [],
  authMethod,
  createdAt: 0,
  ...more,
});
const PUBLIC: Caller = { kind: 'public', clientId: 'client' };
const KEY: PresentedProof = { jkt: 'j', prove: async () => undefined, giveBack: async () => undefined };
const KEYED: Caller = { kind: 'public', clientId: 'client', key: KEY };
const PROVEN: Caller = { kind: 'confidential', clientId: 'client', client: clientOf('client_secret_basic') };

interface World {
  readonly grant?: Partial<Grant>;
  readonly caller?: Caller;
  /** The registration that is stored, and the one of the `clients` option. */
  readonly stored?: Client;
  readonly configured?: Client;
  readonly refuses?: boolean;
}

/** The authentication that the transition sees, and how often the registration was read and the proof checked. */
async function run({ grant, caller = PUBLIC, stored, configured, refuses = false }: World): Promise<unknown> {
  let [reads, proofs] = [0, 0];
  const as = {
    settings: { clients: new Map(configured ? [[configured.id, { client: configured }]] : []) },
    records: {
      findClient: async () => (reads++, stored ?? null),
      changeGrant: async (_id: string, transition: (grant: Grant) => Promise<object>) => transition(openGrant(grant)),
    },
  } as unknown as AuthServer;
  const key: PresentedProof = { ...KEY, prove: async () => void proofs++ };
  const withKey: Caller = { ...caller, ...(caller.key && { key }) };
  try {
    const verdict = await changeGrant(as, withKey, 'grant', async (seen) => (refuses ? { error: new OAuthError('invalid_grant', 'refused') } : { result: seen.clientAuth })); // prettier-ignore
    return [(verdict as unknown as { result?: string }).result ?? 'refused', reads, proofs];
  } catch (error) {
    return error instanceof OAuthError ? [error.code, error.reason, proofs] : error;
  }
}
describe('grants/token-request: a change', () => {
  it('reads no registration for a public client, and sees an authenticated one as confidential', async () => {
    expect(await run({})).toEqual(['public', 0, 0]);
    expect(await run({ caller: PROVEN })).toEqual(['confidential', 0, 0]);
    expect(await run({ caller: PROVEN, grant: { clientAuth: 'confidential' } })).toEqual(['confidential', 0, 0]);
    const configured = clientOf('none');
    expect(await run({ configured, grant: { configured: true } })).toEqual(['public', 0, 0]);
  });

  it('reads the registration of a client that had a secret: it must authenticate unless the secret was removed', async () => {
    const grant = { clientAuth: 'confidential' } as const;
    expect(await run({ grant, stored: clientOf('none') })).toEqual(['public', 1, 0]);
    expect(await run({ grant, stored: clientOf('client_secret_post') })).toEqual(['invalid_client', 'secret_missing', 0]);
    expect(await run({ grant })).toEqual(['invalid_client', 'client_unknown', 0]);
    expect(await run({ grant, configured: clientOf('client_secret_post') })).toEqual(['invalid_client', 'secret_missing', 0]);
  });

  it('ends with the entry of the `clients` option, also for a public client', async () => {
    expect(await run({ grant: { configured: true } })).toEqual(['invalid_client', 'client_unknown', 0]);
    expect(await run({ configured: clientOf('none') })).toEqual(['public', 0, 0]);
  });

  it('leaves the grant of another client to the transition, which refuses it, and reads nothing for it', async () => {
    const grant = { clientId: 'other', clientAuth: 'confidential' } as const;
    expect(await run({ grant })).toEqual(['confidential', 0, 0]);
    expect(await run({ grant: { clientId: 'other' }, caller: PROVEN })).toEqual(['public', 0, 0]);
  });

  it('checks and uses up a proof after the transition, and none for a request that is refused (RFC 9449 §5)', async () => {
    expect(await run({ caller: KEYED })).toEqual(['public', 0, 1]);
    expect(await run({ caller: KEYED, refuses: true })).toEqual(['refused', 0, 0]);
  });

  it('asks for a proof where the grant needs one, or the entry of the `clients` option as it is now', async () => {
    const missing = ['invalid_dpop_proof', 'proof_missing', 0];
    expect(await run({ grant: { dpopBound: true } })).toEqual(missing);
    expect(await run({ grant: { dpopBound: true }, caller: KEYED })).toEqual(['public', 0, 1]);
    expect(await run({ configured: clientOf('none', { dpopBound: true }) })).toEqual(missing);
    expect(await run({ grant: { dpopBound: true }, configured: clientOf('none') })).toEqual(['public', 0, 0]);
    expect(await run({ grant: { dpopBound: true }, refuses: true })).toEqual(['refused', 0, 0]);
  });
});
