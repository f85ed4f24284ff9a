/**
 * GitHub: plain OAuth 2. The user is the numeric id, for a name can be given to somebody else; the e-mail address is the
 * primary one if GitHub verified it. A failed code comes with status 200, which `code-flow` repairs for everyone.
 */
import type { Verdict } from '../model/origin.ts';
import { codeFlow } from './code-flow.ts';
import type { Seconds } from '../model/store.ts';
import {
  checkProvider,
  type UpstreamCallback,
  type Body,
  bodyOf,
  type RevocationContext,
  type ProviderOptions,
  textOf,
  type Upstream,
  UpstreamError,
} from './contract.ts';

/** Options of {@link github}. */
export interface GitHubOptions extends ProviderOptions {
  /** Only members of one of these may come in. Asks for `read:org`. */
  readonly organizations?: readonly string[];
  /** Only members of one of these teams may come in, as `organization/team-slug`. Asks for `read:org`. */
  readonly teams?: readonly string[];
  /** `select_account` lets people choose among accounts. */
  readonly prompt?: 'select_account';
}

const API = 'https://api.github.com';
const HEADERS = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };

/** Sign-in with GitHub, by an OAuth App or a GitHub App. Tokens of an OAuth App do not end; those of a GitHub App do, and rotate. */
export function github(options: GitHubOptions): Upstream {
  checkProvider('github', options, 'organizations teams prompt');
  const { organizations, teams, prompt } = options;
  const odd = teams?.find((team) => !/^[^/]+\/[^/]+$/.test(team));
  if (odd !== undefined) throw new TypeError(`GitHub: \`teams\` holds ${JSON.stringify(odd)}; write "organization/team-slug".`);
  return codeFlow(
    {
      id: 'github',
      label: 'GitHub',
      server: {
        issuer: 'https://github.com/login/oauth',
        authorization_endpoint: 'https://github.com/login/oauth/authorize',
        token_endpoint: 'https://github.com/login/oauth/access_token',
      },
      openid: false,
      scope: ['read:user', 'user:email', ...(organizations || teams ? ['read:org'] : [])],
      parameters: { prompt },
      hint: 'login',
      revoke: forget,
      async recheck(get) {
        const said = [organizations ? await membershipIn(organizations, get) : 'yes'];
        if (teams && said[0] !== 'no') said.push(await teamOf(teams, get));
        return said.includes('no') ? 'no' : said.includes('unknown') ? 'unknown' : 'yes';
      },
      async identify({ get }) {
        if (organizations && !(await isMember(organizations, get))) throw new UpstreamError('refused', 'organization_not_allowed');
        const user = await get(`${API}/user`, HEADERS);
        if (user.status !== 200) throw new UpstreamError('broken', `user_status_${user.status}`);
        const { id, login, name, avatar_url: picture, html_url: profile } = bodyOf(user.body);
        if (teams && !(await isInTeam(teams, textOf(login, 'login_missing'), get))) throw new UpstreamError('refused', 'team_not_allowed');
        const claims = { name: name ?? login, preferred_username: login, picture, profile, ...(await emailOf(get)) };
        return { issuer: 'https://github.com', subject: textOf(id, 'id_missing'), claims };
      },
    },
    options,
  );
}

/** No address without the scope `user:email`, or where a GitHub App lacks the permission: then there is none. */
async function emailOf(get: UpstreamCallback['get']): Promise<{ email?: unknown; email_verified?: true }> {
  const { status, body } = await get(`${API}/user/emails`, HEADERS);
  if (status !== 200 || !Array.isArray(body)) return {};
  const primary = body.map(bodyOf).find((one) => one['primary'] === true && one['verified'] === true);
  return primary ? { email: primary['email'], email_verified: true } : {};
}

/** @throws {UpstreamError} where GitHub does not tell, for that is no answer. */
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

/** Whether one membership is active; one that GitHub does not tell of counts only where no other is. */
async function anyActive(urls: readonly string[], get: UpstreamCallback['get']): Promise<boolean> {
  let untold: UpstreamError | undefined;
  for (const url of urls) {
    const { status, body, headers } = await get(url, HEADERS);
    if (status === 200 && bodyOf(body)['state'] === 'active') return true; // an invitation is "pending"
    if (status === 403) untold ??= untoldOf(bodyOf(body), headers);
  }
  if (untold) throw untold;
  return false;
}

/** One membership that stands is enough. GitHub says 404 to who is no member; 403 is an organization that keeps the app out, and says nothing of the person. */
function verdictOf(answers: readonly { readonly status: number; readonly body: unknown }[]): Verdict {
  if (answers.some(({ status, body }) => status === 200 && bodyOf(body)['state'] === 'active')) return 'yes';
  return answers.every(({ status }) => status === 200 || status === 404) ? 'no' : 'unknown';
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

/** What a 403 to the question of a membership means: too many questions, single sign-on that is due, or an app that is not approved there. */
function untoldOf({ message }: Body, headers: Headers): UpstreamError {
  const isLimit = headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after') || /rate limit/i.test(String(message));
  if (isLimit) return new UpstreamError('unavailable', 'status_403_rate_limit', { retryAfter: retryAfterOf(headers) });
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

/** Takes back this one token; `…/grant` would end those of every other sign-in of the account too. 404, 422: it was gone already. */
async function forget({ tokens, clientId, clientSecret, ask }: RevocationContext): Promise<void> {
  const { status } = await ask(`${API}/applications/${encodeURIComponent(clientId)}/token`, {
    method: 'DELETE',
    headers: { ...HEADERS, 'user-agent': 'portcullis', authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: JSON.stringify({ access_token: tokens.accessToken }),
  });
  if (status !== 204 && status !== 404 && status !== 422) throw new UpstreamError('broken', `revoke_status_${status}`);
}
