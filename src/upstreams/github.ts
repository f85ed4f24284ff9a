/**
 * GitHub: plain OAuth 2. The user is the numeric id, for a name can be given to somebody else; the e-mail address is the
 * primary one if GitHub verified it. A failed code comes with status 200, which `code-flow` mends for everyone.
 */
import type { Verdict } from '../model/origin.ts';
import { codeFlow } from './code-flow.ts';
import { type Arrival, bodyOf, type Forgetting, type ProviderOptions, textOf, type Upstream, UpstreamError } from './contract.ts';

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
async function emailOf(get: Arrival['get']): Promise<{ email?: unknown; email_verified?: true }> {
  const { status, body } = await get(`${API}/user/emails`, HEADERS);
  if (status !== 200 || !Array.isArray(body)) return {};
  const primary = body.map(bodyOf).find((one) => one['primary'] === true && one['verified'] === true);
  return primary ? { email: primary['email'], email_verified: true } : {};
}

async function isMember(organizations: readonly string[], get: Arrival['get']): Promise<boolean> {
  for (const name of organizations) {
    const { status, body } = await get(`${API}/user/memberships/orgs/${encodeURIComponent(name)}`, HEADERS);
    if (status === 200 && bodyOf(body)['state'] === 'active') return true; // an invitation is "pending"
  }
  return false;
}

async function isInTeam(teams: readonly string[], login: string, get: Arrival['get']): Promise<boolean> {
  for (const team of teams) {
    const [organization = '', slug = ''] = team.split('/').map(encodeURIComponent);
    const { status, body } = await get(`${API}/orgs/${organization}/teams/${slug}/memberships/${encodeURIComponent(login)}`, HEADERS);
    if (status === 200 && bodyOf(body)['state'] === 'active') return true;
  }
  return false;
}

/** One membership that stands is enough. GitHub says 404 to who is no member; 403 is an organization that keeps the app out, and says nothing of the person. */
function verdictOf(answers: readonly { readonly status: number; readonly body: unknown }[]): Verdict {
  if (answers.some(({ status, body }) => status === 200 && bodyOf(body)['state'] === 'active')) return 'yes';
  return answers.every(({ status }) => status === 200 || status === 404) ? 'no' : 'unknown';
}

async function membershipIn(organizations: readonly string[], get: Arrival['get']): Promise<Verdict> {
  return verdictOf(
    await Promise.all(organizations.map((name) => get(`${API}/user/memberships/orgs/${encodeURIComponent(name)}`, HEADERS))),
  );
}

async function teamOf(teams: readonly string[], get: Arrival['get']): Promise<Verdict> {
  const user = await get(`${API}/user`, HEADERS);
  const login = bodyOf(user.body)['login'];
  if (user.status !== 200 || typeof login !== 'string') return 'unknown';
  const paths = teams.map((team) => team.split('/').map(encodeURIComponent));
  const url = ([organization = '', slug = '']: string[]): string =>
    `${API}/orgs/${organization}/teams/${slug}/memberships/${encodeURIComponent(login)}`;
  return verdictOf(await Promise.all(paths.map((path) => get(url(path), HEADERS))));
}

/** Takes the whole permission of the user back, as "Revoke" in the user's settings at GitHub does. 404: it was gone already. */
async function forget({ tokens, clientId, clientSecret, ask }: Forgetting): Promise<void> {
  const { status } = await ask(`${API}/applications/${encodeURIComponent(clientId)}/grant`, {
    method: 'DELETE',
    headers: { ...HEADERS, 'user-agent': 'portcullis', authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: JSON.stringify({ access_token: tokens.accessToken }),
  });
  if (status !== 204 && status !== 404) throw new UpstreamError('broken', `revoke_status_${status}`);
}
