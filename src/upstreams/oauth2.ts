/** Plain OAuth 2 providers with an endpoint that returns the profile of a user: any by its URLs, and Discord. */
import { defined } from '../lib/json.ts';
import { codeFlow } from './code-flow.ts';
import { bodyOf, checkProvider, isSafeUrl, type ProviderOptions, textOf, type Upstream, UpstreamError, withBoolean } from './contract.ts';

/** Endpoints of the provider, and the mapping of its profile. */
export interface OAuth2Options extends ProviderOptions {
  /** Issuer of its users, such as its origin. Never change it: it is part of each user's identity. */
  readonly issuer: string;
  /** URL of the authorization endpoint (RFC 6749 §3.1). */
  readonly authorizationEndpoint: string;
  /** URL of the token endpoint (RFC 6749 §3.2). */
  readonly tokenEndpoint: string;
  /** Revocation endpoint (RFC 7009). */
  readonly revocationEndpoint?: string | undefined;
  /** Returns the user's profile as JSON. */
  readonly profileEndpoint: string;
  /** The member of the profile that identifies the user and never changes; `id` by default. Never an e-mail address. */
  readonly subject?: string | undefined;
  /** Maps the profile to OpenID Connect claims. By default unchanged. */
  readonly claims?: ((profile: { readonly [name: string]: unknown }) => { readonly [claim: string]: unknown }) | undefined;
  /** How the client authenticates (RFC 6749 §2.3.1). */
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post' | undefined;
  /** Further parameters of each authorization request. */
  readonly parameters?: { readonly [name: string]: string } | undefined;
}

/**
 * Sign-in with any OAuth 2 provider.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(
 *   oauth2({
 *     issuer: 'https://id.example',
 *     authorizationEndpoint: 'https://id.example/authorize',
 *     tokenEndpoint: 'https://id.example/token',
 *     profileEndpoint: 'https://id.example/me',
 *     clientId: 'abc',
 *     clientSecret: (env: Env) => env.ID_SECRET,
 *   }),
 * )
 */
export function oauth2(options: OAuth2Options): Upstream {
  checkProvider(
    'oauth2',
    options,
    'issuer:string! authorizationEndpoint:string! tokenEndpoint:string! revocationEndpoint:string profileEndpoint:string! subject:string claims:function clientAuth:string parameters:object',
  );
  const {
    issuer,
    authorizationEndpoint,
    tokenEndpoint,
    revocationEndpoint,
    profileEndpoint,
    subject = 'id',
    claims = (profile) => profile,
  } = options;
  if (!URL.canParse(issuer))
    throw new TypeError(`oauth2: \`issuer\` must be a URL, such as the origin of the site; it is ${JSON.stringify(issuer)}.`);
  for (const [name, url] of Object.entries({ authorizationEndpoint, tokenEndpoint, revocationEndpoint, profileEndpoint }))
    if (url !== undefined && !isSafeUrl(url))
      throw new TypeError(`oauth2: \`${name}\` must be an https URL; it is ${JSON.stringify(url)}.`);
  const provider = {
    id: 'oauth2',
    label: new URL(issuer).host,
    server: {
      issuer,
      authorization_endpoint: authorizationEndpoint,
      token_endpoint: tokenEndpoint,
      ...(revocationEndpoint === undefined ? {} : { revocation_endpoint: revocationEndpoint }),
    },
    openid: false,
    scope: [],
    clientAuth: options.clientAuth ?? 'client_secret_post',
    parameters: options.parameters ?? {},
  } as const;
  return codeFlow(
    {
      ...provider,
      async identify({ get }) {
        const { status, body } = await get(profileEndpoint);
        if (status !== 200) throw new UpstreamError('broken', `profile_status_${status}`);
        const profile = bodyOf(body);
        return { issuer, subject: textOf(profile[subject], 'subject_missing'), claims: withBoolean(claims(profile)) };
      },
    },
    options,
  );
}

/**
 * Sign-in with Discord (OAuth 2.0). Its users have no organizations.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(discord({ clientId: 'abc', clientSecret: (env: Env) => env['DISCORD_SECRET'] }))
 */
export function discord(options: ProviderOptions): Upstream {
  checkProvider('discord', options, '');
  return oauth2({
    id: 'discord',
    label: 'Discord',
    icon: 'M20.3 4.4a20 20 0 0 0-4.9-1.5l-.7 1.2q-2.7-.4-5.4 0l-.7-1.2a20 20 0 0 0-4.9 1.5Q-.8 11.2.1 18.1q3 2.2 6 3l1.3-2-1.9-1 .4-.3q6.1 2.7 12.2 0l.4.3-1.9 1 1.3 2q3-.8 6-3 .8-7.7-3.6-13.7M5.9 12.9a2.1 2.4 0 1 1 4.2 0 2.1 2.4 0 1 1-4.2 0m8 0a2.1 2.4 0 1 1 4.2 0 2.1 2.4 0 1 1-4.2 0',
    scope: ['identify', 'email'],
    ...defined(options),
    issuer: 'https://discord.com',
    authorizationEndpoint: 'https://discord.com/oauth2/authorize',
    tokenEndpoint: 'https://discord.com/api/oauth2/token',
    revocationEndpoint: 'https://discord.com/api/oauth2/token/revoke',
    profileEndpoint: 'https://discord.com/api/users/@me',
    claims: ({ username, global_name: name, email, verified }) => ({
      name: name ?? username,
      preferred_username: username,
      email,
      email_verified: verified === true,
    }),
  });
}
