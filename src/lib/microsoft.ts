/** Microsoft: its clouds, for sign-in and for tokens alike. */

/** The clouds, by the host of their sign-in. */
export const CLOUDS = {
  public: 'login.microsoftonline.com',
  government: 'login.microsoftonline.us',
  china: 'login.partner.microsoftonline.cn',
} as const;
