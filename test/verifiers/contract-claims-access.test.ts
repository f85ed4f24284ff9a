/** From verified claims to what a handler is told of the caller. */
import { describe, expect, it } from 'vitest';
import { type AccessContext, accessOf, type Claims, type Reading } from '../../src/verifiers/contract.ts';

const ISSUER = 'https://as.example';
const RESOURCE = 'https://mcp.example/mcp';
const JKT = 'k'.repeat(43);
const CLAIMS = { sub: 'user', client_id: 'app' };

/** What comes of claims; the reason where it is nothing. */
function read(claims: Claims, said: Reading | null = {}, more: Partial<AccessContext> = {}): unknown {
  let why: unknown;
  const about = { resource: RESOURCE, issuer: ISSUER, endsAt: 1000.9, read: () => said, programs: undefined };
  return accessOf(claims, { ...about, tell: (...told) => (why = told), ...more }) ?? why;
}

describe('verifiers/contract, claims: access', () => {
  it('refuses an asynchronous reader, whose null would be overlooked', () => {
    expect(() => read(CLAIMS, Promise.resolve(null) as never)).toThrow('`read` of a token source must not be asynchronous.');
    expect(read(CLAIMS, undefined, { read: () => undefined as never })).toEqual(['claims_refused', expect.anything()]);
  });

  it('reads the names of RFC 9068, scopes of both spellings once, and ends at a whole second', () => {
    expect((read(CLAIMS) as { props: object }).props).toStrictEqual({ claims: CLAIMS });
    const claims = { ...CLAIMS, iss: 'https://tenant.example', scope: 'a b', scp: ['b', 'c'], jti: 'token-1' };
    expect(read(claims)).toEqual({
      userId: 'user',
      clientId: 'app',
      grantId: 'https://tenant.example#token-1',
      issuer: 'https://tenant.example',
      scope: ['a', 'b', 'c'],
      resource: RESOURCE,
      expiresAt: 1000,
      props: { claims },
    });
  });

  it('names the grant by the session, else by the token, else by client and user', () => {
    const grantOf = (claims: object): string => (read({ ...CLAIMS, ...claims }) as { grantId: string }).grantId;
    expect(grantOf({ sid: 's', jti: 'j' })).toBe(`${ISSUER}#s`);
    expect(grantOf({ sid: '', jti: 'j' })).toBe(`${ISSUER}#j`);
    expect(grantOf({})).toBe(`${ISSUER}#app user`);
  });

  it('finds the client in `azp`, too, and goes by what the reader of the vendor says before all claims', () => {
    expect(read({ sub: 'user', azp: 'party' })).toMatchObject({ clientId: 'party' });
    expect(read({ sub: 'user', client_id: 'app', azp: 'party' })).toMatchObject({ clientId: 'app' });
    const said = { userId: 'u', clientId: 'c', scope: ['s'], permissions: ['p'], props: { role: 'r' } };
    expect(read({ ...CLAIMS, scope: 'x' }, said)).toMatchObject({
      userId: 'u',
      clientId: 'c',
      scope: ['s'],
      props: { claims: { ...CLAIMS, scope: 'x' }, permissions: ['p'], role: 'r' },
    });
  });

  it.each([
    ['claims_refused', { ...CLAIMS, cnf: {} }, null],
    ['bound_otherwise', { cnf: {} }, {}],
    ['user_missing', { client_id: 'app' }, {}],
    ['user_missing', { sub: '', client_id: 'app' }, {}],
    ['client_missing', { sub: 'user', client_id: 7 }, {}],
  ] as const)('says %s of %j', (reason, claims, said) => {
    expect(read(claims, said)).toEqual([reason, expect.any(String)]);
  });

  it.each([
    { sub: 'app', client_id: 'app' },
    { sub: 'client:app', client_id: 'app' },
    { sub: 'build', client_id: 'workload:build' },
  ])('takes the program of %j where programs are taken, and says that it is one (RFC 9068 §2.2)', (claims) => {
    expect(read(claims)).toEqual(['program_not_taken', expect.any(String)]);
    expect(read(claims, {}, { programs: false })).toEqual(['program_not_taken', expect.any(String)]);
    expect(read(claims, {}, { programs: true })).toMatchObject({ program: true, userId: claims.sub });
    expect(read(claims, { program: false })).not.toHaveProperty('program');
  });

  it('distinguishes a user from a client, as the reader says', () => {
    for (const claims of [CLAIMS, { sub: 'client:other', client_id: 'app' }, { sub: 'build', client_id: 'workload:other' }])
      expect(read(claims, {}, { programs: true })).not.toHaveProperty('program');
    expect(read(CLAIMS, { program: true })).toEqual(['program_not_taken', expect.any(String)]);
    expect(read(CLAIMS, { program: true }, { programs: true })).toHaveProperty('program', true);
  });

  it('takes a bond to a DPoP key and none of another kind (RFC 9449 §6, RFC 8705 §3.1)', () => {
    expect(read({ ...CLAIMS, cnf: { jkt: JKT } })).toHaveProperty('cnf', { jkt: JKT });
    expect(read(CLAIMS)).not.toHaveProperty('cnf');
    for (const cnf of [null, 'text', [], {}, { jkt: JKT, x5t: 'x' }, { jkt: `${JKT}k` }, { jkt: JKT.slice(1) }, { jkt: `${JKT.slice(1)}+` }, { jkt: 7 }, { jkt: [JKT] }])
      expect(read({ ...CLAIMS, cnf })).toEqual(['bound_otherwise', expect.any(String)]);
  }); // prettier-ignore

  it('works without a listener', () => {
    expect(accessOf({}, { resource: RESOURCE, issuer: ISSUER, endsAt: 1, read: () => null, programs: true })).toBeNull();
  });
});
