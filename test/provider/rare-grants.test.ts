import { describe, expect, it } from 'vitest';
import { checkFetch } from '../../src/options/parse.ts';
import { issuersOf } from '../../src/provider/rare-grants.ts';
import { checkOwnIssuer, clientsOf } from '../../src/options/option-checks.ts';

const good = { issuer: 'https://idp.example', kind: 'enterprise', jwks: { keys: [] }, scope: ['read'] };
const platform = { ...good, kind: 'workload', claims: { sub: 'job' } };

describe('provider/rare-grants: trusted issuers', () => {
  it('takes issuers with keys, a ceiling, and for a platform a rule which workloads are meant', () => {
    const both = [good, platform, { ...platform, issuer: 'https://b.example', claims: undefined, user: () => null }];
    expect(issuersOf(both as never)).toEqual({ trustedIssuers: both, issuerFinder: null });
  });

  it.each([
    ['x', 'must be a list'], [[{ ...good, issuer: '' }], 'give the `issuer`'], [[{ ...good, kind: 'x' }], '`kind` must be'], [[{ ...good, jwks: undefined }], 'give its public keys'],
    [[{ ...good, jwksUri: 'https://idp.example/k' }], 'give its public keys'], [[{ ...good, jwks: { keys: [{ kty: 'oct', k: 'x' }] } }], 'public keys only'],
    [[{ ...good, jwks: undefined, jwksUri: 'http://idp.example/k' }], '`jwksUri` must be'], [[{ ...good, scope: undefined }], '`scope` must list'], [[{ ...good, scope: ['a b'] }], '`scope` must list'],
    [[{ ...platform, claims: {} }], 'name the workloads'], [[{ ...platform, claims: undefined }], 'name the workloads'], [[{ ...platform, clients: ['a'] }], 'a workload is no client'], [[good, good], 'twice'],
    [[{ ...good, audienc: 'x' }], '`audienc` is not an option; did you mean `audience`'],
  ])('refuses %j', (given, fix) => {
    expect(() => issuersOf(given as never)).toThrow(fix);
  }); // prettier-ignore

  it('refuses an address of keys on a machine that cannot read it safely, of an issuer and of a client', () => {
    const jwksUri = 'https://idp.example/keys';
    const { jwks: _, ...rest } = good;
    expect(() => checkFetch({ trustedIssuers: [{ ...rest, jwksUri }] } as never, false)).toThrow('`trustedIssuers` has a `jwksUri`');
    expect(() => checkFetch({ clients: [{ id: 'a', jwksUri }] }, false)).toThrow('`clients` has a `jwksUri`');
    expect(() => checkFetch({ trustedIssuers: [good], clients: [{ id: 'a', jwksUri }] } as never, true)).not.toThrow();
  });

  it('refuses a misspelt member of a client (W-06)', () => {
    const client = { id: 'app', secret: 's'.repeat(32), redirectUris: ['https://app.example/cb'] };
    expect(clientsOf([client]).size).toBe(1);
    expect(() => clientsOf([{ ...client, dpopBound: true } as never])).toThrow('The client "app": `dpopBound` is not an option');
  });

  it('refuses our own issuer, which signs no assertions', () => {
    expect(() => checkOwnIssuer([good] as never, 'https://idp.example')).toThrow('our own issuer');
  });
});
