/** OAuthProvider: the provider with all of its parts. */
import { coreParts } from '../core/parts.ts';
import { lazy } from '../lib/async.ts';
import { checkLogins, checkSecondFactor, parsePages } from '../options/pages.ts';
import type { OAuthProviderOptions } from '../options/options.ts';
import { pageRoutesOf } from '../site.ts';
import type { Parts } from './parts.ts';
import { type Platform, Provider } from './provider.ts';
import { rareGrants } from './rare-grants.ts';

export type { Platform } from './provider.ts';

const PARTS: Parts = {
  core: coreParts,
  pages: {
    parsePages,
    checkLogins,
    checkSecondFactor,
    pageRoutesOf,
    home: lazy(async () => (await import('../endpoints/home.ts')).home),
    unauthorizedPage: lazy(async () => (await import('../endpoints/home.ts')).unauthorizedPage),
  },
  rareGrants,
};

/** An authorization server with your API behind it, as one fetch handler. Make it once, at the top level of a module. */
export class OAuthProvider<Env = unknown> extends Provider<Env> {
  /** @internal @throws {TypeError} for a wrong option; the message names the option and the fix. */
  constructor(options: OAuthProviderOptions<Env>, platform: Platform) {
    super(options, platform, PARTS);
  }
}
