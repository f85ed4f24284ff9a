/**
 * Sign in with Slack: OpenID Connect whose users belong to a workspace, so the workspace stands in the subject. With `userScopes` it is the
 * installation of an app instead, whose tokens act for the user in Slack's API; Slack gives no ID token there. The person is the same in both.
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
  /** Only members of this workspace (`T…`) may come in. */
  readonly team?: string;
  /** What tools may do for the user in Slack's API: `['search:read', 'chat:write']`. `scope` is not asked for then. */
  readonly userScopes?: readonly string[];
}

/** Sign-in with Slack. */
export function slack(options: SlackOptions): Upstream {
  checkProvider('slack', options, 'team userScopes');
  const { team, userScopes } = options;
  if (userScopes) return withUserTokens(options, userScopes);
  return codeFlow(
    openid('slack', 'Slack', 'https://slack.com', {
      parameters: { team },
      revoke: forget,
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
      parameters: { team },
      revoke: forget,
      // The user's token stands in a member of its own; beside it may stand one of the app's bot, which is not used here.
      repair: (answer) => ('authed_user' in answer ? { ...answer, ...NOTHING, ...bodyOf(answer['authed_user']) } : answer),
      async identify({ get }) {
        const { body } = await get(`${SLACK}/api/auth.test`);
        const { ok, error, user_id: user, team_id: workspace, user: name } = bodyOf(body);
        if (ok !== true) throw new UpstreamError('broken', error === 'ratelimited' ? 'profile_limited' : 'profile_refused');
        const place = textOf(workspace, 'team_missing');
        if (team !== undefined && place !== team) throw new UpstreamError('refused', 'team_not_allowed');
        return { issuer: SLACK, subject: `${place}:${textOf(user, 'user_missing')}`, claims: { name }, organization: place };
      },
    },
    { ...options, scope: scopes },
  );
}

/** Of the bot's token nothing is taken. */
const NOTHING = { access_token: undefined, refresh_token: undefined, expires_in: undefined, scope: undefined, token_type: undefined };

/** Slack's own way; what went wrong comes with status 200. */
async function forget({ tokens, ask }: RevocationContext): Promise<void> {
  const headers = { authorization: `Bearer ${tokens.accessToken}`, 'content-type': 'application/x-www-form-urlencoded' };
  const response = await ask(`${SLACK}/api/auth.revoke`, { method: 'POST', headers, body: '' });
  const { ok, error } = bodyOf(parseJson(await response.text(), 4));
  if (ok !== true && error !== 'token_revoked' && error !== 'invalid_auth') throw new UpstreamError('broken', 'revoke_refused');
}
