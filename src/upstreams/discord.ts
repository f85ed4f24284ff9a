/** Discord: plain OAuth 2; its profile says whether the e-mail address is verified. */
import { checkProvider, type ProviderOptions, type Upstream } from './contract.ts';
import { oauth2 } from './oauth2.ts';

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
    scope: ['identify', 'email'],
    ...options,
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
