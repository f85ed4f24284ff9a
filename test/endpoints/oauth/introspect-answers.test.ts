/** What introspection says of each kind of token, to the last member (RFC 7662 §2.2). */
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import { type JsonAnswer, tokensOf } from '../../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, RESOURCE } from '../../support/app.ts';
import { makeProver } from '../../support/prover.ts';
import { answerOf, lastReason } from '../../support/verdicts.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const server = (id: string, introspects: string[]) => ({ id, secret: SECRET, authMethod: 'client_secret_post', introspects }) as const;
const options: Partial<OAuthProviderOptions> = {
  clients: [
    server('path', ['/mcp']),
    server('url', ['HTTPS://MCP.example/mcp']),
    server('several', ['https://other.example/mcp', '/tools', '/mcp']),
    server('elsewhere', ['/mcp2', 'https://mcp.example/mc']),
    server('whole', [ISSUER]),
    { ...server('gateway', ['/mcp']), grantTypes: [EXCHANGE] },
  ],
  tokenExchange: () => true,
};
const post = async (app: App, path: string, form: Record<string, string>): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, new URLSearchParams(form), FORM));
const introspect = async (app: App, token: string, by: string): Promise<Record<string, unknown>> =>
  (await post(app, '/introspect', { token, client_id: by, client_secret: SECRET })).body;

describe('endpoints/oauth/introspect: answers', () => {
  it('answers only a client that acts for the resource of the token, by path or URL', async () => {
    const app = await makeApp('memory', options);
    const { tokens } = await app.signedIn();
    for (const by of ['path', 'url', 'several']) expect([by, (await introspect(app, tokens.access, by))['active']]).toEqual([by, true]);
    expect(await introspect(app, tokens.access, 'elsewhere')).toEqual({ active: false });
  });

  it('says to what key a token is bound, and who acts', async () => {
    const app = await makeApp('memory', options);
    const prover = await makeProver(app.clock);
    const { client, code } = await app.toCode();
    const form = {
      grant_type: 'authorization_code',
      code,
      client_id: client.id,
      redirect_uri: client.redirectUri,
      code_verifier: client.verifier,
    };
    const { access } = tokensOf(await client.token(form, { dpop: await prover.proof('POST', `${ISSUER}/token`) }));
    const bound = await introspect(app, access, 'path');
    expect(bound).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: expect.stringMatching(/^[\w-]{43}$/) } });
    expect(bound).not.toHaveProperty('act');
    const exchanged = await post(app, '/token', {
      grant_type: EXCHANGE,
      client_id: 'gateway',
      client_secret: SECRET,
      subject_token: access,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    expect(await introspect(app, tokensOf(exchanged).access, 'path')).toMatchObject({
      client_id: 'gateway',
      act: { sub: 'client:gateway' },
      cnf: bound['cnf'],
    });
  });

  it('names every route of ours for a token that is good at all of them', async () => {
    const elsewhere = { 'https://elsewhere.example/api': {} };
    const app = await makeApp('memory', { ...options, apiRoute: ['/mcp', '/tools'], resources: elsewhere });
    const client = await app.client();
    const { access } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE)));
    expect([(await app.call(access)).status, (await app.call(access, '/tools')).status]).toEqual([200, 200]);
    expect((await introspect(app, access, 'whole'))['aud']).toEqual([`${ISSUER}/tools`, RESOURCE]);
  });

  it('says that only a client with a proof may ask', async () => {
    const app = await makeApp('memory', options);
    const { client, tokens } = await app.signedIn();
    const { status, headers } = await post(app, '/introspect', { token: tokens.access, client_id: client.id });
    expect([status, lastReason(app), headers.get('www-authenticate')]).toEqual([401, 'client_unproven', expect.stringMatching(/^Basic /)]);
  });

  it.each(['token', 'token_type_hint', 'client_id'])('refuses a request in which %s stands twice', async (name) => {
    const app = await makeApp('memory', { clients: [{ id: 'basic', secret: SECRET, introspects: ['/mcp'] }] });
    const fields = new URLSearchParams([['token', 'x'], ...['basic', 'basic'].map((value) => [name, value])]);
    const answer = await answerOf(
      await app.ask('POST', '/introspect', fields, { ...FORM, authorization: `Basic ${btoa(`basic:${SECRET}`)}` }),
    );
    expect([answer.status, lastReason(app)]).toEqual([400, `repeated_${name}`]);
  });
});
