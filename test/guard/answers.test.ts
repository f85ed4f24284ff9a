import { describe, expect, it } from 'vitest';
import {
  insufficientScope,
  isVerdict,
  metadataAnswer,
  metadataPathOf,
  metadataText,
  metadataTexts,
  metadataUrlOf,
  notFound,
  refusedBy,
  schemeOf,
  unauthorized,
  unavailable,
  unproven,
} from '../../src/guard/answers.ts';
import { guard } from '../../src/guard/guard.ts';
import { OAuthError } from '../../src/model/error.ts';
import { ISSUER, makeApp, RESOURCE } from '../support/app.ts';
import { answerOf } from '../support/verdicts.ts';

const at = { metadataUrl: 'https://mcp.example/.well-known/oauth-protected-resource/mcp', scope: ['read', 'write'] };
/** A strict reading of one Bearer challenge: scheme, then `name="quoted"` pairs (RFC 9110 §11.6.1). */
const STRICT = /^Bearer [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"(, [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*")*$/;
const header = (response: Response): string => response.headers.get('www-authenticate') ?? '';

describe('guard/answers, challenge', () => {
  it('names no error where no token was sent (S-117, S-118, S-119)', async () => {
    const response = unauthorized(at, false);
    expect([response.status, header(response)]).toEqual([401, `Bearer resource_metadata="${at.metadataUrl}", scope="read write"`]);
    expect(await response.json()).toEqual({ error_description: 'This server needs an access token.' });
  });

  it('asks for a token bound to a key by its own scheme, with the algorithms of proofs (RFC 9449 §7.1)', async () => {
    const DPOP = `resource_metadata="${at.metadataUrl}", scope="read write", algs="ES256 `;
    expect(header(unauthorized(at, false, 'DPoP'))).toContain(`DPoP ${DPOP}`);
    expect(header(insufficientScope(at, 'DPoP'))).toContain(`DPoP error="insufficient_scope", ${DPOP}`);
    const response = unproven(at, { code: 'use_dpop_nonce', headers: { 'dpop-nonce': 'n' } });
    expect([response.status, response.headers.get('dpop-nonce')]).toEqual([401, 'n']);
    expect(header(response)).toContain(`DPoP error="use_dpop_nonce", ${DPOP}`);
    expect(await response.json()).toMatchObject({ error: 'use_dpop_nonce' });
    expect([schemeOf(null), schemeOf({}), schemeOf({ cnf: { jkt: 'k' } })]).toEqual(['Bearer', 'Bearer', 'DPoP']);
  });

  it('names no scope where none is needed', () => {
    expect(header(unauthorized({ ...at, scope: [] }, false))).toBe(`Bearer resource_metadata="${at.metadataUrl}"`);
  });

  it('adds its advice to what it says', async () => {
    const text = async (response: Response): Promise<string> =>
      ((await response.json()) as { error_description: string }).error_description;
    const plain = await text(unauthorized(at, true));
    expect(plain).toMatch(/^[A-Z].*\.$/);
    expect(await text(unauthorized(at, true, 'Bearer', 'Do this.'))).toBe(`${plain} Do this.`);
    const problem = { code: 'invalid_dpop_proof', headers: {} } as const;
    expect(await text(unproven(at, problem, 'Do this.'))).toBe(`${await text(unproven(at, problem))} Do this.`);
  });

  it('says invalid_token where one was', async () => {
    const response = unauthorized(at, true);
    expect(header(response)).toBe(`Bearer error="invalid_token", resource_metadata="${at.metadataUrl}", scope="read write"`);
    expect(await response.json()).toMatchObject({ error: 'invalid_token' });
  });

  it('SEC-123 names every scope that is needed, at once (S-120, S-121)', async () => {
    const response = insufficientScope(at);
    expect([response.status, header(response)]).toEqual([
      403,
      `Bearer error="insufficient_scope", resource_metadata="${at.metadataUrl}", scope="read write"`,
    ]);
    expect(await response.json()).toMatchObject({ error: 'insufficient_scope', scope: 'read write' });
  });

  it.each(['a"b', 'a\r\nSet-Cookie: x=1', 'é✓', 'a\\', '\0', '"', 'a,b="c'])(
    'SEC-122 SEC-166 keeps the header well-formed with %j in it',
    (hostile) => {
      for (const response of [
        unauthorized({ ...at, scope: [hostile] }, true),
        insufficientScope({ metadataUrl: `https://x/${hostile}`, scope: [hostile, 'x'] }),
      ])
        expect([header(response), STRICT.test(header(response))]).toEqual([header(response), true]);
    },
  );

  it('FLT-05 sends a client away for a moment, not to sign in again, where a token cannot be checked', async () => {
    const response = unavailable();
    expect([response.status, response.headers.get('retry-after'), response.headers.get('www-authenticate')]).toEqual([503, '2', null]);
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' });
    expect(unavailable(30).headers.get('retry-after')).toBe('30');
  });

  it('answers as a verifier chose, with a challenge for 401 and 403 alone, and the scopes only where scopes are missing', async () => {
    const answer = (code: OAuthError['code'], more: ConstructorParameters<typeof OAuthError>[2]): Response =>
      refusedBy(at, new OAuthError(code, 'chosen', more), 'Bearer');
    const missing = answer('insufficient_scope', { status: 403 });
    expect(header(missing)).toBe(`Bearer error="insufficient_scope", resource_metadata="${at.metadataUrl}", scope="read write"`);
    expect(await missing.json()).toMatchObject({ error: 'insufficient_scope', scope: 'read write' });
    const denied = answer('access_denied', { status: 403, headers: { 'x-why': 'late' } });
    expect([header(denied).startsWith('Bearer error="access_denied", '), denied.headers.get('x-why')]).toEqual([true, 'late']);
    expect(await denied.json()).not.toHaveProperty('scope');
    expect(header(answer('invalid_token', { status: 401 }))).toContain('error="invalid_token"');
    expect(answer('access_denied', { status: 429 }).headers.has('www-authenticate')).toBe(false);
  });

  it('takes an error for the answer of a verifier if it is an OAuthError below 500, of any copy of the package', () => {
    const foreign = (name: string, more: object): Error => Object.assign(new Error('no'), { name, ...more });
    for (const error of [
      new OAuthError('invalid_token', 'x', { status: 401 }),
      foreign('OAuthError', { status: 403 }),
      foreign('OAuthError', { status: 499 }),
    ])
      expect(isVerdict(error)).toBe(true);
    for (const error of [
      foreign('OAuthError', { status: 500 }),
      foreign('OAuthError', { status: 503 }),
      foreign('OAuthError', {}),
      foreign('FetchError', { status: 401 }),
      { name: 'OAuthError', status: 401 },
    ])
      expect(isVerdict(error)).toBe(false);
  });

  it('says in plain text that nothing is at a path, which no cache keeps', async () => {
    const { status, headers } = notFound();
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([404, 'text/plain', 'no-store']);
    expect(await notFound().text()).toBe('Not found');
  });

  it('lets no cache keep a refusal', () => {
    for (const response of [unauthorized(at, true), insufficientScope(at), unavailable()])
      expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

const ROOT = '/.well-known/oauth-protected-resource';

describe('guard/answers, resource-metadata', () => {
  it.each([
    ['https://h.example', ROOT], ['https://h.example/mcp', `${ROOT}/mcp`], ['https://h.example/public/mcp', `${ROOT}/public/mcp`], ['https://h.example/mcp?x=1', `${ROOT}/mcp?x=1`],
  ])('puts the document of %s at %s (S-113; RFC 9728 §3.1)', (resource, path) => {
    expect([metadataPathOf(resource), metadataUrlOf(resource)]).toEqual([path, `https://h.example${path}`]);
  }); // prettier-ignore

  it('tells issuers and scopes, leaves out empty lists, and never names offline_access (SEC-123; S-111, S-114, S-115)', () => {
    expect(JSON.parse(metadataText({ resource: RESOURCE, authorizationServers: [ISSUER], scopes: ['read', 'offline_access'], name: 'Notes' }))).toEqual({
      resource: RESOURCE, authorization_servers: [ISSUER], scopes_supported: ['read'], bearer_methods_supported: ['header'], resource_name: 'Notes',
    }); // prettier-ignore
    expect(JSON.parse(metadataText({ resource: RESOURCE, authorizationServers: [ISSUER] }))).not.toHaveProperty('scopes_supported');
  });

  it('tells by which algorithms keys are proven, where proofs are checked (RFC 9728 §2)', async () => {
    const { body } = await answerOf(await (await makeApp('memory')).ask('GET', `${ROOT}/mcp`));
    expect(body['dpop_signing_alg_values_supported']).toContain('ES256');
    const about = { resource: RESOURCE, authorizationServers: [ISSUER], verify: () => null };
    const [without, withProofs] = [{}, { checkProof: async () => null }].map((more) => JSON.parse(guard({ ...about, ...more }).metadata.text));
    expect(without).not.toHaveProperty('dpop_signing_alg_values_supported');
    expect(withProofs['dpop_signing_alg_values_supported']).toEqual(body['dpop_signing_alg_values_supported']);
  }); // prettier-ignore

  it('serves one document for each resource, and one at the root only where there is but one (S-112)', async () => {
    const two = await makeApp('memory', { apiRoute: ['/mcp', '/mcp2'], requiredScopes: ['read'] });
    for (const path of ['/mcp', '/mcp2'])
      expect(await (await two.ask('GET', ROOT + path)).json()).toMatchObject({ resource: ISSUER + path, scopes_supported: ['read'] });
    expect((await two.ask('GET', ROOT)).status).toBe(404);
    expect(await (await (await makeApp('memory')).ask('GET', ROOT)).json()).toMatchObject({ resource: RESOURCE });
  });

  it.each(['/other', '/mcp//', '/MCP', '/mcp%0d%0aX-Evil:%201', '//evil.example', '/mcp/..%2f', '/mcp;x', '/<script>', '/__proto__'])('SEC-121 has no document at %s and echoes nothing of it', async (path) => {
    const response = await (await makeApp('memory')).ask('GET', ROOT + path);
    const all = (await response.text()) + JSON.stringify([...response.headers]);
    expect([response.status, /evil|script/i.test(all)]).toEqual([404, false]);
  }); // prettier-ignore

  it('leaves out a name where there is none, and a slash that makes no other name', () => {
    const about = { resource: 'https://h.example/', authorizationServers: [ISSUER] };
    expect(metadataText(about)).not.toContain('resource_name');
    expect(metadataText(about)).not.toContain('undefined');
    expect([...metadataTexts(about).keys()]).toEqual([ROOT]);
    expect([...metadataTexts({ ...about, resource: 'https://h.example/mcp' }).keys()]).toEqual([`${ROOT}/mcp`, `${ROOT}/mcp/`]);
  });

  it('answers GET, HEAD and the question of a browser for every page, and no other method', async () => {
    const ask = async (method: string, headers = {}): Promise<unknown[]> => {
      const response = metadataAnswer(new Request('https://h.example/', { method, headers }), '{}');
      return [response.status, await response.text(), Object.fromEntries(response.headers)];
    };
    const cors = {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': '*',
    };
    const kept = { ...cors, 'content-type': 'application/json', 'cache-control': 'public, max-age=300' };
    expect(await ask('GET')).toEqual([200, '{}', kept]);
    expect(await ask('HEAD')).toEqual([200, '', kept]);
    expect(await ask('OPTIONS')).toEqual([204, '', cors]);
    const asked = { 'access-control-request-headers': 'mcp-protocol-version' };
    expect(await ask('OPTIONS', asked)).toEqual([204, '', { ...cors, 'access-control-allow-headers': 'mcp-protocol-version' }]);
    for (const method of ['POST', 'DELETE']) expect(await ask(method)).toEqual([405, '', { allow: 'GET, HEAD, OPTIONS' }]);
  });
});
