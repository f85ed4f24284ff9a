/** Several sources at one resource: to which a token is shown, and what comes of it where one of them fails. */
import { describe, expect, it } from 'vitest';
import type { Checked } from '../../src/model/access.ts';
import { anyOf } from '../../src/verifiers/any-of.ts';
import type { TokenSource } from '../../src/verifiers/contract.ts';

const RESOURCE = 'https://mcp.example/mcp';
const ISSUER = 'https://as.example';
const encode = (claims: object): string => btoa(JSON.stringify(claims)).replace(/=+$/, '');
const SIGNED = `e30.${encode({ iss: ISSUER })}.AAAA`;

/** A source that answers with its name, with nothing, or with an error. */
function source(name: string, own: NonNullable<TokenSource['own']>[number], answer: 'good' | 'none' | 'down' = 'good'): TokenSource {
  const verify = (): Checked | null => {
    if (answer === 'down') throw new Error(name);
    return answer === 'good' ? ({ userId: name } as Checked) : null;
  };
  return { authorizationServers: [ISSUER, `https://${name}.example`], verify, own: [own], fixedAudience: [`${name} audience`] };
}

/** Who knew the token, or the reason or error. */
async function ask(token: string, ...sources: TokenSource[]): Promise<string> {
  let why = '';
  try {
    const access = await anyOf(...sources).verify(token, RESOURCE, (reason, detail) => (why = `${reason}: ${detail}`));
    return access?.userId ?? why;
  } catch (error) {
    return `error ${(error as Error).message}`;
  }
}

describe('verifiers/any-of, which source', () => {
  const keys = source('keys', { prefix: 'acme_' });
  const opaque = source('opaque', { opaque: true });
  const signed = source('signed', { issuers: [ISSUER] });

  it('goes by the prefix first, then by the issuer, then by what is left (F-53)', async () => {
    expect(await ask('acme_1', opaque, keys)).toBe('keys');
    expect(await ask('acme_1', opaque, source('keys', { prefix: 'acme_' }, 'none'))).toBe('');
    expect(await ask('other_1', keys, opaque)).toBe('opaque');
    expect(await ask(SIGNED, opaque, keys, signed)).toBe('signed');
    const two = { ...keys, own: [{ prefix: 'a_' }, { prefix: 'acme_' }] };
    expect([await ask('acme_1', opaque, two), await ask('a_1', opaque, two)]).toEqual(['keys', 'keys']);
    expect(await ask('acme_1', source('mixed', { prefix: 'x_', opaque: true }), keys)).toBe('keys');
  });

  it('tells which issuers were expected of a token that belongs to none', async () => {
    const stranger = `e30.${encode({ iss: 'https://x.example' })}.AAAA`;
    const expected = 'expected iss "https://as.example https://keys.example https://signed.example"';
    expect(await ask(stranger, keys, signed)).toBe(`source_unknown: ${expected}, token says "https://x.example"`);
    expect(await ask('opaque', keys, signed)).toBe(`source_unknown: ${expected}, token says nothing`);
    expect(await anyOf(keys, signed).verify('opaque', RESOURCE)).toBeNull();
  });

  it('has what its sources have, each issuer once', () => {
    expect(anyOf(keys, signed)).toMatchObject({
      authorizationServers: [ISSUER, 'https://keys.example', 'https://signed.example'],
      own: [{ prefix: 'acme_' }, { issuers: [ISSUER] }],
      fixedAudience: ['keys audience', 'signed audience'],
    });
    const { fixedAudience: _, ...plain } = signed;
    expect(anyOf(plain).fixedAudience).toEqual([]);
  });
});

describe('verifiers/any-of, failures', () => {
  const of = (name: string, answer: 'good' | 'none' | 'down'): TokenSource => source(name, { issuers: [ISSUER] }, answer);

  it('is known where one source knows it, though another is down', async () => {
    expect(await ask(SIGNED, of('a', 'down'), of('b', 'good'))).toBe('b');
    expect(await ask(SIGNED, of('a', 'none'), of('b', 'good'))).toBe('b');
  });

  it('is not known to be bad while one source is down: the first failure is told', async () => {
    expect(await ask(SIGNED, of('a', 'down'), of('b', 'none'))).toBe('error a');
    expect(await ask(SIGNED, of('a', 'none'), of('b', 'down'), of('c', 'down'))).toBe('error b');
    expect(await ask(SIGNED, of('a', 'none'), of('b', 'none'))).toBe('');
  });
});

describe('verifiers/any-of, start-up', () => {
  it('refuses sources that cannot be distinguished, and names itself', () => {
    const of = (own: NonNullable<TokenSource['own']>[number]): TokenSource => source('x', own);
    expect(() => anyOf()).toThrow(/^anyOf: `sources` are none/);
    expect(() => anyOf(of({ prefix: 'a_' }), of({ prefix: 'a_' }))).toThrow(/^anyOf: `sources` hold two whose tokens begin with "a_"/);
    expect(() => anyOf(of({ prefix: 'a_b_' }), of({ prefix: 'a_' }))).toThrow(/begin with "a_"/);
    expect(() => anyOf(of({ opaque: true }), of({ opaque: true }))).toThrow(/^anyOf: `sources` hold two for opaque tokens/);
    const { own: _, ...without } = of({});
    expect(() => anyOf(of({}), without)).toThrow(/^anyOf: `sources` hold one that does not say which tokens are its own \(number 2\)/);
    expect(() => anyOf({ ...of({}), tokenOf: () => null } as TokenSource)).toThrow(/^anyOf: `sources` hold one that reads a header/);
  });

  it('accepts sources of one kind that can be distinguished', () => {
    const of = (own: NonNullable<TokenSource['own']>[number]): TokenSource => source('x', own);
    const own = [{ prefix: 'a_' }, { prefix: 'b_' }, { opaque: true }, { opaque: true, prefix: 'c_' }, { issuers: [ISSUER] }, { issuers: [ISSUER] }];
    expect(anyOf(...own.map(of)).own).toEqual(own);
  }); // prettier-ignore
});
