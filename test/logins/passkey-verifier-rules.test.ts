/** The bounds of what an authenticator may send, before any library reads it. */
import { describe, expect, it } from 'vitest';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import { ALGORITHMS, readAssertion, verifyAssertion, verifyRegistration } from '../../src/logins/passkey-verifier.ts';
import { type Passkey, userHandle } from '../../src/model/passkey.ts';
import { concat, makeAuthenticator } from '../support/authenticator.ts';

const ORIGIN = 'https://as.example';
const CHALLENGE = 'Y2hhbGxlbmdlLWNoYWxsZW5nZS1jaGFsbGVuZ2UtMDE';
const expected = { party: { id: 'as.example', origin: ORIGIN }, challenge: CHALLENGE };
const MALFORMED = { fault: 'passkey_malformed' };
type Posted = { id?: unknown; type?: unknown; response: Record<string, unknown> };

const created = (): Promise<string> => makeAuthenticator(ORIGIN).create(CHALLENGE, userHandle('ada'));
function edited(text: string, edit: (answer: Posted) => void): string {
  const answer = JSON.parse(text) as Posted;
  edit(answer);
  return JSON.stringify(answer);
}
/** An enrolled device, the passkey, and what it posts at a sign-in. */
async function enrolled(): Promise<{ readonly text: string; readonly passkey: Passkey }> {
  const device = makeAuthenticator(ORIGIN);
  const made = await verifyRegistration(await device.create(CHALLENGE, userHandle('ada')), expected);
  if ('fault' in made) throw new Error(made.fault);
  return { text: await device.get(CHALLENGE), passkey: { ...made, userId: 'ada', name: 'Key', createdAt: 0 } };
}
const verify = async (text: string, passkey: Passkey): ReturnType<typeof verifyAssertion> => {
  const assertion = readAssertion(text);
  return 'fault' in assertion ? assertion : verifyAssertion(assertion, expected, passkey);
};

describe('logins/passkey-verifier: bounds', () => {
  it('takes the three algorithms that browsers have, the shortest signature first', () => {
    expect(ALGORITHMS).toEqual([-7, -8, -257]);
  });

  it('keeps the transports that there are, each once, and no other text', async () => {
    const known = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'];
    const text = await created();
    const keep = async (transports: unknown): Promise<unknown> =>
      verifyRegistration(
        edited(text, ({ response }) => (response['transports'] = transports)),
        expected,
      );
    expect(await keep([...known, 'usb', '<script>', 7])).toMatchObject({ transports: known });
    for (const none of [undefined, 'usb', {}]) expect(await keep(none)).toMatchObject({ transports: [] });
  });

  it('reads 16,384 characters and no more', async () => {
    const { text, passkey } = await enrolled();
    expect(await verify(text.padEnd(16_384), passkey)).not.toHaveProperty('fault');
    expect(readAssertion(text.padEnd(16_385))).toEqual(MALFORMED);
  });

  it('refuses another type of credential, and an id that is empty or too long', async () => {
    const { text } = await enrolled();
    const read = (change: object): unknown => readAssertion(edited(text, (answer) => Object.assign(answer, change)));
    expect(read({ id: 'A'.repeat(1364) })).toMatchObject({ id: 'A'.repeat(1364), handle: userHandle('ada') });
    for (const change of [
      { type: 'password' },
      { id: 'A'.repeat(1368) },
      { id: 'A'.repeat(1365) },
      { id: '' },
      { id: 7 },
      { id: 'a b!' },
      { response: null },
    ])
      // prettier-ignore
      expect([change, read(change)]).toEqual([change, MALFORMED]);
  });

  it.each(['clientDataJSON', 'authenticatorData', 'signature', 'userHandle'])('refuses a %s that is no base64url', async (name) => {
    const { text } = await enrolled();
    for (const part of ['', 'a b!', 7, undefined]) expect(readAssertion(edited(text, ({ response }) => (response[name] = part)))).toEqual(MALFORMED); // prettier-ignore
  });

  it.each<[string, Uint8Array, string]>([
    ['an array', utf8('[]'), 'passkey_malformed'],
    ['null', utf8('null'), 'passkey_malformed'],
    ['text that is no JSON', utf8('{'), 'passkey_malformed'],
    ['bytes that are no UTF-8', concat(utf8('{"type":"'), Uint8Array.of(0xff), utf8('"}')), 'passkey_malformed'],
    ['a challenge that is no text', utf8(JSON.stringify({ type: 'webauthn.get', challenge: 5, origin: ORIGIN })), 'passkey_challenge'],
    ['no challenge', utf8(JSON.stringify({ type: 'webauthn.get', origin: ORIGIN })), 'passkey_challenge'],
  ])('refuses client data with %s', async (_what, bytes, fault) => {
    const { text, passkey } = await enrolled();
    const sent = edited(text, ({ response }) => (response['clientDataJSON'] = base64url(bytes as Uint8Array<ArrayBuffer>)));
    expect(await verify(sent, passkey)).toEqual({ fault });
  });

  it('refuses an attestation that its library cannot read', async () => {
    const sent = edited(await created(), ({ response }) => (response['attestationObject'] = base64url(Uint8Array.of(0xa1, 0xf5, 0xf5))));
    expect(await verifyRegistration(sent, expected)).toHaveProperty('fault');
  });

  it('reports a stored key that is broken, which is no fault of the person', async () => {
    const { text, passkey } = await enrolled();
    await expect(verify(text, { ...passkey, publicKey: 'not base64url!' })).rejects.toThrow('A stored passkey is not base64url.');
  });
});

/** Authenticator data: 37 bytes with the flags, and what follows them. */
function data(flags: number, ...rest: number[]): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(37);
  head[32] = flags;
  return new Uint8Array([...head, ...rest]);
}
const bytes = (count: number): number[] => Array.from({ length: count }, () => 0);
const [CREDENTIAL, EXTENSIONS, MAP] = [0x40, 0x80, 0xa0];

describe('logins/passkey-verifier: the form of authenticator data (WebAuthn §6.1)', () => {
  /** Whether the form is right: then the handle is looked at, which is that of another user here. */
  const isTaken = async (sent: Uint8Array<ArrayBuffer>): Promise<boolean> => {
    const { text, passkey } = await enrolled();
    const other = edited(text, ({ response }) => (response['authenticatorData'] = base64url(sent)));
    const result = await verify(other, { ...passkey, userId: 'another' });
    expect(result).toEqual({ fault: expect.stringMatching(/^passkey_(handle|malformed)$/) });
    return 'fault' in result && result.fault === 'passkey_handle';
  };

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ['nothing more', data(0)],
    ['extensions', data(EXTENSIONS, MAP)],
    ['a credential and its key', data(CREDENTIAL, ...bytes(16), 0, 2, 1, 2, MAP)],
    ['a credential of 258 bytes', data(CREDENTIAL, ...bytes(16), 1, 2, ...bytes(258), MAP)],
    ['a credential and extensions', data(CREDENTIAL | EXTENSIONS, ...bytes(16), 0, 1, 1, MAP, MAP)],
  ])('takes the flags with %s', async (_what, sent) => {
    expect(await isTaken(sent)).toBe(true);
  });

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ['less than 37 bytes', data(0).slice(0, 36)],
    ['bytes behind the head', data(0, MAP)],
    ['extensions that are announced and missing', data(EXTENSIONS)],
    ['two extensions', data(EXTENSIONS, MAP, MAP)],
    ['a credential that is missing', data(CREDENTIAL)],
    ['a credential without a key', data(CREDENTIAL, ...bytes(16), 0, 2, 1, 2)],
    ['a credential that is longer than the data', data(CREDENTIAL, ...bytes(16), 1, 0, MAP)],
    ['a credential with bytes behind it', data(CREDENTIAL, ...bytes(16), 0, 1, 1, MAP, MAP)],
    ['a credential and no extensions', data(CREDENTIAL | EXTENSIONS, ...bytes(16), 0, 1, 1, MAP)],
    // Read from its second byte on, this is one text as long as the data.
    [
      'a credential that ends behind the data',
      data(CREDENTIAL | EXTENSIONS, ...bytes(16), 9, 9)
        .with(1, 0x58)
        .with(2, 52),
    ],
  ])('refuses %s', async (_what, sent) => {
    expect(await isTaken(sent)).toBe(false);
  });
});
