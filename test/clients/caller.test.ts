/** Who calls: the key that a caller is held to, what is given back after a failure, and what a refusal says. */
import { describe, expect, it } from 'vitest';
import { NO_CLIENT, failed, keyOf, withGiveBack, orUnavailable, type Caller } from '../../src/clients/caller.ts';
import type { PresentedProof } from '../../src/core/signatures.ts';
import { HostDown } from '../../src/lib/http.ts';
import type { Client } from '../../src/model/client.ts';
import { OAuthError } from '../../src/model/error.ts';

const clientWith = (more: object): Client => ({ id: 'app', ...more }) as unknown as Client;
const confidential = (more: object = {}): Caller => ({ kind: 'confidential', clientId: 'app', client: clientWith(more) });
const aPublic: Caller = { kind: 'public', clientId: 'app' };

describe('clients/caller, the key', () => {
  const key = { jkt: 'thumbprint' } as unknown as PresentedProof;
  const refusal = expect.objectContaining({ code: 'invalid_dpop_proof', reason: 'proof_missing' });

  it('is asked for where the grant or the client is held to one (RFC 9449 §5)', () => {
    expect(() => keyOf(aPublic, true)).toThrow(refusal);
    expect(() => keyOf(confidential({ dpopBound: true }))).toThrow(refusal);
    expect([keyOf(aPublic), keyOf(aPublic, false), keyOf(confidential()), keyOf(confidential({ dpopBound: false })), keyOf(NO_CLIENT)]).toEqual(Array(5).fill(undefined));
  }); // prettier-ignore

  it('is the one that the request shows, asked for or not', () => {
    for (const isBound of [true, false, undefined]) expect(keyOf({ ...aPublic, key }, isBound)).toBe(key);
    expect(keyOf({ ...confidential({ dpopBound: true }), key })).toBe(key);
  });
});

describe('clients/caller, what is given back', () => {
  const given: string[] = [];
  const caller = {
    key: { giveBack: async () => void given.push('key') } as unknown as PresentedProof,
    giveBack: async () => void given.push('assertion'),
  };
  const fail = (error: unknown) => (): Promise<never> => Promise.reject(error);

  it('is nothing where the work was done, or was refused', async () => {
    given.length = 0;
    expect(await withGiveBack(caller, async () => 'done')).toBe('done');
    const refused = new OAuthError('invalid_grant', 'code_unknown');
    await expect(withGiveBack(caller, fail(refused))).rejects.toBe(refused);
    const fault = new TypeError('ours');
    await expect(withGiveBack(caller, fail(fault))).rejects.toBe(fault);
    expect(given).toEqual([]);
  });

  it('is every proof that was used up, where the work failed through no fault of the caller', async () => {
    given.length = 0;
    const outage = new OAuthError('temporarily_unavailable', 'store_down');
    await expect(withGiveBack(caller, fail(outage))).rejects.toBe(outage);
    expect(given.toSorted()).toEqual(['assertion', 'key']);
    await expect(withGiveBack({}, fail(outage))).rejects.toBe(outage);
  });
});

describe('clients/caller, refusals', () => {
  it('challenge for Basic alone, and explain a wrong audience alone', () => {
    expect(failed('client_secret_basic', 'secret_wrong')).toMatchObject({
      code: 'invalid_client',
      status: 401,
      reason: 'secret_wrong',
      headers: { 'www-authenticate': 'Basic realm="token endpoint", charset="UTF-8"' },
      message: new OAuthError('invalid_client', 'x').message,
    });
    for (const method of ['none', 'client_secret_post', 'private_key_jwt'] as const) expect(failed(method, 'x').headers).toEqual({});
    expect(failed('private_key_jwt', 'assertion_audience').message).toMatch(/^The aud of a client assertion must be the issuer/);
  });

  it('become 503 where the host of a document is down, and stay what they are otherwise (R-03)', () => {
    const cause = new HostDown('down');
    expect(orUnavailable(new OAuthError('invalid_client', 'document_unreachable', { cause }))).toMatchObject({
      code: 'temporarily_unavailable',
      status: 503,
      reason: 'document_unreachable',
      headers: { 'retry-after': '30' },
      message: 'The document of this client cannot be read right now. Try again shortly.',
      cause,
    });
    for (const error of [cause, new OAuthError('invalid_client', 'x'), new OAuthError('invalid_client', 'x', { cause: new Error('other') }), undefined])
      expect(orUnavailable(error)).toBe(error);
  }); // prettier-ignore

  it('name no client if the request names none', () => {
    expect(NO_CLIENT).toEqual({ kind: 'absent', clientId: '' });
  });
});
