/**
 * WorkOS AuthKit: an API similar to OAuth. The user is in the token response; organization, role and permissions are in the access token,
 * which is read unverified, because it came from WorkOS over TLS in response to our secret.
 */
import { codeFlow } from './code-flow.ts';
import { checkProvider, bodyOf, type ProviderOptions, textOf, type Upstream, UpstreamError } from './contract.ts';
import { unverifiedClaims } from './tokens.ts';

/** Options of {@link workos}; `clientSecret` is the API key. */
export interface WorkOsOptions extends ProviderOptions {
  /** Only members of this organization may sign in, and they are signed in to it. */
  readonly organizationId?: string | undefined;
}

const API = 'https://api.workos.com/user_management';

/**
 * Sign-in with WorkOS AuthKit.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(workos({ clientId: 'client_abc', clientSecret: (env: Env) => env['WORKOS_API_KEY'] }))
 */
export function workos(options: WorkOsOptions): Upstream {
  checkProvider('workos', options, 'organizationId:string');
  const { organizationId } = options;
  return codeFlow(
    {
      id: 'workos',
      label: 'WorkOS',
      server: { issuer: 'https://api.workos.com', authorization_endpoint: `${API}/authorize`, token_endpoint: `${API}/authenticate` },
      openid: false,
      hint: 'login_hint',
      scope: [],
      parameters: { provider: 'authkit', organization_id: organizationId },
      admits: ({ organization }) => organizationId === undefined || organization === organizationId,
      recheck: async (_get, token) => (organizationId === undefined || unverifiedClaims(token)['org_id'] === organizationId ? 'yes' : 'no'),
      identify({ answer, clientId }) {
        const user = bodyOf(answer['user']);
        const { org_id: org, role, permissions } = unverifiedClaims(answer['access_token']);
        if (organizationId !== undefined && org !== organizationId) throw new UpstreamError('refused', 'organization_not_allowed');
        const name = [user['first_name'], user['last_name']].filter((part) => typeof part === 'string' && part !== '').join(' ');
        const claims = {
          ...(name === '' ? {} : { name }),
          email: user['email'],
          email_verified: user['email_verified'] === true,
          picture: user['profile_picture_url'],
          org_id: org,
          role,
          permissions,
        };
        return {
          issuer: `${API}/${clientId}`, // users belong to one environment
          subject: textOf(user['id'], 'id_missing'),
          claims,
          ...(typeof org === 'string' ? { organization: org } : {}),
        };
      },
    },
    options,
  );
}
