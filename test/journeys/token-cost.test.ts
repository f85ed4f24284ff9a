/** What tokens of every kind ask of the store, counted: the table of docs/reference/performance.md. */
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, type Counts, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { makeProver } from '../support/prover.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const clients = [
  { id: 'notes', secret: SECRET, authMethod: 'client_secret_post', introspects: ['/mcp'] },
  { id: 'robot', secret: SECRET, authMethod: 'client_secret_post', scope: ['read'] },
  { id: 'tv', authMethod: 'none', grantTypes: [GRANT] },
] as const;
const secret = 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=';

/** Reads and writes of one request. */
async function costOf(app: App, run: () => Promise<unknown>): Promise<readonly [reads: number, writes: number]> {
  const before: Counts = { ...app.counts };
  await run();
  return [app.counts.reads - before.reads, app.counts.writes + app.counts.removes - before.writes - before.removes];
}
const post = (app: App, path: string, fields: Record<string, string>, more: Record<string, string> = {}): Promise<Response> =>
  app.ask('POST', path, new URLSearchParams(fields), { ...FORM, ...more });

describe.each(storeNames)('what tokens ask of the store on %s', (store) => {
  it('is one read for introspection, of an opaque token and of a signed one, and none for what has no token’s shape', async () => {
    for (const more of [{}, { accessTokenSigning: 'ES256', secret }] as const) {
      const app = await makeApp(store, { clients, ...more });
      const { tokens } = await app.signedIn();
      const who = { client_id: 'notes', client_secret: SECRET };
      expect(await costOf(app, () => post(app, '/introspect', { token: tokens.access, ...who }))).toEqual([1, 0]);
      expect(await costOf(app, () => post(app, '/introspect', { token: 'nonsense', ...who }))).toEqual([0, 0]);
      expect(await costOf(app, () => app.call(tokens.access))).toEqual([1, 0]);
    }
  });

  it('is no more for a signed token than for an opaque one, once the key is known', async () => {
    const app = await makeApp(store, { accessTokenSigning: 'ES256', secret });
    await app.signedIn();
    const { client, code } = await app.toCode();
    let refresh = '';
    expect(await costOf(app, async () => void ({ refresh } = tokensOf(await client.redeem(code))))).toEqual([1, 1]);
    expect(await costOf(app, () => client.refresh(refresh))).toEqual([1, 1]);
    expect(await costOf(app, () => app.ask('GET', '/jwks'))).toEqual([0, 0]);
  });

  it('is one write more for a token that is bound to a key: its proof counts once', async () => {
    const app = await makeApp(store);
    const { client, code } = await app.toCode();
    const prover = await makeProver(app.clock);
    const fields = { grant_type: 'authorization_code', code, client_id: client.id, redirect_uri: client.redirectUri, code_verifier: client.verifier };
    const dpop = await prover.proof('POST', `${ISSUER}/token`);
    let access = '';
    expect(await costOf(app, async () => void ({ access } = tokensOf(await client.token(fields, { dpop }))))).toEqual([1, 2]);
    const proof = await prover.proof('POST', RESOURCE, { token: access });
    expect(await costOf(app, () => app.call(null, '/mcp', { authorization: `DPoP ${access}`, dpop: proof }))).toEqual([1, 1]);
  }); // prettier-ignore

  it('is small for a client’s own token, a pushed request and a device', async () => {
    const app = await makeApp(store, { clients, deviceAuthorizationEndpoint: '/device_authorization' });
    const robot = { grant_type: 'client_credentials', client_id: 'robot', client_secret: SECRET };
    expect(await costOf(app, () => post(app, '/token', robot))).toEqual([0, 1]);
    const client = await app.client();
    const request = Object.fromEntries(new URL(await client.authorizeUrl()).searchParams);
    expect(await costOf(app, () => post(app, '/par', request))).toEqual([1, 2]); // the client; a limit, the request
    let codes: { device_code: string } = { device_code: '' };
    const asking = async (): Promise<void> => {
      codes = (await (await post(app, '/device_authorization', { client_id: 'tv' })).json()) as { device_code: string };
    };
    expect(await costOf(app, asking)).toEqual([0, 3]); // a limit, two codes
    expect(await costOf(app, () => post(app, '/token', { grant_type: GRANT, client_id: 'tv', device_code: codes.device_code }))).toEqual([1, 1]);
  }); // prettier-ignore

  it('is one record for a registration, and its limit; the count of all is raised for many at once', async () => {
    const app = await makeApp(store);
    const register = (): Promise<unknown> => app.register({ redirect_uris: ['https://app.example/cb'] });
    expect(await costOf(app, register)).toEqual([1, 3]); // the count; the limit, the count and the client
    for (let at = 0; at < 31; at++) expect(await costOf(app, register)).toEqual([0, 2]);
    expect(await costOf(app, register)).toEqual([1, 3]);
  });
});
