/** A server that signs users in at a fake provider, and the ways there and back. */
import { upstream, type UpstreamOptions } from '../../src/logins/upstream.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { makeFakeGitHub, type FakeGitHub } from '../../src/testing/fake-github.ts';
import { type Decision, type FakeUpstream, makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import type { TestClient } from '../../src/testing/oauth-client.ts';
import type { ProviderOptions } from '../../src/upstreams/contract.ts';
import { github, type GitHubOptions } from '../../src/upstreams/github.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { type App, ISSUER, makeApp } from './app.ts';

export const APP = { clientId: 'portcullis', clientSecret: 'upstream-client-secret' } as const;
export const callbackOf = (login: string): string => `${ISSUER}/authorize/callback/${login}`;

/** A server with an OpenID Connect login and a GitHub login. */
export interface UpstreamApp extends App {
  readonly idp: FakeUpstream;
  readonly gitHub: FakeGitHub;
}

interface Choice {
  readonly login?: UpstreamOptions;
  readonly oidc?: Partial<ProviderOptions>;
  readonly github?: Partial<GitHubOptions>;
  readonly options?: Partial<OAuthProviderOptions>;
}

/** Makes one on the named store. */
export async function makeUpstreamApp(store: string, choice: Choice = {}): Promise<UpstreamApp> {
  let now = (): number => 0;
  const idp = await makeFakeUpstream({ ...APP, redirectUri: callbackOf('corp'), now: () => now() });
  const gitHub = makeFakeGitHub({ ...APP, redirectUri: callbackOf('github'), now: () => now() });
  const corp = oidc({ ...APP, issuer: idp.issuer, id: 'corp', label: 'Corp', fetch: idp.fetch, ...choice.oidc });
  const hub = github({ ...APP, fetch: gitHub.fetch, ...choice.github });
  const app = await makeApp(store, { logins: [upstream(corp, choice.login), upstream(hub, choice.login)], ...choice.options });
  now = app.clock.now;
  return { ...app, idp, gitHub };
}

/** A browser before a consent page. */
export interface AtConsent {
  readonly client: TestClient;
  readonly browser: Browser;
  readonly page: BrowserPage;
}

/** Opens a consent page with a fresh client and browser. */
export async function atConsent(app: App, browser: Browser = app.browser()): Promise<AtConsent> {
  const client = await app.client();
  return { client, browser, page: await browser.get(await client.authorizeUrl()) };
}

/** Says yes, and gives the way to the provider. */
export async function awayTo(
  login: string,
  { browser, page }: AtConsent,
  fields: Record<string, string | readonly string[]> = {},
): Promise<string> {
  const gone = await browser.submit(page, { with: login, ...fields });
  if (gone.status !== 303 || gone.location === null)
    throw new Error(`Not sent away: ${gone.status} ${gone.text.replace(/<[^>]+>/g, ' ').slice(0, 600)}`);
  return gone.location;
}

/** Says yes, signs in at the provider, and gives what the browser is shown when it came back. */
export async function throughCorp(app: UpstreamApp, at: AtConsent, decision?: Decision): Promise<BrowserPage> {
  return at.browser.get(await app.idp.visit(await awayTo('corp', at), decision));
}

/** The same with GitHub. */
export async function throughGitHub(app: UpstreamApp, at: AtConsent, decision?: Decision): Promise<BrowserPage> {
  return at.browser.get(await app.gitHub.visit(await awayTo('github', at), decision));
}
