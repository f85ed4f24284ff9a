/** Paths that an application's own router takes for those of the API. */
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { ISSUER, makeApp } from '../support/app.ts';

/** An application that has its API and its pages in one router, which decodes what it compares. */
function router(): NonNullable<OAuthProviderOptions['defaultHandler']> {
  const app = new Hono();
  app.get('/api/secret', (context) => context.text('secret'));
  app.get('/acme/api/secret', (context) => context.text('secret'));
  app.get('*', (context) => context.text('another page'));
  return { fetch: (request: Request) => app.fetch(request) };
}

const OTHERS = [
  '/%61pi/secret',
  '/ap%69/secret',
  '/%61%70%69/secret',
  '/api%2Fsecret',
  '//api/secret',
  '/x%2f..%2fapi/secret',
  '/x/%2E%2e%2fapi',
  '/%5capi',
  '/%2Fapi/secret',
  '/%61pi',
  '//api',
];

describe('provider/provider, spellings of a path', () => {
  it('SEC-178 gives the application no path that another router takes for one of the API', async () => {
    const handler = router();
    const app = await makeApp('memory', { apiRoute: '/api', apiHandler: handler as never, defaultHandler: handler });
    const ask = async (path: string): Promise<string> => (await app.provider.fetch(new Request(ISSUER + path), app.env, { waitUntil() {} })).text();
    expect(await ask('/api/secret')).toContain('access token');
    for (const path of OTHERS) expect([path, await ask(path)]).toEqual([path, 'Not found']);
    for (const path of ['/about%20us', '/%2561pi/secret', '/apis/secret', '/%41pi', '/%zz/api', '/x//api']) expect([path, await ask(path)]).toEqual([path, 'another page']);
  }); // prettier-ignore

  it('SEC-178 gives it no other spelling of the path of a tenant', async () => {
    const handler = router();
    const app = await makeApp('memory', {
      apiRoute: '/api',
      apiHandler: handler as never,
      defaultHandler: handler,
      tenants: { acme: { issuer: '/acme' } },
    } as never);
    const ask = async (path: string): Promise<string> => (await app.provider.fetch(new Request(ISSUER + path), app.env, { waitUntil() {} })).text();
    for (const path of ['/%61cme/api/secret', '//acme/api/secret', '/acme/%61pi/secret', '/acme//api/secret'])
      expect([path, await ask(path)]).toEqual([path, 'Not found']);
    expect([await ask('/acme/x'), await ask('/acm%20e')]).toEqual(['another page', 'another page']);
  }); // prettier-ignore
});
