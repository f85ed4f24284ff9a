/** `portcullis doctor` against authorization servers of other makers: it says what they lack, and nothing that is false. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { examine } from '../../src/cli/doctor/doctor.ts';
import type { DoctorOptions } from '../../src/cli/doctor/run.ts';
import { ISSUER } from '../../bench/servers/answers.ts';
import { PATIENT } from '../cli/doctor/small-server.ts';
import { startTheirs } from '../support/beside.ts';

const given = (url: string): DoctorOptions => ({
  url, format: 'text', directory: null, registers: true, origin: null, token: null, tokenFrom: 'PORTCULLIS_TOKEN',
}); // prettier-ignore
const onlyHere = async ({ hostname }: URL): Promise<void> => {
  if (hostname !== '127.0.0.1') throw new TypeError('outside', { cause: { code: 'EOUTSIDE' } });
};

describe('cli/doctor, of other makers', () => {
  it('says what workers-oauth-provider lacks', async () => {
    const theirs = await startTheirs();
    const fetch = (url: string, init: RequestInit): Promise<Response> =>
      url.startsWith(ISSUER) ? theirs.send(url.slice(ISSUER.length), { redirect: 'manual', ...init }) : Promise.reject(new TypeError('outside'));
    const report = await examine(given(`${ISSUER}/mcp`), () => undefined, { limits: PATIENT, fetch, reach: async () => undefined });
    await theirs.stop();
    expect(report.findings.map(({ check, level, found }) => [check, level, found])).toEqual([
      ['resource-metadata-root', 'warning', 'HTTP 404 with no content type, no body'],
      ['client-registration', 'warning', 'registration only'],
    ]);
  }); // prettier-ignore

  it('says what oidc-provider lacks, in front of a resource made by hand', async () => {
    const { default: OidcProvider } = (await import('oidc-provider' as string)) as {
      default: new (issuer: string, configuration: object) => { callback(): RequestListener };
    };
    const server = createServer();
    await new Promise<void>((next) => server.listen(0, '127.0.0.1', next));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new OidcProvider(origin, {
      pkce: { required: () => true },
      features: { registration: { enabled: true }, devInteractions: { enabled: true } },
      cookies: { keys: ['a key for this test'] },
    }).callback();
    server.on('request', (request, response) => {
      const url = request.url ?? '';
      if (url.startsWith('/.well-known/oauth-protected-resource')) {
        response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
        response.end(JSON.stringify({ resource: `${origin}/mcp`, authorization_servers: [origin] }));
        return;
      }
      if (url !== '/mcp') return provider(request, response);
      const error = request.headers.authorization === undefined ? '' : 'error="invalid_token", ';
      response.writeHead(401, { 'www-authenticate': `Bearer ${error}resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"` }).end();
    });
    const report = await examine(given(`${origin}/mcp`), () => undefined, { limits: PATIENT, reach: onlyHere });
    server.closeAllConnections();
    server.close();
    expect(report.findings.map(({ check, level, found }) => [check, level, found])).toEqual([
      ...['Claude', 'ChatGPT', 'VS Code'].map((name) => ['sign-in-page', 'problem', `${name}: error=invalid_target`]), // no resource indicators
      ['register', 'problem', 'Cursor: HTTP 400, invalid_redirect_uri: redirect_uris must only contain web uris'],
      ['sign-in-page', 'problem', 'Codex: error=invalid_target'],
      ['register', 'problem', 'mcp-remote: HTTP 400, invalid_client_metadata: scope must only contain Authorization Server supported scope values'],
      ['client-registration', 'warning', 'registration only'],
      ['preflight', 'warning', 'OPTIONS: HTTP 401'], // of the resource
    ]);
  }); // prettier-ignore
});
