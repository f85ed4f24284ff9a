/**
 * Parts of a server that not every application needs. They are passed in, because a bundle holds what can be reached by an import: all of them by
 * `portcullis`, none by `portcullis/own-pages`.
 */
import { noParts } from '../core/no-parts.ts';
import type { CoreParts } from '../core/parts.ts';
import type { Call } from '../endpoints/endpoint.ts';
import type { GrantTypes } from '../endpoints/oauth/token.ts';
import { checkLeftOut, type PartParsers } from '../options/parse.ts';
import type { Settings } from '../model/settings.ts';
import type { Route } from '../server.ts';

/** The parts. */
export interface Parts extends PartParsers {
  readonly core: CoreParts;
  /** Null for an application with pages of its own. */
  readonly pages: Pages | null;
  /** The grant types that most servers never use (`rare-grants.ts`). */
  readonly rareGrants: RareGrants | null;
}

/** Our pages. */
export type Pages = NonNullable<PartParsers['pages']> & {
  readonly pageRoutesOf: (settings: Settings) => ReadonlyMap<string, Route>;
  readonly home: (call: Call) => Promise<Response>;
  /** The 401 of an endpoint as a page, with its challenge. */
  readonly unauthorizedPage: (call: Call, refusal: Response) => Promise<Response>;
};

/** The grant types, and the parser of their option. */
export type RareGrants = NonNullable<PartParsers['rareGrants']> & { readonly grantTypes: GrantTypes };

/** The parts of `portcullis/own-pages`. */
export const NO_PARTS: Parts = { core: noParts, pages: null, rareGrants: null, check: checkLeftOut };
