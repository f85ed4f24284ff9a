/** GitHub by code of your own: the way there, and who came back. PKCE ties the code to this sign-in. */

/** An OAuth App of yours. */
export type GitHubApp = { readonly GITHUB_CLIENT_ID: string; readonly GITHUB_CLIENT_SECRET: string };

/** A sign-in on its way. */
export type Trip = { readonly app: GitHubApp; readonly verifier: string; readonly callback: string };

/** Where to send the browser. */
export async function wayToGitHub({ app, verifier, callback }: Trip, state: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
  const challenge = btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '');
  const proof = { state, code_challenge: challenge, code_challenge_method: 'S256' };
  const query = new URLSearchParams({ client_id: app.GITHUB_CLIENT_ID, response_type: 'code', redirect_uri: callback, ...proof });
  return `https://github.com/login/oauth/authorize?${query.toString()}`;
}

/** Who came back; null where GitHub does not say. */
export async function whoCameBack({ app, verifier, callback }: Trip, code: string): Promise<{ id: string; name: string } | null> {
  const client = { client_id: app.GITHUB_CLIENT_ID, client_secret: app.GITHUB_CLIENT_SECRET, redirect_uri: callback };
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, code_verifier: verifier, ...client });
  const { access_token: token } = await ask('https://github.com/login/oauth/access_token', { method: 'POST', body: form });
  const { id, name } = await ask('https://api.github.com/user', { token });
  return id ? { id: `github-${id}`, name: String(name) } : null;
}

const HEADERS = { accept: 'application/json', 'user-agent': 'own-pages' };

async function ask(url: string, init: RequestInit & { token?: string | number | undefined }): Promise<Record<string, string | number>> {
  const headers = { ...HEADERS, ...(init.token ? { authorization: `Bearer ${init.token}` } : {}) };
  return (await fetch(url, { ...init, headers })).json();
}
