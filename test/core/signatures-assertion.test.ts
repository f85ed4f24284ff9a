/** Every place where a signature of someone else is checked, against every class of bad one (SEC-205). */
import { generateKeyPair, exportJWK, calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { isAssertionSignedWith } from '../../src/core/signatures.ts';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import { type Assertion, parseAssertion } from '../../src/model/assertion.ts';
import { readProof } from '../../src/model/dpop.ts';
import { type Jwk, keySetOf, pickKey } from '../../src/model/key-set.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { forgeriesOf, type Forgery, oddities, signedText } from '../support/forgeries.ts';
import { makeSigner } from '../support/signer.ts';

const NOW = 1_800_000_000;
const AS = 'https://as.example';
const RESOURCE = 'https://mcp.example/mcp';
const signer = await makeSigner('ES256', 'key-1');
const { kid: _, ...jwk } = signer.publicKey;
const hash = async (text: string): Promise<string> => base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))));

/** A place that checks, and what it takes. */
interface Door {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  opens(text: string): Promise<boolean>;
}

const times = { iat: NOW, exp: NOW + 300, jti: 'j' };
const tokens = verifyJwt({
  issuer: AS,
  jwksUri: `${AS}/keys`,
  now: () => NOW,
  fetch: async () => Response.json({ keys: [{ ...signer.publicKey, alg: 'ES256', use: 'sig' }] }),
});
const doors: { readonly [name: string]: Door } = {
  'an assertion of a client or an issuer': {
    header: { alg: 'ES256', kid: 'key-1' },
    claims: { iss: 'client', sub: 'client', aud: 'https://mcp.example', ...times },
    opens: (text) => takesAssertion(text, [signer.publicKey]),
  },
  'a proof of a key': {
    header: { alg: 'ES256', typ: 'dpop+jwt', jwk },
    claims: { htm: 'POST', htu: RESOURCE, ...times },
    async opens(text) {
      const request = new Request(RESOURCE, { method: 'POST', headers: { dpop: safe(text) } });
      const jkt = await calculateJwkThumbprint(jwk);
      return typeof (await readProof(request, { url: RESOURCE, jkt }, { hash, isSigned: isAssertionSignedWith, now: NOW })) === 'object';
    },
  },
  'an access token at a guard elsewhere': {
    header: { alg: 'ES256', kid: 'key-1', typ: 'at+jwt' },
    claims: { iss: AS, sub: 'user', client_id: 'client', aud: RESOURCE, ...times },
    opens: async (text) => (await tokens.verify(text, RESOURCE)) !== null,
  },
};

/** What the server does with an assertion: its form, the one key that fits, the signature. */
async function takesAssertion(text: string, keys: readonly unknown[]): Promise<boolean> {
  const assertion = parseAssertion(text);
  const set = keySetOf({ keys });
  const key = assertion && set && pickKey(set, assertion.alg, assertion.kid);
  return assertion !== null && key !== null && isAssertionSignedWith(assertion, key);
}

/** What no header can hold is refused by the platform, before us. */
function safe(text: string): string {
  return text.replace(/[^\u0020-\u007e]/g, '?');
}

async function opened(door: Door, forgeries: readonly Forgery[]): Promise<readonly string[]> {
  const taken = await Promise.all(forgeries.map(async ([what, text]) => ((await door.opens(text)) ? [what] : [])));
  return taken.flat();
}

describe.each(Object.entries(doors))('core/signature: %s', (_name, door) => {
  it('SEC-205 SEC-201 SEC-202 SEC-203 accepts valid signatures, and rejects forged, broken, confused and re-encoded ones', async () => {
    const good = await signer.sign(door.claims, { kid: undefined, ...door.header });
    expect(await door.opens(good)).toBe(true);
    const forgeries = await forgeriesOf(signer, good, door.header);
    expect(forgeries.length).toBeGreaterThan(75);
    expect(await opened(door, forgeries.filter(([what]) => !(door.header['jwk'] && /\bkid\b/.test(what))))).toEqual([]); // a proof brings its key along
    expect(await door.opens(good)).toBe(true);
  }); // prettier-ignore
});

describe('core/signatures', () => {
  it('SEC-203 SEC-205 rejects header extensions and duplicate members, even if the right key signed them', async () => {
    for (const [name, door] of Object.entries(doors).slice(0, 2)) {
      const good = await signer.sign(door.claims, { kid: undefined, ...door.header });
      expect([name, await opened(door, await oddities(signer, good, door.header))]).toEqual([name, []]);
      expect(await door.opens(await signedText(signer.privateKey, JSON.stringify(door.header), good.split('.')[1] ?? ''))).toBe(true);
    }
  });

  it("SEC-205 rejects any algorithm but the key's own, RSA keys included", async () => {
    const pairs = await Promise.all(
      ['RS256', 'PS256'].map(async (alg) => {
        const one = await makeSigner(alg, 'rsa');
        return { alg, one, text: await one.sign({ sub: 'x' }, {}) };
      }),
    );
    for (const { alg, one, text } of pairs) {
      expect(await takesAssertion(text, [one.publicKey])).toBe(true);
      const [, body = '', signature = ''] = text.split('.');
      for (const other of ['RS256', 'PS256', 'RS384', 'RS512', 'PS512', 'HS256', 'none'].filter((name) => name !== alg)) {
        const head = base64url(utf8(JSON.stringify({ alg: other, kid: 'rsa' })));
        expect([other, await takesAssertion(`${head}.${body}.${signature}`, [one.publicKey])]).toEqual([other, false]);
      }
      const tied = { ...one.publicKey, alg: alg === 'RS256' ? 'PS256' : 'RS256' };
      expect(await takesAssertion(text, [tied])).toBe(false);
      for (const size of [0, 1, 255, 257]) {
        const wrong = `${text.slice(0, text.lastIndexOf('.') + 1)}${base64url(new Uint8Array(size).fill(1))}`;
        expect(await takesAssertion(wrong, [one.publicKey])).toBe(false);
      }
    }
  });

  it('checks a signature with the algorithm that was judged, not with another name that the text has for it (RFC 9864 §2.2)', async () => {
    const one = await makeSigner('EdDSA', 'key-1');
    const text = await one.sign({ sub: 'x' }, { alg: 'Ed25519' });
    const as = (alg: string): Promise<boolean> => isAssertionSignedWith({ text, alg } as Assertion, one.publicKey as Jwk);
    expect([await as('Ed25519'), await as('EdDSA')]).toEqual([true, false]);
  });

  it('SEC-205 SEC-202 uses no key that is for another purpose, weak, broken, private, or ambiguous', async () => {
    const text = await signer.sign({ sub: 'x' }, {});
    const key = signer.publicKey;
    const other = await makeSigner('ES256', 'key-1');
    const point = { ...key, y: other.publicKey.y }; // on no curve
    const bad: readonly (readonly unknown[])[] = [
      [{ ...key, use: 'enc' }], [{ ...key, key_ops: ['sign'] }], [{ ...key, alg: 'ES384' }], [{ ...key, crv: 'P-384' }], [{ ...key, kty: 'oct', k: key.x }], [{ ...key, kty: 'RSA' }], [point],
      [{ ...key, x: undefined }], [{ ...key, x: '' }], [{ ...key, x: `${key.x}AA` }], [{ ...key, y: 7 }], [signer.privateKey], [key, signer.privateKey], [key, other.publicKey], [key, { ...key }], [{ ...key, kid: 'other' }], [null], ['key'], [], [[key]],
    ]; // prettier-ignore
    for (const keys of bad) expect([JSON.stringify(keys), await takesAssertion(text, keys)]).toEqual([JSON.stringify(keys), false]);
    expect(await takesAssertion(text, [key, { ...other.publicKey, kid: 'other' }])).toBe(true);
  });

  it('SEC-205 rejects an RSA key with exponent one, under which anyone can sign', async () => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true });
    const weak = { ...(await exportJWK(publicKey)), e: 'AQ', kid: 'weak' };
    const text = `${base64url(utf8('{"alg":"RS256","kid":"weak"}'))}.${base64url(utf8('{"sub":"x"}'))}`;
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text)));
    const info = Uint8Array.from(atob('MDEwDQYJYIZIAWUDBAIBBQAEIA=='), (sign) => sign.charCodeAt(0)); // DigestInfo of SHA-256
    const padding = new Uint8Array(256 - 3 - info.length - digest.length).fill(255);
    const signature = Uint8Array.of(0, 1, ...padding, 0, ...info, ...digest);
    expect(await takesAssertion(`${text}.${base64url(signature)}`, [weak])).toBe(false);
  });

  it('SEC-205 rejects an RSA key of 1024 bits', async () => {
    const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1) };
    const { privateKey, publicKey } = (await crypto.subtle.generateKey(rsa, true, ['sign', 'verify'])) as CryptoKeyPair;
    const short = { ...((await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey), kid: 'short', key_ops: undefined };
    const text = `${base64url(utf8('{"alg":"RS256","kid":"short"}'))}.${base64url(utf8('{"sub":"x"}'))}`;
    const signature = new Uint8Array(await crypto.subtle.sign(rsa.name, privateKey, utf8(text)));
    expect(await takesAssertion(`${text}.${base64url(signature)}`, [short])).toBe(false);
  });
});
