/** Discord: plain OAuth 2; its profile says whether the e-mail address is verified. */
import { defined } from '../lib/defined.ts';
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
