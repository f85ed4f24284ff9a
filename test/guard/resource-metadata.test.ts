import { describe, expect, it } from 'vitest';
import { metadataAnswer, metadataPathOf, metadataText, metadataTexts, metadataUrlOf } from '../../src/guard/resource-metadata.ts';
import { guard } from '../../src/guard/guard.ts';
import { answerOf } from '../support/verdicts.ts';
import { ISSUER, makeApp, RESOURCE } from '../support/app.ts';

const ROOT = '/.well-known/oauth-protected-resource';

describe('guard/resource-metadata', () => {
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
