/**
 * GitHub: plain OAuth 2. The user is the numeric id, because a user name can be reassigned; the e-mail address is the primary one if GitHub
 * verified it. GitHub reports a failed code with status 200, which `token-answer` handles for every upstream.
 */
import type { Verdict } from '../model/identity.ts';
import { codeFlow } from './code-flow.ts';
import type { Seconds } from '../model/store.ts';
import {
  checkProvider,
  type UpstreamCallback,
  bodyOf,
  type RevocationContext,
  type ProviderOptions,
  textOf,
  type Upstream,
  UpstreamError,
} from './contract.ts';

/** Options of {@link github}. */
export interface GitHubOptions extends ProviderOptions {
  /** Only members of one of these organizations may sign in. Requests `read:org`. */
  readonly organizations?: readonly string[] | undefined;
  /** Only members of one of these teams may sign in, as `organization/team-slug`. Requests `read:org`. */
  readonly teams?: readonly string[] | undefined;
  /** `select_account` lets users choose an account. */
  readonly prompt?: 'select_account' | undefined;
}

const API = 'https://api.github.com';
const EMAIL_HINT = 'give the GitHub App the account permission "Email addresses: read", an OAuth App the scope user:email';
const HEADERS = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };

/**
 * Sign-in with GitHub, by an OAuth App or a GitHub App. Tokens of an OAuth App do not expire; those of a GitHub App do, and rotate.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(github({ clientId: 'abc', clientSecret: (env: Env) => env.GITHUB_SECRET, organizations: ['acme'] }))
 */
export function github(options: GitHubOptions): Upstream {
  checkProvider('github', options, 'organizations:string[] teams:string[] prompt:string');
  const { organizations, teams, prompt } = options;
  const odd = teams?.find((team) => !/^[^/]+\/[^/]+$/.test(team));
  if (odd !== undefined) throw new TypeError(`GitHub: \`teams\` holds ${JSON.stringify(odd)}; write "organization/team-slug".`);
  return codeFlow(
    {
      id: 'github',
      label: 'GitHub',
      icon: 'M12 .3a12 12 0 0 0-3.8 23.4q.8 0 .8-.6v-2c-3.3.7-4-1.6-4-1.6-.6-1.4-1.4-1.8-1.4-1.8-1-.7.1-.7.1-.7 1.2 0 1.9 1.2 1.9 1.2 1 1.8 2.8 1.3 3.5 1q.1-1.2.7-1.6c-2.7-.3-5.5-1.3-5.5-6q0-1.9 1.3-3.1c-.2-.4-.6-1.6 0-3.2 0 0 1-.3 3.4 1.2a12 12 0 0 1 6 0c2.3-1.5 3.3-1.2 3.3-1.2.6 1.6.2 2.8 0 3.2q1.3 1.2 1.3 3.2c0 4.6-2.8 5.6-5.5 5.9q.8.5.9 2.2v3.3q-.1.6.8.6A12 12 0 0 0 12 .3',
      server: {
        issuer: 'https://github.com/login/oauth',
        authorization_endpoint: 'https://github.com/login/oauth/authorize',
        token_endpoint: 'https://github.com/login/oauth/access_token',
      },
      openid: false,
      scope: ['read:user', 'user:email', ...(organizations || teams ? ['read:org'] : [])],
      parameters: { prompt },
      hint: 'login',
      revoke: revoke,
      async recheck(get) {
        const verdicts = [organizations ? await membershipIn(organizations, get) : 'yes'];
        if (teams && verdicts[0] !== 'no') verdicts.push(await teamOf(teams, get));
        return verdicts.includes('no') ? 'no' : verdicts.includes('unknown') ? 'unknown' : 'yes';
      },
      async identify({ get }) {
        if (organizations && !(await isMember(organizations, get))) throw new UpstreamError('refused', 'organization_not_allowed');
        const user = await get(`${API}/user`, HEADERS);
        if (user.status !== 200) throw limitError(user) ?? new UpstreamError('broken', `user_status_${user.status}`);
        const { id, login, name, avatar_url: picture, html_url: profile } = bodyOf(user.body);
        if (teams && !(await isInTeam(teams, textOf(login, 'login_missing'), get))) throw new UpstreamError('refused', 'team_not_allowed');
        const { notTold, ...email } = await emailOf(get);
        const claims = { name: name ?? login, preferred_username: login, picture, profile, ...email };
        return { issuer: 'https://github.com', subject: textOf(id, 'id_missing'), claims, ...(notTold ? { notTold } : {}) };
      },
    },
    options,
  );
}

/** The e-mail address; none without the scope `user:email` (404), or if a GitHub App lacks the permission (403). */
async function emailOf(get: UpstreamCallback['get']): Promise<{ email?: unknown; email_verified?: true; notTold?: UpstreamError }> {
  const answer = await get(`${API}/user/emails`, HEADERS);
  const { status, body } = answer;
  const limit = status === 403 ? limitError(answer) : null;
  if (limit) throw limit; // without the address, the user might be refused
  if (status !== 200 || !Array.isArray(body)) return { notTold: new UpstreamError('broken', 'email_not_told', { hint: EMAIL_HINT }) };
  const primary = body.map(bodyOf).find((one) => one['primary'] === true && one['verified'] === true);
  return primary ? { email: primary['email'], email_verified: true } : {};
}

/** @throws {UpstreamError} if GitHub does not tell, which is not a no. */
async function isMember(organizations: readonly string[], get: UpstreamCallback['get']): Promise<boolean> {
  return anyActive(
    organizations.map((name) => `${API}/user/memberships/orgs/${encodeURIComponent(name)}`),
    get,
  );
}

async function isInTeam(teams: readonly string[], login: string, get: UpstreamCallback['get']): Promise<boolean> {
  const paths = teams.map((team) => {
    const [organization = '', slug = ''] = team.split('/').map(encodeURIComponent);
    return `${API}/orgs/${organization}/teams/${slug}/memberships/${encodeURIComponent(login)}`;
  });
  return anyActive(paths, get);
}

/** Whether one membership is active; one that GitHub does not tell counts only if no other is active. */
async function anyActive(urls: readonly string[], get: UpstreamCallback['get']): Promise<boolean> {
  let notTold: UpstreamError | undefined;
  for (const url of urls) {
    const answer = await get(url, HEADERS);
    if (stateIn(answer) === 'active') return true; // an invitation is "pending"
    if (answer.status === 403) notTold ??= limitError(answer) ?? notToldError(answer.headers);
    else if (stateIn(answer) === undefined) notTold ??= new UpstreamError('broken', `membership_status_${answer.status}`);
  }
  if (notTold) throw notTold;
  return false;
}

/** One active membership is enough. */
function verdictOf(answers: readonly Membership[]): Verdict {
  const states = answers.map(stateIn);
  if (states.includes('active')) return 'yes';
  return states.includes(undefined) ? 'unknown' : 'no';
}

type Membership = Pick<Awaited<ReturnType<UpstreamCallback['get']>>, 'status' | 'body'>;

/**
 * The state of a membership, `none` for a 404; undefined for an answer that does not tell. A 403 means that the organization blocks the app, and
 * says nothing about the user.
 */
function stateIn({ status, body }: Membership): string | undefined {
  const { state } = bodyOf(body);
  return status === 404 ? 'none' : status === 200 && typeof state === 'string' ? state : undefined;
}

async function membershipIn(organizations: readonly string[], get: UpstreamCallback['get']): Promise<Verdict> {
  return verdictOf(
    await Promise.all(organizations.map((name) => get(`${API}/user/memberships/orgs/${encodeURIComponent(name)}`, HEADERS))),
  );
}

async function teamOf(teams: readonly string[], get: UpstreamCallback['get']): Promise<Verdict> {
  const user = await get(`${API}/user`, HEADERS);
  const login = bodyOf(user.body)['login'];
  if (user.status !== 200 || typeof login !== 'string') return 'unknown';
  const paths = teams.map((team) => team.split('/').map(encodeURIComponent));
  const url = ([organization = '', slug = '']: string[]): string =>
    `${API}/orgs/${organization}/teams/${slug}/memberships/${encodeURIComponent(login)}`;
  return verdictOf(await Promise.all(paths.map((path) => get(url(path), HEADERS))));
}

/** The error for a rate limit, which GitHub reports with 403; null for another refusal. */
function limitError({ body, headers }: { readonly body: unknown; readonly headers: Headers }): UpstreamError | null {
  const { message } = bodyOf(body);
  const isLimit = headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after') || /rate limit/i.test(String(message));
  return isLimit ? new UpstreamError('unavailable', 'status_403_rate_limit', { retryAfter: retryAfterOf(headers) }) : null;
}

/** The error for a 403 on a membership: single sign-on required, or an app that the organization has not approved. */
function notToldError(headers: Headers): UpstreamError {
  const sso = /url=(https:\/\/github\.com\/[^\s;]+)/.exec(headers.get('x-github-sso') ?? '')?.[1];
  const link = sso ?? 'https://github.com/settings/applications';
  return new UpstreamError('refused', sso === undefined ? 'membership_not_told' : 'membership_behind_sso', {
    text: (words) => words.site.membershipNotTold(link),
  });
}

function retryAfterOf(headers: Headers): Seconds {
  const seconds = Number(headers.get('retry-after') ?? Number(headers.get('x-ratelimit-reset')) - Math.floor(Date.now() / 1000));
  return seconds > 0 ? Math.min(3600, Math.ceil(seconds)) : 60;
}

/** Revokes this token only; `…/grant` would revoke every sign-in of the account. 404 and 422 mean that it was already gone. */
async function revoke({ tokens, clientId, clientSecret, ask }: RevocationContext): Promise<void> {
  const { status } = await ask(`${API}/applications/${encodeURIComponent(clientId)}/token`, {
    method: 'DELETE',
    headers: { ...HEADERS, 'user-agent': 'portcullis', authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: JSON.stringify({ access_token: tokens.accessToken }),
  });
  if (status !== 204 && status !== 404 && status !== 422) throw new UpstreamError('broken', `revoke_status_${status}`);
}
