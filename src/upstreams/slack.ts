/** Sign in with Slack: OpenID Connect whose users belong to a workspace, so the workspace stands in the subject. */
import { codeFlow } from './code-flow.ts';
import { identityOf, type ProviderOptions, textOf, type Upstream, UpstreamError } from './contract.ts';
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
      identify(arrival) {
        const workspace = textOf(arrival.claims['https://slack.com/team_id'], 'team_missing');
        if (team !== undefined && workspace !== team) throw new UpstreamError('refused', 'team_not_allowed');
        const { issuer, subject, claims } = identityOf(arrival);
        return { issuer, subject: `${workspace}:${subject}`, claims };
      },
    }),
    options,
  );
}
