/**
 * Sites whose accounts can belong to an organization, which the ID token or the user's record names: Google (a Workspace domain), Microsoft Entra ID (a
 * tenant) and Slack (a workspace).
 */
import { codeFlow } from './code-flow.ts';
import {
  bodyOf,
  checkProvider,
  identityOf,
  type ProviderOptions,
  type RevocationContext,
  textOf,
  type Upstream,
  UpstreamError,
} from './contract.ts';
import { openid } from './oidc.ts';
import { CLOUDS } from '../lib/microsoft.ts';
import { parseJson } from '../lib/json.ts';

/** Options of {@link google}. */
export interface GoogleOptions extends ProviderOptions {
  /** Only accounts of this Google Workspace domain may sign in; `*` for every Workspace domain. */
  readonly hd?: string | undefined;
  /** `offline` requests a refresh token, with Google's own consent page every time; implied if tokens are kept. */
  readonly access?: 'online' | 'offline' | undefined;
  /** The `prompt` parameter of each request, such as `select_account`. */
  readonly prompt?: string | undefined;
}

/**
 * Sign-in with Google (OpenID Connect). The browser can change `hd` in the request, so it is checked at the callback.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(google({ clientId: 'abc.apps.googleusercontent.com', clientSecret: (env: Env) => env.GOOGLE_SECRET, hd: 'acme.example' }))
 */
export function google(options: GoogleOptions): Upstream {
  checkProvider('google', options, 'hd:string access:string prompt:string');
  const { access = 'online', prompt = access === 'offline' ? 'consent' : undefined } = options;
  const hd = options.hd?.toLowerCase(); // as in tokens
  const isDomain = (claim: unknown): claim is string => typeof claim === 'string' && claim !== '';
  const isAdmitted = (claim: unknown): boolean => hd === undefined || (hd === '*' ? isDomain(claim) : claim === hd);
  const parameters = { hd, prompt, access_type: access === 'offline' ? 'offline' : undefined };
  return codeFlow(
    openid('google', 'Google', 'https://accounts.google.com', {
      // Google wants its mark in these colours only.
      icon: {
        '#4285f4': 'M22.6 12.3c0-.8-.1-1.6-.2-2.3H12v4.3h5.9a5 5 0 0 1-2.2 3.3v2.7h3.6c2-1.9 3.3-4.7 3.3-8z',
        '#34a853': 'M12 23c3 0 5.5-1 7.3-2.7l-3.6-2.7a6.6 6.6 0 0 1-9.9-3.5H2.2v2.8A11 11 0 0 0 12 23z',
        '#fbbc05': 'M5.8 14.1a6.6 6.6 0 0 1 0-4.2V7.1H2.2a11 11 0 0 0 0 9.8z',
        '#ea4335': 'M12 5.4c1.6 0 3 .6 4.2 1.6l3.2-3.1A11 11 0 0 0 2.2 7.1l3.6 2.8A6.5 6.5 0 0 1 12 5.4z',
      },
      parameters,
      // Google refuses `login` and ignores `max_age`. The claim is present if the project has "session age claims" turned on.
      again: { prompt: 'select_account', claims: '{"id_token":{"auth_time":{"essential":true}}}' },
      offline: { parameters: { access_type: 'offline', prompt: prompt ?? 'consent' } }, // without `consent` the refresh token is issued only once
      admits: ({ claims }) => isAdmitted(claims['hd']),
      identify(arrival) {
        if (!isAdmitted(arrival.claims['hd']))
          throw new UpstreamError('refused', 'domain_not_allowed', {
            text: (words) => words.site.onlyAccountsOf(hd === '*' ? 'Google Workspace' : (hd ?? '')),
          });
        const identity = identityOf(arrival);
        const { hd: domain, email } = arrival.claims;
        const isWorkspace = isDomain(domain);
        // Anyone can have a consumer account with an address elsewhere, and keep it when the address is reassigned:
        // Google vouches only for its own addresses and for those of Workspace domains.
        const isTheirs = isWorkspace || (typeof email === 'string' && /@(gmail|googlemail)\.com$/i.test(email));
        const claims = { ...identity.claims, email_verified: identity.claims['email_verified'] === true && isTheirs };
        return { ...identity, claims, ...(isWorkspace ? { organization: domain } : {}) };
      },
    }),
    options,
  );
}

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
 * Sign-in with Microsoft Entra ID, v2.0 endpoints. The issuer depends on the tenant, so it is derived from the token's `tid` and then verified; the user
 * is tenant and object id. `resource` is never sent, because v2.0 refuses it (AADSTS901002).
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

/** Options of {@link slack}. */
export interface SlackOptions extends ProviderOptions {
  /** Only members of this workspace (`T…`) may sign in. */
  readonly team?: string | undefined;
  /** What tools may do for the user in Slack's API: `['search:read', 'chat:write']`. `scope` is then not requested. */
  readonly userScopes?: readonly string[] | undefined;
}

/**
 * Sign-in with Slack: OpenID Connect with users that belong to a workspace, so the workspace is part of the subject. With `userScopes`, it is an app
 * installation instead, whose tokens act for the user in Slack's API, without an ID token. The user is the same in both.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(slack({ clientId: '123.456', clientSecret: (env: Env) => env.SLACK_SECRET, team: 'T0123' }))
 */
export function slack(options: SlackOptions): Upstream {
  checkProvider('slack', options, 'team:string userScopes:string[]');
  const { team, userScopes } = options;
  if (userScopes) return slackForUsers(options, userScopes);
  return codeFlow(
    openid('slack', 'Slack', 'https://slack.com', {
      icon: SLACK_ICON,
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
const SLACK_ICON =
  'M5 15.1a2.5 2.5 0 1 1-2.5-2.5H5zm1.3 0a2.5 2.5 0 0 1 5 0v6.3a2.5 2.5 0 0 1-5 0zM8.8 5a2.5 2.5 0 1 1 2.5-2.5V5zm0 1.3a2.5 2.5 0 0 1 0 5H2.5a2.5 2.5 0 0 1 0-5zM19 8.8a2.5 2.5 0 1 1 2.5 2.5H19zm-1.3 0a2.5 2.5 0 0 1-5 0V2.5a2.5 2.5 0 0 1 5 0zM15.2 19a2.5 2.5 0 1 1-2.5 2.5V19zm0-1.3a2.5 2.5 0 0 1 0-5h6.3a2.5 2.5 0 0 1 0 5z';

function slackForUsers(options: SlackOptions, scopes: readonly string[]): Upstream {
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
      icon: SLACK_ICON,
      parameters: { team },
      revoke: revoke,
      admits: ({ organization }) => team === undefined || organization === team,
      // The user's token is in its own member; a token of the app's bot may be next to it, which is not used here.
      repair: (answer) => ('authed_user' in answer ? { ...answer, ...NO_TOKENS, ...bodyOf(answer['authed_user']) } : answer),
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
const NO_TOKENS = { access_token: undefined, refresh_token: undefined, expires_in: undefined, scope: undefined, token_type: undefined };

/** Slack's own revocation; it reports errors with status 200. */
async function revoke({ tokens, ask }: RevocationContext): Promise<void> {
  const headers = { authorization: `Bearer ${tokens.accessToken}`, 'content-type': 'application/x-www-form-urlencoded' };
  const response = await ask(`${SLACK}/api/auth.revoke`, { method: 'POST', headers, body: '' });
  const { ok, error } = bodyOf(parseJson(await response.text(), 4));
  if (ok !== true && error !== 'token_revoked' && error !== 'invalid_auth') throw new UpstreamError('broken', 'revoke_refused');
}
