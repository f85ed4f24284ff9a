/** Every answer of the endpoints for programs may be read by pages of every origin, whatever it says; none of the pages for people may. */
import { expect, it } from 'vitest';
import { makeApp } from '../support/app.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://page.example' };

it.each([
  ['GET', '/.well-known/oauth-authorization-server', null, 200],
  ['HEAD', '/.well-known/oauth-authorization-server', null, 200],
  ['PUT', '/.well-known/openid-configuration', null, 405],
  ['OPTIONS', '/token', null, 204],
  ['POST', '/token', 'grant_type=x&client_id=y', 400],
  ['POST', '/token?code=secret', 'grant_type=authorization_code&client_id=y', 400],
  ['POST', '/token?harmless=1', 'grant_type=nonsense&client_id=y', 400],
  ['POST', '/revoke', 'token=x&client_id=y', 401],
  ['POST', '/register', 'no json', 400],
] as const)('%s %s with %j can be read by every page', async (method, path, body, status) => {
  const app = await makeApp('memory');
  const answer = await app.ask(method, path, body, FORM);
  expect([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('access-control-expose-headers')]).toEqual([
    status,
    '*',
    'WWW-Authenticate, Retry-After, DPoP-Nonce',
  ]);
  expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  if (path.includes('secret')) expect(await answer.text()).toContain('never in the URL');
});
