/** Sign in with Slack: OpenID Connect whose users belong to a workspace, so the workspace stands in the subject. */
import { parseJson } from '../lib/json.ts';
import { codeFlow } from './code-flow.ts';
import { bodyOf, type Forgetting, identityOf, type ProviderOptions, textOf, type Upstream, UpstreamError } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link slack}. */
export interface SlackOptions extends ProviderOptions {
  /** Only members of this workspace (`T…`) may come in. */
  readonly team?: string;
}

/** Sign-in with Slack. */
export function slack(options: SlackOptions): Upstream {
  const { team } = options;
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

/** Slack's own way; what went wrong comes with status 200. */
async function forget({ tokens, ask }: Forgetting): Promise<void> {
  const headers = { authorization: `Bearer ${tokens.accessToken}`, 'content-type': 'application/x-www-form-urlencoded' };
  const response = await ask('https://slack.com/api/auth.revoke', { method: 'POST', headers, body: '' });
  const { ok, error } = bodyOf(parseJson(await response.text(), 4));
  if (ok !== true && error !== 'token_revoked' && error !== 'invalid_auth') throw new UpstreamError('broken', 'revoke_refused');
}
