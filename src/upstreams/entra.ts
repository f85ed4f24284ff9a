/**
 * Microsoft Entra ID, v2.0 endpoints. The issuer depends on the tenant, so it is derived from the token's `tid` and then verified; the user
 * is tenant and object id. `resource` is never sent, because v2.0 refuses it (AADSTS901002).
 */
import { CLOUDS } from '../lib/microsoft.ts';
import { codeFlow } from './code-flow.ts';
import { checkProvider, textOf, type ProviderOptions, type Upstream, UpstreamError } from './contract.ts';

/** Options of {@link entra}. */
export interface EntraOptions extends ProviderOptions {
  /** The tenant's id; or `organizations`, `common`, `consumers` for users of many tenants. */
  readonly tenant: string;
  /** With users of many tenants: ids of the only tenants that may sign in. */
  readonly tenants?: readonly string[] | undefined;
  /** Empty to send none. */
  readonly prompt?: 'select_account' | 'login' | 'consent' | '' | undefined;
  /** The tenant's national cloud; `public` by default. */
  readonly cloud?: keyof typeof CLOUDS | undefined;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Sign-in with Microsoft.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(entra({ tenant: 'organizations', clientId: 'abc', clientSecret: (env: Env) => env.ENTRA_SECRET }))
 */
export function entra(options: EntraOptions): Upstream {
  checkProvider('entra', options, 'tenant:string! tenants:string[] prompt:string cloud');
  const { prompt, cloud = 'public' } = options;
  const [tenant, tenants] = [options.tenant.toLowerCase(), options.tenants?.map((one) => one.toLowerCase())]; // as in tokens
  if (!Object.hasOwn(CLOUDS, cloud)) throw new TypeError(`Microsoft: \`cloud\` must be ${Object.keys(CLOUDS).join(', ')}.`);
  const host = `https://${CLOUDS[cloud]}`;
  const isOne = GUID.test(tenant);
  if (!isOne && !['organizations', 'common', 'consumers'].includes(tenant))
    throw new TypeError('Microsoft: `tenant` must be the id of a tenant, "organizations", "common" or "consumers".');
  const allowed = isOne ? [tenant] : tenants;
  const base = `${host}/${tenant}`;
  const server = {
    issuer: `${host}/${tenant}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
  };
  return codeFlow(
    {
      id: 'entra',
      label: 'Microsoft',
      icon: {
        '#f25022': 'M0 0h11.4v11.4H0z',
        '#7fba00': 'M12.6 0H24v11.4H12.6z',
        '#00a4ef': 'M0 12.6h11.4V24H0z',
        '#ffb900': 'M12.6 12.6H24V24H12.6z',
      },
      server,
      openid: true,
      scope: ['openid', 'profile', 'email'],
      parameters: { prompt },
      offline: { scope: ['offline_access'] },
      issuerOf({ tid }) {
        if (typeof tid !== 'string' || !GUID.test(tid)) throw new UpstreamError('broken', 'tenant_malformed');
        return `${host}/${tid}/v2.0`;
      },
      admits: ({ organization }) => !allowed || allowed.includes(organization ?? ''),
      identify({ issuer, claims }) {
        const [tid, oid] = [textOf(claims['tid'], 'tid_missing'), textOf(claims['oid'], 'oid_missing')];
        if (allowed && !allowed.includes(tid)) throw new UpstreamError('refused', 'tenant_not_allowed');
        // A tenant's administrator can write any address into `email`: it counts as verified only if Entra says that the tenant owns the domain.
        const edov = claims['xms_edov'];
        return {
          issuer,
          subject: `${tid}:${oid}`,
          claims: { ...claims, email_verified: edov === true || edov === 1 || edov === '1' },
          organization: tid,
        };
      },
    },
    options,
  );
}
