/** The example with pages of its own, from the first page to a call, against a fake GitHub. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { app, type Env } from '../../examples/own-pages/app.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Browser, type BrowserPage, makeBrowser } from '../../src/testing/browser.ts';
import { type FakeGitHub, makeFakeGitHub } from '../../src/testing/fake-github.ts';
import { codeOf, registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';

const ISSUER = 'http://localhost:8788';
const APP = { clientId: 'own', clientSecret: 'own-secret', redirectUri: `${ISSUER}/callback` };

let gitHub: FakeGitHub;
let client: TestClient;
let browser: Browser;
let send: (request: Request) => Promise<Response>;

beforeEach(async () => {
  gitHub = makeFakeGitHub(APP);
  vi.stubGlobal('fetch', gitHub.fetch);
  const env = { GITHUB_CLIENT_ID: APP.clientId, GITHUB_CLIENT_SECRET: APP.clientSecret, PORTCULLIS: memoryStore() };
  send = (request) => app.fetch(request, env as unknown as Env);
  client = await registerClient({ send, issuer: ISSUER, metadata: { client_name: '<b>Notes</b>' } });
  browser = makeBrowser(send);
});
afterEach(() => void vi.unstubAllGlobals());

const open = async (): Promise<BrowserPage> => browser.get(await client.authorizeUrl());

describe('examples/own-pages', () => {
  it('leads from its own consent page over GitHub to a call', async () => {
    const page = await open();
    expect([page.text.includes('localhost:3334'), page.text.includes('<b>Notes')]).toEqual([true, false]);
    const gone = await browser.submit(page, { decision: 'approve' });
    const back = await browser.get(await gitHub.visit(gone.location ?? ''));
    const { access } = tokensOf(await client.redeem(codeOf(back)));
    const called = await send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${access}` } }));
    expect(await called.json()).toEqual({ claims: { sub: 'github-583231', name: 'The Octocat' } });
  });

  it('tells the client when the person says no, here or there', async () => {
    const here = await browser.submit(await open(), { decision: 'deny' });
    expect(new URL(here.location ?? '').searchParams.get('error')).toBe('access_denied');
    const gone = await browser.submit(await open(), { decision: 'approve' });
    const there = await browser.get(await gitHub.visit(gone.location ?? '', { error: 'access_denied' }));
    expect(Object.fromEntries(new URL(there.location ?? '').searchParams)).toMatchObject({
      error: 'access_denied',
      state: 'st4te',
      iss: ISSUER,
    });
  });

  it('fails closed where a callback is opened in another browser', async () => {
    const stolen = await gitHub.visit((await browser.submit(await open(), { decision: 'approve' })).location ?? '');
    expect([(await makeBrowser(send).get(stolen)).status, gitHub.calls]).toEqual([400, []]);
    codeOf(await browser.get(stolen));
    expect((await browser.get(stolen)).status).toBe(400);
  });
});
