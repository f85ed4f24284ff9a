/** Discovery at places where an application shows its page for every path: clients look there first, and give up at a page with 200. */
import { describe, expect, it } from 'vitest';
import { type App, makeApp } from '../support/app.ts';

const PLACES = [
  '/.well-known/oauth-authorization-server/mcp', '/.well-known/openid-configuration/mcp', '/.well-known/oauth-authorization-server/mcp/', '/.well-known/oauth-protected-resource/',
  '/app/.well-known/openid-configuration', '/.well-known/oauth-protected-resource/other', '/.well-known/oauth-authorization-server/',
]; // prettier-ignore
const at = (app: App, path: string) => app.ask('GET', path, null, { origin: 'https://inspector.example' });
const page = { headers: { 'content-type': 'text/html; charset=utf-8' } };

describe('metadata that is not there', () => {
  it('is 404 that a page of any origin can read (R-21)', async () => {
    const app = await makeApp('memory');
    for (const path of PLACES) {
      const { status, headers } = await at(app, path);
      expect([path, status, headers.get('access-control-allow-origin')]).toEqual([path, 404, '*']);
    }
    expect((await at(app, '/elsewhere')).headers.has('access-control-allow-origin')).toBe(false);
  });

  it('is 404 too where the application answers with its page, or leads to its sign-in (outline#11572)', async () => {
    const answers = [() => new Response('<!doctype html>', page), () => new Response('Found', { status: 302, headers: { location: '/login' } }), () => new Response('hi')];
    for (const defaultHandler of answers) {
      const app = await makeApp('memory', { defaultHandler });
      for (const path of PLACES) expect([path, (await at(app, path)).status]).toEqual([path, 404]);
      for (const path of ['/', '/.well-known/other', '/.well-known/oauth-authorization-servers', '/x?y=/.well-known/openid-configuration'])
        expect((await at(app, path)).status).toBe(defaultHandler().status);
    }
  }); // prettier-ignore

  it('is left to an application that has some', async () => {
    const app = await makeApp('memory', { defaultHandler: () => Response.json({ issuer: 'https://other.example' }, { status: 200 }) });
    for (const path of PLACES) expect(await (await at(app, path)).json()).toEqual({ issuer: 'https://other.example' });
    expect((await (await at(app, '/.well-known/oauth-authorization-server')).json()) as object).toHaveProperty('issuer', 'https://mcp.example');
  }); // prettier-ignore
});
