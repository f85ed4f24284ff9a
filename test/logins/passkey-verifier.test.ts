import { describe, expect, it } from 'vitest';
import { base64url } from '../../src/lib/bytes.ts';
import { readAssertion, verifyAssertion, verifyRegistration } from '../../src/logins/passkey-verifier.ts';
import { type Passkey, userHandle } from '../../src/model/passkey.ts';
import { type Authenticator, cbor, type Cbor, concat, type Lie, makeAuthenticator, nested } from '../support/authenticator.ts';

const ORIGIN = 'https://as.example';
const party = { id: 'as.example', origin: ORIGIN };
const CHALLENGE = 'Y2hhbGxlbmdlLWNoYWxsZW5nZS1jaGFsbGVuZ2UtMDE';
const expected = { party, challenge: CHALLENGE };
const HANDLE = userHandle('ada');

async function enrolled(device: Authenticator, lie?: Lie): Promise<Passkey> {
  const made = await verifyRegistration(await device.create(CHALLENGE, HANDLE, lie), expected);
  if ('fault' in made) throw new Error(made.fault);
  return { ...made, userId: 'ada', name: 'Key', createdAt: 0 };
}

async function signIn(text: string, passkey: Passkey): ReturnType<typeof verifyAssertion> {
  const assertion = readAssertion(text);
  return 'fault' in assertion ? assertion : verifyAssertion(assertion, expected, passkey);
}

/** The posted JSON with other parts in it. */
function edited(text: string, edit: (answer: { id?: unknown; type?: unknown; response: Record<string, unknown> }) => void): string {
  const answer = JSON.parse(text) as Parameters<typeof edit>[0];
  edit(answer);
  return JSON.stringify(answer);
}

describe('logins/passkey-verifier: making one', () => {
  it('tells what must be kept of a passkey that stays on its device', async () => {
    const device = makeAuthenticator(ORIGIN, { counts: true });
    const passkey = await enrolled(device);
    expect(passkey).toMatchObject({
      id: device.keys[0]?.id,
      counter: 1,
      transports: ['internal', 'hybrid'],
      backupEligible: false,
      backedUp: false,
    });
    expect(passkey.publicKey).toMatch(/^[\w-]{100,}$/);
  });

  it('tells that a passkey is synced', async () => {
    expect(await enrolled(makeAuthenticator(ORIGIN, { synced: true }))).toMatchObject({ counter: 0, backupEligible: true, backedUp: true });
  });

  it.each<[string, Lie, string]>([
    ['another origin', { origin: 'https://evil.example' }, 'passkey_origin'],
    ['a subdomain of ours', { origin: 'https://x.as.example' }, 'passkey_origin'],
    ['our host on another port', { origin: `${ORIGIN}:8443` }, 'passkey_origin'],
    ['another RP ID', { rpId: 'evil.example' }, 'passkey_refused'],
    ['another challenge', { challenge: base64url(new Uint8Array(32)) }, 'passkey_challenge'],
    ['the answer to a sign-in', { type: 'webauthn.get' }, 'passkey_type'],
    ['a page framed elsewhere', { clientData: { crossOrigin: true } }, 'passkey_framed'],
    ['a top origin', { clientData: { topOrigin: ORIGIN } }, 'passkey_framed'],
    ['a user who was not verified', { flags: 1 }, 'passkey_refused'],
    ['a user who was not there', { flags: 4 }, 'passkey_refused'],
    ['a backup of what cannot be backed up', { flags: 5 | 16 }, 'passkey_refused'],
    ['an attestation that nobody asked for', { format: 'packed' }, 'passkey_attestation'],
    ['an attestation of none with a statement', { statement: new Map<Cbor, Cbor>([['x5c', [new Uint8Array(9)]]]) }, 'passkey_refused'],
    ['bytes behind the key (SEC-164)', { trailing: Uint8Array.of(0) }, 'passkey_malformed'],
    ['extensions that nest forty thousand deep (SEC-164)', { flags: 5 | 128, trailing: nested(8_000) }, 'passkey_malformed'],
  ])('refuses %s', async (_what, lie, fault) => {
    expect(await verifyRegistration(await makeAuthenticator(ORIGIN).create(CHALLENGE, HANDLE, lie), expected)).toEqual({ fault });
  });

  it.each<[string, Uint8Array]>([
    ['a bomb of depth', nested(11_000)],
    ['a bomb of length', concat(Uint8Array.of(0x9b, 0, 0, 255, 255, 255, 255, 255, 255), new Uint8Array(9000))],
    ['something that is no map', cbor([1, 2, 3])],
    ['a map without authenticator data', cbor(new Map([['fmt', 'none']]))],
    ['authenticator data cut short', cbor(new Map<Cbor, Cbor>([['fmt', 'none'], ['attStmt', new Map()], ['authData', new Uint8Array(36)]]))], // prettier-ignore
    ['a credential without a key', cbor(new Map<Cbor, Cbor>([['fmt', 'none'], ['attStmt', new Map()], ['authData', new Uint8Array(55).fill(0x45)]]))], // prettier-ignore
  ])('refuses %s for an attestation, at once (SEC-164)', async (_what, bytes) => {
    const honest = await makeAuthenticator(ORIGIN).create(CHALLENGE, HANDLE);
    const text = edited(honest, ({ response }) => (response['attestationObject'] = base64url(bytes)));
    const began = performance.now();
    expect(await verifyRegistration(text, expected)).toEqual({ fault: 'passkey_malformed' });
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('refuses bytes after the attestation (SEC-164)', async () => {
    const honest = await makeAuthenticator(ORIGIN).create(CHALLENGE, HANDLE);
    expect(await verifyRegistration(honest, expected)).not.toHaveProperty('fault');
    const text = edited(honest, ({ response }) => (response['attestationObject'] = `${String(response['attestationObject'])}AAAA`));
    expect(await verifyRegistration(text, expected)).toEqual({ fault: 'passkey_malformed' });
  });

  it('refuses an id that is not the one in the signed data (SEC-163)', async () => {
    const honest = await makeAuthenticator(ORIGIN).create(CHALLENGE, HANDLE);
    expect(
      await verifyRegistration(
        edited(honest, (answer) => (answer.id = 'c29tZWJvZHktZWxzZQ')),
        expected,
      ),
    ).toEqual({
      fault: 'passkey_malformed',
    });
  });

  it.each(['', '{', 'null', '[]', '{"type":"public-key"}', '{"id":"AA","type":"public-key","response":{}}', `"${'x'.repeat(20_000)}"`])(
    'refuses what is no answer at all: %.40s',
    async (text) => {
      expect(await verifyRegistration(text, expected)).toEqual({ fault: 'passkey_malformed' });
      expect(readAssertion(text)).toEqual({ fault: 'passkey_malformed' });
    },
  );
});

describe('logins/passkey-verifier: using one', () => {
  it('takes a signature, and tells counter and backup', async () => {
    const device = makeAuthenticator(ORIGIN, { counts: true });
    expect(await signIn(await device.get(CHALLENGE).catch(() => ''), {} as Passkey)).toHaveProperty('fault');
    const passkey = await enrolled(device);
    expect(await signIn(await device.get(CHALLENGE), passkey)).toEqual({ counter: 2, backedUp: false });
  });

  it('does not check the counter, which the record checks when it is written', async () => {
    const device = makeAuthenticator(ORIGIN);
    const passkey = await enrolled(device);
    expect(await signIn(await device.get(CHALLENGE, { counter: 3 }), { ...passkey, counter: 9 })).toEqual({ counter: 3, backedUp: false });
  });

  it.each<[string, Lie, string]>([
    ['another origin', { origin: 'https://evil.example' }, 'passkey_origin'],
    ['plain http', { origin: 'http://as.example' }, 'passkey_origin'],
    ['another RP ID', { rpId: 'evil.example' }, 'passkey_refused'],
    ['another challenge', { challenge: base64url(new Uint8Array(32)) }, 'passkey_challenge'],
    ['the making of a passkey', { type: 'webauthn.create' }, 'passkey_type'],
    ['a page framed elsewhere', { clientData: { crossOrigin: true } }, 'passkey_framed'],
    ['a user who was not verified', { flags: 1 }, 'passkey_refused'],
    ['the handle of another account', { handle: 'b3RoZXI' }, 'passkey_handle'],
    ['a forged signature', { forged: true }, 'passkey_signature'],
    ['a passkey that was bound to its device and now is not', { flags: 5 | 8 }, 'passkey_backup'],
    ['bytes behind the authenticator data (SEC-164)', { trailing: Uint8Array.of(1) }, 'passkey_malformed'],
    ['extensions that nest deep (SEC-164)', { flags: 5 | 128, trailing: nested(8_000) }, 'passkey_malformed'],
  ])('refuses %s', async (_what, lie, fault) => {
    const device = makeAuthenticator(ORIGIN);
    const passkey = await enrolled(device);
    expect(await signIn(await device.get(CHALLENGE, lie), passkey)).toEqual({ fault });
  });

  it('refuses a signature of another passkey', async () => {
    const passkey = await enrolled(makeAuthenticator(ORIGIN));
    const other = makeAuthenticator(ORIGIN);
    await enrolled(other);
    expect(await signIn(await other.get(CHALLENGE), passkey)).toEqual({ fault: 'passkey_signature' });
  });

  it('refuses a signature that is no DER', async () => {
    const device = makeAuthenticator(ORIGIN);
    const passkey = await enrolled(device);
    const text = edited(await device.get(CHALLENGE), ({ response }) => (response['signature'] = 'AAAA'));
    expect(await signIn(text, passkey)).toHaveProperty('fault');
  });
});
