import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeSecrets } from '../../../src/core/records/secrets.ts';
import { familyOf } from '../../../src/model/token.ts';
import { altered } from '../../support/altered.ts';

const machine = makeRuntime();
const keys = makeSecrets(machine);

describe('core/records/secrets', () => {
  it('derives hash and pad of a token that reveal neither each other nor the token', async () => {
    const { accessToken, access } = await keys.mint(keys.id());
    expect(access).toEqual(await keys.proof(accessToken));
    expect([access.hash.length, access.pad.length]).toEqual([43, 32]);
    expect(access.hash).toBe(await keys.hash(accessToken));
    expect(access.hash).not.toBe(await keys.hash(`portcullis wrap\n${accessToken}`));
    expect(accessToken.includes(access.hash)).toBe(false);
  });

  it('opens what was sealed only with the same secret and for the same record', async () => {
    const sealed = await keys.sealUnder('secret', { a: ['ü', null] }, 'successor:1');
    expect(await keys.openUnder('secret', sealed, 'successor:1')).toEqual({ a: ['ü', null] });
    for (const [secret, text, bound] of [
      ['secreT', sealed, 'successor:1'],
      ['secret', sealed, 'successor:2'],
      ['secret', sealed, 'grant:1'],
      ['secret', altered(sealed), 'successor:1'],
      ['secret', '', 'successor:1'],
      ['secret', 'é', 'successor:1'],
    ] as const)
      expect(await keys.openUnder(secret, text, bound)).toBeNull();
    expect(await keys.sealUnder('secret', 1, 'x')).not.toBe(await keys.sealUnder('secret', 1, 'x'));
  });

  it('makes no refresh token where none is wanted', async () => {
    const minted = await keys.mint(keys.id(), null);
    expect([minted.refreshToken, minted.refresh]).toEqual([null, null]);
  });

  it('gives a successor the hash of its family, worked out or told', async () => {
    const id = keys.id();
    const first = await keys.mint(id);
    const [family, told] = [familyOf(first.refreshToken ?? ''), first.refresh?.familyHash ?? ''];
    const before = await keys.refreshProof(first.refreshToken ?? '');
    for (const next of [await keys.mint(id, family), await keys.mint(id, family, before)]) {
      expect(next.refresh).toEqual(await keys.refreshProof(next.refreshToken ?? ''));
      expect(next.refresh?.familyHash).toBe(told);
    }
  });

  it('gives a successor the masked pad of its predecessor, which only its holder can read (F-66)', async () => {
    const id = keys.id();
    const first = await keys.mint(id);
    const before = await keys.refreshProof(first.refreshToken ?? '');
    const next = (await keys.mint(id, familyOf(first.refreshToken ?? ''), before)).refreshToken ?? '';
    expect(await keys.padBefore(next)).toEqual(before.pad);
    expect(await keys.padBefore(first.refreshToken ?? '')).toBeNull();
    const other = (await keys.mint(id, familyOf(first.refreshToken ?? ''), before)).refreshToken ?? '';
    expect(await keys.padBefore(next.slice(0, -43) + other.slice(-43))).not.toEqual(before.pad);
  });

  it('FLT-29 returns nothing if randomness or cryptography fails', async () => {
    const fail = (): never => {
      throw new Error('no entropy');
    };
    await expect(makeSecrets({ ...machine, random: fail }).mint('x')).rejects.toThrow('no entropy');
    await expect(makeSecrets({ ...machine, digest: fail }).mint(keys.id())).rejects.toThrow('no entropy');
    await expect(makeSecrets({ ...machine, seal: fail }).sealUnder('s', 1, 'x')).rejects.toThrow('no entropy');
  });
});
