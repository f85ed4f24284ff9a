/** Which access tokens are signed, and what the grant keeps of them. How they verify is in `journeys/signed-tokens.test.ts`. */
import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { signAccessToken } from '../../src/grants/sign-access-token.ts';
import { parseAssertion } from '../../src/model/assertion.ts';
import type { Settings } from '../../src/model/settings.ts';
import { unwrap, wrap } from '../../src/model/wrapped.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { KEY, openGrant, proofOf, START } from '../support/grants.ts';
import { makeServer } from '../support/server.ts';

const SIGNED = 'https://signed.example/mcp';
const OPAQUE = 'https://opaque.example/mcp';

function server(): AuthServer {
  const resources = [{ uri: OPAQUE }, { uri: SIGNED, accessTokenSigning: 'ES256' as const }];
  return makeServer({ clock: makeClock(START), settings: { resources: resources as unknown as Settings['resources'] } }).as;
}
const entryOf = (name: string) => ({ ...wrap(KEY, proofOf(name)), scope: ['read'], expiresAt: START + 600 });

describe('grants/sign-access-token', () => {
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
