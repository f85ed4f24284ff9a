/**
 * Services that keep the users of an application: WorkOS AuthKit and Stytch. Organization and roles are in the access token, which is read unverified,
 * because it came from the service over TLS in response to our secret.
 */
import { codeFlow } from './code-flow.ts';
import { type Body, bodyOf, checkProvider, identityOf, type ProviderOptions, textOf, type Upstream, UpstreamError } from './contract.ts';
import { unverifiedClaims } from './tokens.ts';
import { openid } from './oidc.ts';

/** Options of {@link workos}; `clientSecret` is the API key. */
export interface WorkOsOptions extends ProviderOptions {
  /** Only members of this organization may sign in, and they are signed in to it. */
  readonly organizationId?: string | undefined;
}

const WORKOS_API = 'https://api.workos.com/user_management';

/**
 * Sign-in with WorkOS AuthKit: an API similar to OAuth, with the user in the token response.
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
      server: {
        issuer: 'https://api.workos.com',
        authorization_endpoint: `${WORKOS_API}/authorize`,
        token_endpoint: `${WORKOS_API}/authenticate`,
      },
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
          issuer: `${WORKOS_API}/${clientId}`, // users belong to one environment
          subject: textOf(user['id'], 'id_missing'),
          claims,
          ...(typeof org === 'string' ? { organization: org } : {}),
        };
      },
    },
    options,
  );
}

/** Options of {@link stytch}. */
export interface StytchOptions extends ProviderOptions {
  /** `https://….customers.stytch.com`, or your custom domain. */
  readonly projectDomain: string;
  /** B2B: only members of this organization (`organization-live-…`) may sign in. */
  readonly organization?: string | undefined;
  /** B2B: permissions of each role (`{ stytch_admin: ['admin'] }`). Other roles have none. */
  readonly roles?: { readonly [role: string]: readonly string[] } | undefined;
}

const ORGANIZATION = 'https://stytch.com/organization';
const SESSION = 'https://stytch.com/session';

/**
 * Sign-in with Stytch Connected Apps (OpenID Connect), consumer or B2B: the issuer is the project's domain. A consumer project has no organizations and roles.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(
 *   stytch({
 *     projectDomain: 'https://acme.customers.stytch.com',
 *     clientId: 'connected-app-live-abc',
 *     clientSecret: (env: Env) => env['STYTCH_SECRET'],
 *     roles: { stytch_admin: ['admin'] },
 *   }),
 * )
 */
export function stytch(options: StytchOptions): Upstream {
  checkProvider('stytch', options, 'projectDomain:string! organization:string roles:object');
  const { organization: wanted, roles: may } = options;
  return codeFlow(
    openid('stytch', 'Stytch', options.projectDomain, {
      admits: ({ organization }) => wanted === undefined || organization === wanted,
      async recheck(_get, token) {
        const { organization } = membershipOf(accessClaims({ access_token: token }));
        if (wanted === undefined || organization === wanted) return 'yes';
        return organization === undefined ? 'unknown' : 'no'; // only the ID token of the sign-in may have named it
      },
      identify(arrival) {
        const { issuer, subject, claims } = identityOf(arrival);
        const { organization, roles } = membershipOf({ ...accessClaims(arrival.answer), ...claims });
        if (wanted !== undefined && organization !== wanted) throw new UpstreamError('refused', 'organization_not_allowed');
        return {
          issuer,
          subject,
          claims: { ...claims, ...(organization === undefined ? {} : { org_id: organization, roles }) },
          ...(organization === undefined ? {} : { organization }),
          ...(may ? { permissions: [...new Set(roles.flatMap((role) => (Object.hasOwn(may, role) ? (may[role] ?? []) : [])))] } : {}),
        };
      },
    }),
    options,
  );
}

function membershipOf(claims: Body): { readonly organization: string | undefined; readonly roles: readonly string[] } {
  const { organization_id: organization } = bodyOf(claims[ORGANIZATION]);
  const { roles = claims['roles'] } = bodyOf(claims[SESSION]);
  return {
    organization: typeof organization === 'string' && organization !== '' ? organization : undefined,
    roles: Array.isArray(roles) ? roles.filter((role): role is string => typeof role === 'string') : [],
  };
}

/** Claims of the access token; none if it is not a JWT. */
function accessClaims({ access_token: token }: Body): Body {
  return typeof token === 'string' && token.split('.').length === 3 ? unverifiedClaims(token) : {};
}
