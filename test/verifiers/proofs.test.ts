/** Tokens of another issuer that are bound to a key, at a guard that stands alone and behind the whole provider. */
import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import type { Checked } from '../../src/model/access.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { verifyIntrospection } from '../../src/verifiers/introspection.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { proofs } from '../../src/verifiers/proofs.ts';
import { RESOURCE, makeApp } from '../support/app.ts';
import { type Issuer, makeIssuer, NOW } from '../support/issuer.ts';
import { makeProver, type Prover } from '../support/prover.ts';

const ISSUER = 'https://as.example';
const SECRET = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYzE';

interface World {
  readonly as: Issuer;
  readonly prover: Prover;
  readonly token: string;
  call(authorization: string, dpop?: string): Promise<Checked | Response>;
}

async function makeWorld(store = memoryStore({ now: () => NOW }), cnf?: object, checkProof = true): Promise<World> {
  const as = await makeIssuer(ISSUER);
  const prover = await makeProver({ now: as.now, pass: () => undefined } as never);
  const jkt = await thumbprintOf(prover);
  const check = guard({
    resource: RESOURCE,
    ...verifyJwt({ issuer: ISSUER, fetch: as.fetch, now: as.now }),
    ...(checkProof && { checkProof: proofs({ store, now: as.now }) }),
  });
  const token = await as.sign({ aud: RESOURCE, scope: 'read', cnf: cnf ?? { jkt } });
  return {
    as,
    prover,
    token,
    call: (authorization, dpop) =>
      check(new Request(RESOURCE, { method: 'POST', headers: { authorization, ...(dpop === undefined ? {} : { dpop }) } })),
  };
}

/** RFC 7638, worked out by the SDK of signatures, not by us. */
async function thumbprintOf({ publicKey }: Prover): Promise<string> {
  const { calculateJwkThumbprint } = await import('jose');
  return calculateJwkThumbprint(publicKey);
}

const statusOf = (verdict: Checked | Response): number => (verdict instanceof Response ? verdict.status : 200);

describe('verifiers/proofs', () => {
  it('accepts a proof of the key that the token is bound to, and reports its thumbprint (RFC 9449 §7.1)', async () => {
    const { call, token, prover } = await makeWorld();
    expect(await call(`DPoP ${token}`, await prover.proof('POST', RESOURCE, { token }))).toMatchObject({
      userId: 'user-1',
      cnf: { jkt: await thumbprintOf(prover) },
    });
  });

  it('SEC-215 takes a proof once in all processes that share the store, and SEC-216 none of another key, request or token', async () => {
    const store = memoryStore({ now: () => NOW });
    const [one, two] = [await makeWorld(store), await makeWorld(store)];
    const proof = await one.prover.proof('POST', RESOURCE, { token: one.token });
    const both = await Promise.all([one.call(`DPoP ${one.token}`, proof), one.call(`DPoP ${one.token}`, proof)]);
    expect(both.map(statusOf).toSorted((a, b) => a - b)).toEqual([200, 401]);
    for (const wrong of [
      await two.prover.proof('POST', RESOURCE, { token: one.token }),
      await one.prover.proof('GET', RESOURCE, { token: one.token }),
      await one.prover.proof('POST', `${RESOURCE}2`, { token: one.token }),
      await one.prover.proof('POST', RESOURCE, { token: two.token }),
      await one.prover.proof('POST', RESOURCE, { token: one.token, claims: { iat: NOW - 301 } }),
      undefined,
    ]) {
      const refused = (await one.call(`DPoP ${one.token}`, wrong)) as Response;
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^DPoP error="invalid_dpop_proof"/)]);
    }
  }); // prettier-ignore

  it('SEC-216 takes no bound token as a bearer, no bearer as bound, and none at all without a check of proofs', async () => {
    const { call, token, prover, as } = await makeWorld();
    expect(statusOf(await call(`Bearer ${token}`))).toBe(401);
    expect(statusOf(await call(`Bearer ${token}`, await prover.proof('POST', RESOURCE, { token })))).toBe(401);
    const bearer = await as.sign({ aud: RESOURCE });
    expect(statusOf(await call(`DPoP ${bearer}`, await prover.proof('POST', RESOURCE, { token: bearer })))).toBe(401);
    const without = await makeWorld(memoryStore({ now: () => NOW }), undefined, false);
    const proof = await without.prover.proof('POST', RESOURCE, { token: without.token });
    expect(statusOf(await without.call(`DPoP ${without.token}`, proof))).toBe(401);
  });

  it('asks for the proof each time the same request is looked at that failed before', async () => {
    const { as, token } = await makeWorld();
    const check = guard({ resource: RESOURCE, ...verifyJwt({ issuer: ISSUER, fetch: as.fetch, now: as.now }) });
    const request = new Request(RESOURCE, { method: 'POST', headers: { authorization: `DPoP ${token}` } });
    expect([statusOf(await check(request)), statusOf(await check(request))]).toEqual([401, 401]);
  });

  it.each([[{ 'x5t#S256': 'A'.repeat(43) }], [{ jkt: 'A'.repeat(43), 'x5t#S256': 'A'.repeat(43) }], [{ jkt: 'short' }], [{}], ['text']])(
    'refuses a token whose bond %j it cannot check (RFC 8705 §3.1)',
    async (cnf) => {
      const { call, token, prover } = await makeWorld(memoryStore({ now: () => NOW }), cnf as object);
      for (const scheme of ['Bearer', 'DPoP'])
        expect(statusOf(await call(`${scheme} ${token}`, await prover.proof('POST', RESOURCE, { token })))).toBe(401);
    },
  );

  it('works for opaque tokens whose issuer returns the key (RFC 9449 §6.2)', async () => {
    const prover = await makeProver({ now: () => NOW, pass: () => undefined } as never);
    const cnf = { jkt: await thumbprintOf(prover) };
    const said = { active: true, sub: 'u', client_id: 'c', aud: RESOURCE, exp: NOW + 60, token_type: 'DPoP', cnf };
    const source = verifyIntrospection({
      issuer: ISSUER, endpoint: `${ISSUER}/introspect`, clientId: 'rs', clientSecret: 's', now: () => NOW, fetch: async () => Response.json(said),
    }); // prettier-ignore
    const check = guard({ resource: RESOURCE, ...source, checkProof: proofs({ store: memoryStore({ now: () => NOW }), now: () => NOW }) });
    const dpop = await prover.proof('POST', RESOURCE, { token: 'opaque' });
    const request = (): Request => new Request(RESOURCE, { method: 'POST', headers: { authorization: 'DPoP opaque', dpop } });
    expect([statusOf(await check(request())), statusOf(await check(request()))]).toEqual([200, 401]);
  });

  it('is not needed behind the provider, which checks proofs of other servers’ tokens itself', async () => {
    const as = await makeIssuer(ISSUER);
    const app = await makeApp('memory', { externalTokens: verifyJwt({ issuer: ISSUER, fetch: as.fetch, now: as.now }), secret: SECRET });
    const prover = await makeProver(app.clock);
    as.clock = app.clock.now();
    const token = await as.sign({ aud: RESOURCE, cnf: { jkt: await thumbprintOf(prover) }, iat: as.clock, exp: as.clock + 60 });
    const dpop = await prover.proof('POST', RESOURCE, { token });
    const call = async (): Promise<number> => (await app.call(null, '/mcp', { authorization: `DPoP ${token}`, dpop })).status;
    expect([await call(), await call()]).toEqual([200, 401]);
  });

  it('refuses a store that cannot tell a first use from a second, at start-up', () => {
    expect(() => proofs({ store: { atomic: false, write: async () => null } })).toThrow(/`store` cannot tell a first use from a second/);
    expect(() => proofs({ store: undefined as never })).toThrow(/`store` must be a store/);
  });
});
