/**
 * Stytch as an OpenID Connect provider (Connected Apps): the issuer is the project's domain. In a B2B project the member's organization and
 * roles are in the access token, which is read unverified, because it came from Stytch over TLS in response to our secret. A consumer
 * project has neither.
 */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type Body, bodyOf, identityOf, type ProviderOptions, type Upstream, UpstreamError } from './contract.ts';
import { unverifiedClaims } from './tokens.ts';
import { openid } from './oidc.ts';

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
 * Sign-in with Stytch Connected Apps (OpenID Connect), consumer or B2B.
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
      recheck: async (_get, token) =>
        wanted === undefined || membershipOf(accessClaims({ access_token: token })).organization === wanted ? 'yes' : 'no',
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
