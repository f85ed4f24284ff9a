import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { type Keyring, makeKeyring, unreadable } from '../../../src/core/records/keyring.ts';
import { makeSecrets, requireKeyring } from '../../../src/core/records/secrets.ts';

const runtime = makeRuntime();
const keys = makeSecrets(runtime);
const [OLD, NEW] = [keys.secret(), keys.secret()];

function ringOf(...secrets: string[]): Keyring {
  return requireKeyring(makeKeyring(secrets, runtime, keys), 'the test');
}

describe('core/records/keyring', () => {
  it('opens what it sealed only for the same purpose and record', async () => {
    const ring = ringOf(OLD);
    const sealed = await ring.seal('totp', { seed: 'ü' }, 'account:1');
    expect(await ring.open('totp', sealed, 'account:1')).toEqual({ seed: 'ü' });
    const [, id, body] = sealed.split('.');
    for (const [purpose, text, bound] of [
      ['vault', sealed, 'account:1'],
      ['totp', sealed, 'account:2'],
      ['totp', `${sealed.slice(0, -8)}AAAAAAAA`, 'account:1'],
      ['totp', `s2.${id}.${body}`, 'account:1'],
      ['totp', `x${sealed}`, 'account:1'],
      ['totp', `${sealed}.x`, 'account:1'],
      ['totp', '', 'account:1'],
    ] as const)
      expect(await ring.open(purpose, text, bound)).toBeNull();
    expect(await ring.seal('totp', 1, 'x')).not.toBe(await ring.seal('totp', 1, 'x'));
    expect(sealed).not.toContain(OLD.slice(0, 8));
  });

  it('SEC-207 seals under the newest secret and opens under all, so that rotation loses nothing', async () => {
    const before = await ringOf(OLD).seal('totp', 'kept', 'a:1');
    const both = ringOf(NEW, OLD);
    expect(await both.open('totp', before, 'a:1')).toBe('kept');
    const renewed = await both.renew('totp', before, 'a:1');
    expect([renewed === before, await ringOf(NEW).open('totp', renewed ?? '', 'a:1')]).toEqual([false, 'kept']);
    const after = await both.seal('totp', 'kept', 'a:1');
    expect([await ringOf(NEW).open('totp', after, 'a:1'), await both.renew('totp', after, 'a:1')]).toEqual(['kept', after]);
    const [oldKey] = await ringOf(OLD).keysFor('sign');
    expect((await both.keysFor('sign'))[1]).toEqual(oldKey);
    expect((await both.keysFor('sign'))[0]).not.toEqual(oldKey);
    expect(await both.keysFor('sign')).not.toEqual(await both.keysFor('other'));
  });

  it('fails with 503, and never reads as absent, what was sealed under a secret that is not given (F-62, SEC-209)', async () => {
    const sealed = await ringOf(OLD).seal('totp', 'lost', 'a:1');
    expect([await ringOf(OLD).knows(sealed), await ringOf(NEW).knows(sealed)]).toEqual([true, false]);
    const fault: unknown = await ringOf(NEW)
      .open('totp', sealed, 'a:1')
      .catch((error: unknown) => error);
    expect(fault).toMatchObject({ status: 503, reason: 'secret_missing', headers: { 'retry-after': '30' } });
    expect(String((fault as Error).cause)).toMatch(/kind "totp" is sealed under a secret that is not given.+PORTCULLIS_SECRET/);
    expect(`${String(fault)} ${String((fault as Error).cause)}`).not.toContain(OLD);
    expect(await ringOf(NEW).renew('totp', sealed, 'a:1')).toBeNull();
    expect([await ringOf(OLD).knows('x'), await ringOf(OLD).renew('totp', 'x', 'a:1')]).toEqual([false, null]);
  });

  it('fails with 503 for what should open and does not, and names the kind to the operator alone', () => {
    const fault = unreadable('vault');
    expect(fault).toMatchObject({
      code: 'temporarily_unavailable',
      status: 503,
      reason: 'record_unreadable',
      headers: { 'retry-after': '30' },
    });
    expect([String(fault.cause).includes('kind "vault" cannot be read'), fault.message.includes('vault')]).toEqual([true, false]);
  });

  it('is absent without a secret: a feature that needs it names itself and the fix', () => {
    expect(() => requireKeyring(null, 'logins: totp()')).toThrow(
      /^OAuthProvider: logins: totp\(\) needs a key.+`secret`.+PORTCULLIS_SECRET/,
    );
  });
});
