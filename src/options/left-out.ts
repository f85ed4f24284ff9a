/** What a provider can be built without, as `portcullis/own-pages` is. */
import { fail } from './option-checks.ts';
import type { checkLogins, checkSecondFactor, parsePages } from './pages.ts';
import type { Settings } from '../model/settings.ts';
import type { IssuerFinder, TrustedIssuer } from '../model/trusted-issuer.ts';
import type { OAuthProviderOptions } from './options.ts';

/** Parsers of options of parts; null for a part that the server is built without. */
export interface PartParsers {
  readonly pages: {
    readonly parsePages: typeof parsePages;
    readonly checkLogins: typeof checkLogins;
    readonly checkSecondFactor: typeof checkSecondFactor;
  } | null;
  readonly rareGrants: {
    /** The trusted issuers, checked, or the function that finds them. @throws {TypeError} naming what is wrong. */
    readonly issuersOf: (given: readonly TrustedIssuer[] | IssuerFinder<never>) => Pick<Settings, 'trustedIssuers' | 'issuerFinder'>;
  } | null;
  /** Refuses the options of what is missing. */
  readonly check?: typeof checkLeftOut;
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

/** Refuses options of what a provider is built without. @throws {TypeError} naming the option and the fix. */
export function checkLeftOut(
  { logins = [], pages, secondFactor, securityEmails, tokenExchange, trustedIssuers = [] }: OAuthProviderOptions<never>,
  parts: PartParsers,
): void {
  const ofPages = { logins: logins.length > 0, pages, secondFactor, securityEmails };
  const ofRareGrants = { tokenExchange, trustedIssuers: [trustedIssuers].flat().length > 0 };
  const given = { ...(parts.pages ? {} : ofPages), ...(parts.rareGrants ? {} : ofRareGrants) };
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && value !== false) fail(name, 'is not part of portcullis/own-pages; import OAuthProvider from portcullis');
}
