/** What a provider of `portcullis/own-pages` is built without. */
import { fail } from './kinds.ts';
import type { OAuthProviderOptions } from './options.ts';
import type { parsePages } from './pages.ts';

/** Parses the option `pages`. A server without our pages has no parser. */
export interface PagesParser {
  readonly parsePages: typeof parsePages;
}

/** A server without our pages speaks no language. */
export const NO_PAGES: ReturnType<typeof parsePages> = {
  look: { templates: {} },
  languages: {
    find: () => null,
    of() {
      throw new TypeError('This server has no pages of ours.');
    },
  },
};

/** Refuses options of what a provider of `portcullis/own-pages` is built without. @throws {TypeError} naming the option and the fix. */
export function checkLeftOut({
  logins = [],
  pages,
  secondFactor,
  securityEmails,
  tokenExchange,
  trustedIssuers = [],
}: OAuthProviderOptions<never>): void {
  const given = {
    logins: logins.length > 0,
    pages: pages !== undefined,
    secondFactor: secondFactor !== undefined,
    securityEmails: securityEmails !== undefined,
    tokenExchange: tokenExchange !== undefined,
    trustedIssuers: trustedIssuers.length > 0,
  };
  for (const [name, isGiven] of Object.entries(given))
    if (isGiven) fail(name, 'is not part of portcullis/own-pages; import OAuthProvider from portcullis');
}
