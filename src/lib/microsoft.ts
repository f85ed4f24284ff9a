/** Microsoft's clouds, for upstream logins and token verifiers. */

/** The clouds, by the host of their sign-in page. */
export const CLOUDS = {
  public: 'login.microsoftonline.com',
  government: 'login.microsoftonline.us',
  china: 'login.partner.microsoftonline.cn',
} as const;

/** The word for any tenant in an issuer of Entra; such an issuer stands in no token. */
export function anyTenant(issuer: string): string | undefined {
  const [, host = '', tenant] = /^https:\/\/([^/]+)\/(common|organizations|consumers)(?:\/|$)/i.exec(issuer) ?? [];
  return Object.values<string>(CLOUDS).includes(host) ? tenant : undefined;
}
