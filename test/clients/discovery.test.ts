/** Where the libraries behind most clients look for metadata, in their order, for an issuer that is an origin and for one with a path. */
import { expect, it } from 'vitest';
import { ISSUER, makeApp } from '../support/app.ts';

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';
const RESOURCE = '/.well-known/oauth-protected-resource';
const standard = (path: string): string[] => (path === '' ? [OAUTH, OPENID] : [OAUTH + path, OPENID + path, path + OPENID]);

/** The paths that each asks for until one is found. @param path of the issuer. */
const LIBRARIES: readonly [string, (path: string) => readonly string[]][] = [
  ['the SDKs for TypeScript, Python and C#, and Visual Studio Code', standard],
  ['Gemini CLI', (path) => [...standard(path), OAUTH, OPENID]],
  ['mcp-go', (path) => [path + OAUTH, path + OPENID]],
  ['the SDK for Rust (Codex, Goose)', (path) => [OAUTH + path, path + OAUTH, OAUTH]],
];

it.each(LIBRARIES)('%s: the first document that is found names the issuer (RFC 8414 §3, R-17)', async (_, paths) => {
  for (const path of ['', '/notes', '/notes/v1']) {
    const app = await makeApp('memory', { issuer: ISSUER + path });
    const found = [];
    for (const one of paths(path)) {
      const answer = await app.ask('GET', one, null, { accept: 'application/json', 'mcp-protocol-version': '2025-03-26' });
      found.push(answer.status);
      if (answer.status !== 200) continue;
      expect(await answer.json()).toMatchObject({ issuer: ISSUER + path, registration_endpoint: `${ISSUER}${path}/register` });
      break;
    }
    expect([path, found]).toEqual([path, [200]]);
  }
});

it('the appended forms are the last word of each library: none is missing (RFC 8414 §3, OpenID Connect Discovery §4.1)', async () => {
  const app = await makeApp('memory', { issuer: `${ISSUER}/notes` });
  for (const [, paths] of LIBRARIES)
    for (const one of paths('/notes').filter((asked) => asked.includes('/notes')))
      expect([one, (await app.ask('GET', one)).status]).toEqual([one, 200]);
});

it.each(['GET', 'HEAD', 'POST'])('a %s of the endpoint without a token leads to the metadata of the resource, with a slash at its end, too (RFC 9728 §5.1, R-11)', async (method) => {
  const app = await makeApp('memory');
  for (const path of ['/mcp', '/mcp/']) {
    const asked = await app.ask(method, path, method === 'POST' ? '{}' : null);
    const url = /resource_metadata="([^"]+)"/.exec(asked.headers.get('www-authenticate') ?? '')?.[1];
    expect([asked.status, url]).toEqual([401, `${ISSUER}${RESOURCE}${path}`]);
    expect(await (await app.ask('GET', RESOURCE + path)).json()).toMatchObject({ resource: ISSUER + path, authorization_servers: [ISSUER] });
  }
}); // prettier-ignore
