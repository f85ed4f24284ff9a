/** What `proofs` says of each proof, and what it leaves in the store. */
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { base64url } from '../../src/lib/bytes.ts';
import { sha256 } from '../../src/lib/sha256.ts';
import { proofs, type ProofsOptions } from '../../src/verifiers/proofs.ts';
import { NOW } from '../support/issuer.ts';
import { makeProver } from '../support/prover.ts';
import { altered } from '../support/altered.ts';

const URL_OF_RESOURCE = 'https://mcp.example/mcp';
const CLOCK = { now: () => NOW, pass: () => undefined } as never;

/** A store that says yes to all, and what was written into it. */
function recording(isFree = true): { readonly store: ProofsOptions['store']; readonly writes: unknown[][] } {
  const writes: unknown[][] = [];
  const write = async (...all: unknown[]): Promise<string | null> => {
    writes.push(all);
    return isFree ? '1' : null;
  };
  return { writes, store: { atomic: true, write: write as ProofsOptions['store']['write'] } };
}

const requestWith = (dpop: string | null): Request =>
  new Request(URL_OF_RESOURCE, { method: 'POST', headers: dpop === null ? {} : { dpop } });
const refusal = (reason: string): object => ({ code: 'invalid_dpop_proof', headers: {}, reason });

describe('verifiers/proofs, what is said', () => {
  it('gives each refusal a reason, and writes nothing for a proof that is not good (SEC-216)', async () => {
    const [prover, { store, writes }] = [await makeProver(CLOCK), recording()];
    const check = proofs({ store, now: () => NOW });
    const target = { url: URL_OF_RESOURCE, token: 'token' };
    const ask = async (dpop: string | null): Promise<unknown> => check(requestWith(dpop), target);
    const good = await prover.proof('POST', URL_OF_RESOURCE, { token: 'token' });
    expect(await ask(null)).toEqual(refusal('proof_missing'));
    expect(await ask(await prover.proof('GET', URL_OF_RESOURCE, { token: 'token' }))).toEqual(refusal('proof_another_method'));
    expect(await ask(await prover.proof('POST', URL_OF_RESOURCE, { token: 'other' }))).toEqual(refusal('proof_another_token'));
    expect(await ask(altered(good))).toEqual(refusal('proof_signature'));
    expect(writes).toEqual([]);
    expect(await ask(good)).toBeNull();
    expect(writes).toHaveLength(1);
  });

  it('says so of a proof that was used before (SEC-215)', async () => {
    const prover = await makeProver(CLOCK);
    const check = proofs({ store: recording(false).store, now: () => NOW });
    expect(await check(requestWith(await prover.proof('POST', URL_OF_RESOURCE)), { url: URL_OF_RESOURCE })).toEqual(
      refusal('proof_replayed'),
    );
  });

  it('accepts a proof signed with the key in it, and refuses one that names another key', async () => {
    const [mine, theirs] = [await makeProver(CLOCK), await makeProver(CLOCK)];
    const check = proofs({ store: recording().store, now: () => NOW });
    const stolen = await mine.proof('POST', URL_OF_RESOURCE, { header: { jwk: theirs.publicKey } });
    expect(await check(requestWith(stolen), { url: URL_OF_RESOURCE })).toEqual(refusal('proof_signature'));
  });
});

describe('verifiers/proofs, what is kept', () => {
  it('keeps key and id of a proof for as long as the proof could come again, and a second longer (SEC-215)', async () => {
    const [prover, { store, writes }] = [await makeProver(CLOCK), recording()];
    const check = proofs({ store, now: () => NOW });
    const claims = [{ jti: 'one' }, { jti: 'two' }, { jti: 'three', iat: NOW - 10.5 }];
    for (const each of claims)
      expect(await check(requestWith(await prover.proof('POST', URL_OF_RESOURCE, { claims: each })), { url: URL_OF_RESOURCE })).toBeNull();
    const jkt = await calculateJwkThumbprint(prover.publicKey);
    const keyOf = (id: string): string => `replay:${base64url(sha256(`proof\n${JSON.stringify([jkt, id])}`))}`;
    expect(writes).toEqual([
      [keyOf('one'), { v: 1 }, 'absent', { until: NOW + 301 }],
      [keyOf('two'), { v: 1 }, 'absent', { until: NOW + 301 }],
      [keyOf('three'), { v: 1 }, 'absent', { until: NOW + 291 }],
    ]);
  });

  it('goes by the clock of the machine where it is given none', async () => {
    const now = Math.floor(Date.now() / 1000);
    const prover = await makeProver({ now: () => now, pass: () => undefined } as never);
    const check = proofs({ store: recording().store });
    expect(await check(requestWith(await prover.proof('POST', URL_OF_RESOURCE)), { url: URL_OF_RESOURCE })).toBeNull();
    const old = await prover.proof('POST', URL_OF_RESOURCE, { claims: { iat: now - 400 } });
    expect(await check(requestWith(old), { url: URL_OF_RESOURCE })).toEqual(refusal('proof_expired'));
  });

  it('names itself in what it says at start-up', () => {
    const { store } = recording();
    expect(() => proofs({ store: { ...store, atomic: false } })).toThrow(/^proofs: `store` cannot tell/);
    expect(() => proofs({ store: {} as never })).toThrow(/^proofs: `store` must be a store/);
    expect(() => proofs({ store, clock: () => NOW } as never)).toThrow(/^proofs: `clock` is not an option/);
  });
});
