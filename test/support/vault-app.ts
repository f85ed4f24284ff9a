/** A server whose logins keep the tokens of their sites, and whose protected handler asks for one. */
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { codeOf, type TestClient, type Tokens, tokensOf } from '../../src/testing/oauth-client.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { ISSUER } from './app.ts';
import { atConsent, type AtConsent, makeUpstreamApp, throughCorp, throughGitHub, type UpstreamApp } from './upstream-app.ts';
import { tool } from './vault-tool.ts';

/** What the handler said. */
export interface Said {
  readonly status: number;
  readonly token?: string;
  readonly scopes?: readonly string[];
  readonly accounts?: readonly unknown[];
  readonly failure?: string;
  readonly message?: string;
  readonly code?: number;
  readonly retryAfter?: number;
}

/** Someone who came over a site, with tokens of ours. */
export interface Connected {
  readonly client: TestClient;
  readonly browser: Browser;
  readonly tokens: Tokens;
}

/** The server, with the ways to it. */
export interface VaultApp extends UpstreamApp {
  connect(login?: 'corp' | 'github', browser?: Browser): Promise<Connected>;
  /** Calls the handler. */
  use(access: string, headers?: Record<string, string>): Promise<Said>;
}

/** Makes one on the named store. */
export async function makeVaultApp(store: string, options: Partial<OAuthProviderOptions> = {}): Promise<VaultApp> {
  const app = await makeUpstreamApp(store, { login: { keepTokens: true }, options: { apiHandler: tool, ...options } });
  const through = (login: 'corp' | 'github', at: AtConsent): Promise<BrowserPage> =>
    login === 'corp' ? throughCorp(app, at) : throughGitHub(app, at);
  return {
    ...app,
    async connect(login = 'corp', browser = app.browser()) {
      const at = await atConsent(app, browser);
      const signedIn = at.page.text.includes('name="account"') && !at.page.text.includes('name="with"');
      const back = signedIn ? await browser.submit(at.page, { decision: 'approve' }) : await through(login, at);
      return { client: at.client, browser, tokens: tokensOf(await at.client.redeem(codeOf(back))) };
    },
    async use(access, headers = {}) {
      const sent = { authorization: `Bearer ${access}`, ...headers };
      const response = await app.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers: sent, body: '{}' }));
      const body = response.headers.get('content-type')?.includes('json') ? ((await response.json()) as object) : {};
      return { ...body, status: response.status };
    },
  };
}
