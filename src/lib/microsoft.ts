/** Microsoft's clouds, for upstream logins and token verifiers. */

/** The clouds, by the host of their sign-in page. */
export const CLOUDS = {
  public: 'login.microsoftonline.com',
  government: 'login.microsoftonline.us',
  china: 'login.partner.microsoftonline.cn',
} as const;
