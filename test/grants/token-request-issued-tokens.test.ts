import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { boundTo, deriveTokens, type IssuedTokens, sealTokens, signAccessToken, tokenAnswer } from '../../src/grants/token-request.ts';
import { parseAssertion } from '../../src/model/assertion.ts';
import type { Settings } from '../../src/model/settings.ts';
import { familyOf, unwrap, wrap } from '../../src/model/token.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { KEY, openGrant, proofOf, START } from '../support/grants.ts';
import { makeServer } from '../support/server.ts';

const TOKENS: IssuedTokens = { accessToken: 'a', refreshToken: null, scope: ['read', 'write'], resource: 'https://mcp.example/mcp', expiresAt: 100 }; // prettier-ignore
const PLAIN = { access_token: 'a', token_type: 'Bearer', expires_in: 40, scope: 'read write', resource: 'https://mcp.example/mcp' };

describe('grants/token-request: the answer', () => {
  it('answers with the members of RFC 6749 §5.1, and with no member that does not apply', () => {
    expect(JSON.stringify(tokenAnswer(TOKENS, 60))).toBe(JSON.stringify(PLAIN));
    expect(Object.keys(tokenAnswer(TOKENS, 60))).toEqual(Object.keys(PLAIN));
  });

  it('names the refresh token, the type of an exchanged token and of a bound one', () => {
    const answer = tokenAnswer({ ...TOKENS, refreshToken: 'r', issuedTokenType: 'urn:x', jkt: 'j' }, 60);
    expect(answer).toEqual({ ...PLAIN, refresh_token: 'r', issued_token_type: 'urn:x', token_type: 'DPoP' });
  });

  it('omits the resource of a token for every route, and never returns a negative expires_in', () => {
    const { resource: _, ...rest } = PLAIN;
    expect(tokenAnswer({ ...TOKENS, resource: 'https://as.example#every-route' }, 101)).toEqual({ ...rest, expires_in: 0 });
  });
});

it('seals tokens for the holder of what was presented, and for one grant only', async () => {
  const secrets = makeSecrets(makeRuntime());
  const given = { access: 'a', refresh: 'r' };
  const sealed = await sealTokens({ secrets } as AuthServer, 'g1', 'code', given);
  expect(await secrets.openUnder('code', sealed, boundTo('g1'))).toEqual(given);
  expect(await secrets.openUnder('code', sealed, boundTo('g2'))).toBeNull();
  expect(await secrets.openUnder('other', sealed, boundTo('g1'))).toBeNull();
});

const secrets = makeSecrets(makeRuntime());
const as = { secrets } as AuthServer;
const GRANT = 'G'.repeat(22);

describe('grants/token-request: derived tokens', () => {
  it('are the same for the same token and nonce, of its family, and lead back to it only where that is wanted', async () => {
    const presented = (await secrets.mint(GRANT)).refreshToken ?? '';
    const proof = { ...(await secrets.refreshProof(presented)), familyHash: 'hash of the family' };
    const derive = (nonce: string, leadsBack: boolean) => deriveTokens(as, proof, presented, { nonce, grantId: GRANT, leadsBack } as never);
    const [one, same, other] = [await derive('n', false), await derive('n', false), await derive('m', false)];
    expect([one.accessToken, one.refreshToken]).toEqual([same.accessToken, same.refreshToken]);
    expect([one.accessToken === other.accessToken, one.refreshToken === other.refreshToken]).toEqual([false, false]);
    expect([familyOf(one.refreshToken ?? ''), one.refresh?.familyHash]).toEqual([familyOf(presented), proof.familyHash]);
    expect(await secrets.padBefore(one.refreshToken ?? '')).toBeNull();
    const back = await derive('n', true);
    expect([await secrets.padBefore(back.refreshToken ?? ''), back.refresh?.familyHash]).toEqual([proof.pad, proof.familyHash]);
  });
});

const SIGNED = 'https://signed.example/mcp';
const OPAQUE = 'https://opaque.example/mcp';

function server(): AuthServer {
  const resources = [{ uri: OPAQUE }, { uri: SIGNED, accessTokenSigning: 'ES256' as const }];
  return makeServer({ clock: makeClock(START), settings: { resources: resources as unknown as Settings['resources'] } }).as;
}
const entryOf = (name: string) => ({ ...wrap(KEY, proofOf(name)), scope: ['read'], expiresAt: START + 600 });

describe('grants/token-request: a signed access token', () => {
  it.each([OPAQUE, 'https://unknown.example/mcp'])('hands out the minted token where the resource is %s', async (resource) => {
    const access = entryOf('a');
    const grant = openGrant({ resource, access: [access] });
    const given = await signAccessToken(server(), grant, access, { accessToken: 'minted', access: proofOf('a') });
    expect(given).toEqual({ grant, access, accessToken: 'minted' });
  });

  it('signs one in its place, and keeps its hash and the key of the grant wrapped for it, beside the other tokens (RFC 9068)', async () => {
    const as = server();
    const [other, access] = [entryOf('b'), entryOf('a')];
    const grant = openGrant({ resource: SIGNED, access: [other, access] });
    const given = await signAccessToken(as, grant, access, { accessToken: 'minted', access: proofOf('a') });
    expect(parseAssertion(given.accessToken)?.claims).toMatchObject({
      aud: SIGNED,
      sub: 'user',
      scope: 'read',
      exp: START + 600,
      jti: expect.stringMatching(/^at_grant\./),
    });
    const { hash, pad } = await as.secrets.proof(given.accessToken);
    expect(given.access).toMatchObject({ hash, scope: ['read'], expiresAt: START + 600 });
    expect(unwrap(given.access, pad)).toEqual(KEY);
    expect(given.grant).toEqual({ ...grant, access: [other, given.access] });
  });
});
