/**
 * Sign in with Slack: OpenID Connect with users that belong to a workspace, so the workspace is part of the subject. With `userScopes`, it is
 * an app installation instead, whose tokens act for the user in Slack's API, without an ID token. The user is the same in both.
 */
import { parseJson } from '../lib/json.ts';
import { codeFlow } from './code-flow.ts';
import {
  checkProvider,
  bodyOf,
  type RevocationContext,
  identityOf,
  type ProviderOptions,
  textOf,
  type Upstream,
  UpstreamError,
} from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link slack}. */
export interface SlackOptions extends ProviderOptions {
  /** Only members of this workspace (`T…`) may sign in. */
  readonly team?: string | undefined;
  /** What tools may do for the user in Slack's API: `['search:read', 'chat:write']`. `scope` is then not requested. */
  readonly userScopes?: readonly string[] | undefined;
}

/**
 * Sign-in with Slack.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(slack({ clientId: '123.456', clientSecret: (env: Env) => env.SLACK_SECRET, team: 'T0123' }))
 */
export function slack(options: SlackOptions): Upstream {
  checkProvider('slack', options, 'team:string userScopes:string[]');
  const { team, userScopes } = options;
  if (userScopes) return withUserTokens(options, userScopes);
  return codeFlow(
    openid('slack', 'Slack', 'https://slack.com', {
      icon: ICON,
      parameters: { team },
      revoke: revoke,
      admits: ({ organization }) => team === undefined || organization === team,
      identify(arrival) {
        const workspace = textOf(arrival.claims['https://slack.com/team_id'], 'team_missing');
        if (team !== undefined && workspace !== team) throw new UpstreamError('refused', 'team_not_allowed');
        const { issuer, subject, claims } = identityOf(arrival);
        return { issuer, subject: `${workspace}:${subject}`, claims, organization: workspace };
      },
    }),
    options,
  );
}

const SLACK = 'https://slack.com';
const ICON =
  'M5 15.1a2.5 2.5 0 1 1-2.5-2.5H5zm1.3 0a2.5 2.5 0 0 1 5 0v6.3a2.5 2.5 0 0 1-5 0zM8.8 5a2.5 2.5 0 1 1 2.5-2.5V5zm0 1.3a2.5 2.5 0 0 1 0 5H2.5a2.5 2.5 0 0 1 0-5zM19 8.8a2.5 2.5 0 1 1 2.5 2.5H19zm-1.3 0a2.5 2.5 0 0 1-5 0V2.5a2.5 2.5 0 0 1 5 0zM15.2 19a2.5 2.5 0 1 1-2.5 2.5V19zm0-1.3a2.5 2.5 0 0 1 0-5h6.3a2.5 2.5 0 0 1 0 5z';

function withUserTokens(options: SlackOptions, scopes: readonly string[]): Upstream {
  const { team } = options;
  if (scopes.length === 0) throw new TypeError("Slack: `userScopes` is empty; name what tools may do, such as ['search:read'].");
  const server = { issuer: SLACK, authorization_endpoint: `${SLACK}/oauth/v2/authorize`, token_endpoint: `${SLACK}/api/oauth.v2.access` };
  return codeFlow(
    {
      id: 'slack',
      label: 'Slack',
      server,
      openid: false,
      scope: scopes,
      scopeParameter: 'user_scope',
      icon: ICON,
      parameters: { team },
      revoke: revoke,
      // The user's token is in its own member; a token of the app's bot may be next to it, which is not used here.
      repair: (answer) => ('authed_user' in answer ? { ...answer, ...NOTHING, ...bodyOf(answer['authed_user']) } : answer),
      async identify({ get }) {
        const { body } = await get(`${SLACK}/api/auth.test`);
        const { ok, error, user_id: user, team_id: workspace, user: name } = bodyOf(body);
        if (ok !== true) throw new UpstreamError('broken', error === 'ratelimited' ? 'profile_limited' : 'profile_refused');
        const workspaceId = textOf(workspace, 'team_missing');
        if (team !== undefined && workspaceId !== team) throw new UpstreamError('refused', 'team_not_allowed');
        return { issuer: SLACK, subject: `${workspaceId}:${textOf(user, 'user_missing')}`, claims: { name }, organization: workspaceId };
      },
    },
    { ...options, scope: scopes },
  );
}

/** Removes the bot's token. */
const NOTHING = { access_token: undefined, refresh_token: undefined, expires_in: undefined, scope: undefined, token_type: undefined };

/** Slack's own revocation; it reports errors with status 200. */
async function revoke({ tokens, ask }: RevocationContext): Promise<void> {
  const headers = { authorization: `Bearer ${tokens.accessToken}`, 'content-type': 'application/x-www-form-urlencoded' };
  const response = await ask(`${SLACK}/api/auth.revoke`, { method: 'POST', headers, body: '' });
  const { ok, error } = bodyOf(parseJson(await response.text(), 4));
  if (ok !== true && error !== 'token_revoked' && error !== 'invalid_auth') throw new UpstreamError('broken', 'revoke_refused');
}
