/**
 * JWTs that no one should take: the classes of bad signatures, headers and texts of the Wycheproof sets for JSON Web Signature and
 * ECDSA (C2SP/wycheproof), made here over a message of the test's own, so that the same door can be tried with every one of them.
 */
import type { JWK } from 'jose';
import { base64url, fromBase64url, utf8 } from '../../src/lib/bytes.ts';
import { makeSigner, type Signer } from './signer.ts';

/** A bad text, and what is bad about it. */
export type Forgery = readonly [what: string, text: string];

type Bytes = Uint8Array<ArrayBuffer>;

const P256_ORDER = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const NONES = ['none', 'None', 'NONE', 'nOnE', 'none ', ''];

/** All of them, over a good text that `signer` signed with ES256. @param header of the good text. */
export async function forgeriesOf(signer: Signer, good: string, header: Record<string, unknown>): Promise<readonly Forgery[]> {
  const [head = '', body = '', signature = ''] = good.split('.');
  const raw = fromBase64url(signature) as Bytes;
  const [r, s] = [raw.slice(0, 32), raw.slice(32)];
  const [zero, one] = [new Uint8Array(32), Uint8Array.of(...new Uint8Array(31), 1)];
  const signed = (...parts: readonly Uint8Array[]): string => `${head}.${body}.${base64url(joined(...parts))}`;
  const withHeader = (changes: Record<string, unknown>, sign = signature): string =>
    `${encoded({ ...header, ...changes })}.${body}.${sign}`;
  const attacker = await makeSigner('ES256', String(header['kid']));
  const claims = JSON.parse(new TextDecoder().decode(fromBase64url(body) as Bytes)) as Record<string, unknown>;
  const byAttacker = (more: Record<string, unknown>): Promise<string> => attacker.sign(claims, { ...header, ...more });
  const real = (headerText: string): Promise<string> => signedText(signer.privateKey, headerText, body);
  return [
    ['r and s are zero', signed(zero, zero)], ['r is zero', signed(zero, s)], ['s is zero', signed(r, zero)], ['r and s are one', signed(one, one)],
    ['r is the order', signed(P256_ORDER, s)], ['s is the order', signed(r, P256_ORDER)], ['r and s are the order', signed(P256_ORDER, P256_ORDER)],
    ['all bits set', signed(new Uint8Array(64).fill(255))], ['r and s in each other’s place', signed(s, r)], ['r alone', signed(r)],
    ['a byte short', signed(raw.slice(0, 63))], ['a byte long', signed(raw, zero.slice(0, 1))], ['twice as long', signed(raw, raw)], ['zeros before each half', signed(zero.slice(0, 1), r, zero.slice(0, 1), s)],
    ['DER in place of raw', signed(der(r, s))], ['no signature', `${head}.${body}.`], ['a changed signature', signed(flipped(raw))],
    ['a changed payload', `${head}.${encoded({ ...claims, sub: 'root' })}.${signature}`], ['a changed header', withHeader({ typ: 'at+jwt', x: 1 })],
    ['no payload', `${head}..${signature}`], ['no header', `.${body}.${signature}`], ['one part', head], ['two parts', `${head}.${body}`], ['four parts', `${good}.x`], ['an empty fourth part', `${good}.`],
    ['five parts', `${good}.x.y`], ['dots alone', '..'], ['nothing', ''], ['64 KB', `${head}.${body}.${'A'.repeat(65_536)}`],
    ['padded base64', `${good}==`], ['plain base64', `${head}.${body}.${btoa(String.fromCharCode(...new Uint8Array(64).fill(251)))}`], ['a space in it', `${head}.${body}. ${signature}`], ['a line break in it', `${head}.${body}\n.${signature}`],
    ['a last sign that says more than its bits', notCanonical(good)],
    ['JSON serialization, flattened', JSON.stringify({ protected: head, payload: body, signature })], ['JSON serialization', JSON.stringify({ payload: body, signatures: [{ protected: head, signature }] })],
    ...NONES.flatMap((alg): Forgery[] => [[`alg ${JSON.stringify(alg)} without a signature`, withHeader({ alg }, '')], [`alg ${JSON.stringify(alg)} with one`, withHeader({ alg })]]),
    ...[undefined, null, 7, ['ES256'], { alg: 'ES256' }, 'es256', 'ES256K', 'ES384', 'ES512', 'EdDSA', 'RS256', 'PS256', 'HS256', 'RS1', 'ES256 '].map((alg): Forgery => [`alg ${JSON.stringify(alg)}`, withHeader({ alg })]),
    ...(await confusions(signer.publicKey, header, body)),
    ['signed by another key', await byAttacker({})], ['its own key in the header', await byAttacker({ jwk: attacker.publicKey })],
    ['keys at an address in the header', await byAttacker({ jku: 'https://evil.example/keys', x5u: 'https://evil.example/x5u' })], ['a certificate in the header', await byAttacker({ x5c: ['MIIB'] })],
    ['crit that nobody knows', await real(JSON.stringify({ ...header, crit: ['exp'], exp: 1 }))], ['a header that is a list', await real('[]')], ['a header that is no JSON', await real('{"alg":"ES256"')],
    ['another kid', await signer.sign(claims, { ...header, kid: 'other' })], ['a kid that is a path', await signer.sign(claims, { ...header, kid: '../../dev/null' })],
  ]; // prettier-ignore
}

/** What is signed by the right key, and still refused by a strict reader: extensions, and names that stand twice. */
export async function oddities(signer: Signer, good: string, header: Record<string, unknown>): Promise<readonly Forgery[]> {
  const body = good.split('.')[1] ?? '';
  const headers: readonly (readonly [string, string])[] = [
    ['b64 without crit', JSON.stringify({ ...header, b64: false })],
    ['b64 with crit', JSON.stringify({ ...header, b64: false, crit: ['b64'] })],
    ['an empty crit', JSON.stringify({ ...header, crit: [] })],
    ['zip', JSON.stringify({ ...header, zip: 'DEF' })],
    ['alg twice', JSON.stringify(header).replace('{', '{"alg":"none",')],
    ['another member twice', JSON.stringify(header).replace('{', '{"x":1,"x":1,')],
  ];
  return Promise.all(headers.map(async ([what, text]): Promise<Forgery> => [what, await signedText(signer.privateKey, text, body)]));
}

/** HS256 with everything of the public key that an implementation might take for a secret (RFC 8725 §2.1). */
async function confusions(publicKey: JWK, header: Record<string, unknown>, body: string): Promise<readonly Forgery[]> {
  const { kid: _, ...jwk } = publicKey;
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
  const spki = new Uint8Array((await crypto.subtle.exportKey('spki', key)) as ArrayBuffer);
  const pem = `-----BEGIN PUBLIC KEY-----\n${btoa(String.fromCharCode(...spki))}\n-----END PUBLIC KEY-----\n`;
  const point = joined(Uint8Array.of(4), fromBase64url(String(jwk.x)) as Bytes, fromBase64url(String(jwk.y)) as Bytes);
  const secrets: readonly (readonly [string, Bytes])[] = [
    ['its SPKI', spki], ['its PEM', utf8(pem)], ['its PEM without the last line break', utf8(pem.trim())], ['its JWK', utf8(JSON.stringify(jwk))], ['its point', point], ['its x', fromBase64url(String(jwk.x)) as Bytes],
  ]; // prettier-ignore
  const text = `${encoded({ ...header, alg: 'HS256' })}.${body}`;
  return Promise.all(
    secrets.map(async ([what, secret]): Promise<Forgery> => {
      const mac = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
      return [`HS256 with ${what}`, `${text}.${base64url(new Uint8Array(await crypto.subtle.sign('HMAC', mac, utf8(text))))}`];
    }),
  );
}

/** A signature over a header as it is written. */
export async function signedText(privateKey: JWK, headerText: string, body: string): Promise<string> {
  const { kid: _, ...jwk } = privateKey;
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const text = `${base64url(utf8(headerText))}.${body}`;
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, utf8(text))))}`;
}

function encoded(value: unknown): string {
  return base64url(utf8(JSON.stringify(value)));
}

function joined(...parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function flipped(bytes: Bytes): Bytes {
  return bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte));
}

/** 64 bytes leave four bits of the last sign unused; here they are not zero. */
function notCanonical(good: string): string {
  const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return good.slice(0, -1) + signs[signs.indexOf(good.at(-1) ?? '') | 1];
}

/** The two numbers as ASN.1 has them. */
function der(...numbers: readonly Bytes[]): Bytes {
  const integers = numbers.map((number) => {
    const signed = (number[0] ?? 0) > 127 ? joined(Uint8Array.of(0), number) : number;
    return joined(Uint8Array.of(2, signed.length), signed);
  });
  const all = joined(...integers);
  return joined(Uint8Array.of(0x30, all.length), all);
}

function fromHex(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
