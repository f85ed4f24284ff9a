/** Own login, GitHub, Google and Auth0 in front: the examples as they stand, with the SDK's client and a person's browser. */
import { afterAll, beforeAll, expect, describe, it, vi } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Browser, makeBrowser } from '../../src/testing/browser.ts';
import { makeFakeGitHub } from '../../src/testing/fake-github.ts';
import { type FakeUpstream, makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { type Connected, connectTo, fetchOn } from './client.ts';

type App = { fetch(request: Request, env: never): Promise<Response> };

const ORIGIN = 'http://localhost:8787';
const PAPERS = { clientId: 'app', clientSecret: 'app-secret' };
const seconds = (): number => Math.floor(Date.now() / 1000);
const gitHub = makeFakeGitHub({ ...PAPERS, redirectUri: `${ORIGIN}/authorize/callback/github`, now: seconds });
const given: string[] = [];
let auth0: FakeUpstream;
let googleSite: FakeUpstream;
let apps: { demo: App; github: App; google: App; auth0: App };

/** The API that the tool asks: each page takes it an hour, and it takes good tokens alone. */
const notes: typeof fetch = async (input) => {
  const token = new Request(input as RequestInfo).headers.get('authorization')?.slice('Bearer '.length);
  if (!auth0.tokens.isGood(token, seconds())) return new Response(null, { status: 401 });
  given.push(token ?? '');
  vi.setSystemTime(Date.now() + 3_600_000);
  return new Response('three more words');
};

beforeAll(async () => {
  auth0 = await makeFakeUpstream({
    ...PAPERS,
    issuer: 'https://acme.eu.auth0.com/',
    redirectUri: `${ORIGIN}/authorize/callback/auth0`,
    now: seconds,
  });
  googleSite = await makeFakeUpstream({
    ...PAPERS,
    issuer: 'https://accounts.google.com',
    redirectUri: `${ORIGIN}/authorize/callback/google`,
    now: seconds,
  });
  const network = {
    'accounts.google.com': googleSite.fetch,
    'github.com': gitHub.fetch,
    'api.github.com': gitHub.fetch,
    'acme.eu.auth0.com': auth0.fetch,
    'api.notes.example': notes,
  };
  vi.stubGlobal('fetch', fetchOn(network));
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  const [demo, hub, workspace, tenant] = await Promise.all([
    import('../../examples/demo/app.ts'),
    import('../../examples/github/app.ts'),
    import('../../examples/google/app.ts'),
    import('../../examples/auth0/app.ts'),
  ]);
  apps = { demo: demo.app as App, github: hub.app as App, google: workspace.app as App, auth0: tenant.app as App };
});
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Connects the SDK's client to an example, with a person who does something in their browser. */
async function connect(app: App, env: object, person: (browser: Browser, url: string) => Promise<string | null>): Promise<Connected> {
  const full = { ...env, PORTCULLIS: memoryStore() } as never;
  const send = (request: Request): Promise<Response> => app.fetch(request, full);
  const fetch = fetchOn({ 'localhost:8787': (request) => send(request as Request) });
  return connectTo(`${ORIGIN}/mcp`, fetch, async (url) => (await person(makeBrowser(send), url)) ?? '');
}

describe('examples/demo: a login of its own', () => {
  const accounts = JSON.stringify([
    { username: 'ada', password: 'a long passphrase', name: 'Ada', permissions: ['admin'] },
    { username: 'bob', password: 'another passphrase', name: 'Bob' },
  ]);
  const signedIn = (username: string, password: string): Promise<Connected> =>
    connect(apps.demo, { DEMO_ACCOUNTS: accounts }, async (browser, url) => {
      const page = await browser.get(url);
      return (await browser.submit(page, { decision: 'approve', username, password })).location;
    });

  it('greets the signed-in user, and lists only the tools of that user', async () => {
    const [ada, bob] = [await signedIn('ada', 'a long passphrase'), await signedIn('bob', 'another passphrase')];
    expect(await ada.say('whoami')).toMatch(/^Hello, Ada!/);
    expect(await ada.tools()).toContain('hidden_from_users');
    expect(await ada.say('admin_report')).toContain('All systems are fine');
    expect(await bob.tools()).toEqual(['whoami', 'add', 'admin_report']);
    expect(await bob.say('add', { a: 2, b: 3 })).toBe('5');
    expect(await bob.say('admin_report')).toBe('Permission denied: requires admin');
    await Promise.all([ada.client.close(), bob.client.close()]);
  });
});

describe('examples/github', () => {
  it('signs in with GitHub, tells the tools who it is, and keeps GitHub’s token to itself', async () => {
    const env = { GITHUB_CLIENT_ID: PAPERS.clientId, GITHUB_CLIENT_SECRET: PAPERS.clientSecret, ADMINS: '1, 583231' };
    const octocat = await connect(apps.github, env, async (browser, url) => {
      const gone = await browser.submit(await browser.get(url), { with: 'github' });
      return (await browser.get(await gitHub.visit(gone.location ?? ''))).location;
    });
    expect(await octocat.say('userInfo')).toContain('The Octocat (octocat@corp.example)');
    expect(await octocat.say('adminAction')).toBe('Done.');
    await octocat.client.close();
  });
});

describe('examples/google', () => {
  it('signs in the people of one Workspace, and no one else', async () => {
    const env = {
      GOOGLE_CLIENT_ID: PAPERS.clientId,
      GOOGLE_CLIENT_SECRET: PAPERS.clientSecret,
      ADMINS: 'bob@acme.example, ada@acme.example',
    };
    let shown = '';
    const signIn = (user: FakeUpstream['user']): Promise<Connected> => {
      googleSite.user = user;
      return connect(apps.google, env, async (browser, url) => {
        const gone = await browser.submit(await browser.get(url), { with: 'google' });
        expect(new URL(gone.location ?? '').searchParams.get('hd')).toBe('acme.example');
        const back = await browser.get(await googleSite.visit(gone.location ?? ''));
        shown = back.text;
        return back.location;
      });
    };
    const ada = await signIn({ sub: '1', name: 'Ada', email: 'ada@acme.example', email_verified: true, hd: 'acme.example' });
    expect(await ada.say('userInfo')).toBe('Hello, Ada (ada@acme.example).');
    expect(await ada.say('adminAction')).toBe('Done.');
    await ada.client.close();
    const stranger = { sub: '2', name: 'Eve', email: 'eve@gmail.com', email_verified: true };
    await expect(signIn(stranger)).rejects.toThrow();
    expect(shown).toContain('acme.example');
  });
});

describe('examples/auth0', () => {
  it('refreshes the access token of its API in the middle of a run that takes three hours', async () => {
    const env = { AUTH0_CLIENT_ID: PAPERS.clientId, AUTH0_CLIENT_SECRET: PAPERS.clientSecret };
    const uma = await connect(apps.auth0, env, async (browser, url) => {
      const gone = await browser.submit(await browser.get(url), { with: 'auth0' });
      expect(new URL(gone.location ?? '').searchParams.get('audience')).toBe('https://api.notes.example');
      return (await browser.get(await auth0.visit(gone.location ?? ''))).location;
    });
    expect(await uma.say('countWords', { pages: 3 })).toBe('9 words in the notes of Uma Upstream.');
    expect(new Set(given).size).toBe(3);
    expect(auth0.calls.filter((call) => call === 'token')).toHaveLength(3); // the code, and a refresh for each hour that began
    await uma.client.close();
  });
});
