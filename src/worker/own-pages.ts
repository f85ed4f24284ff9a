/**
 * `portcullis/own-pages` in a Worker: the provider for an application with pages of its own. It has no pages of ours, no logins, no
 * accounts and no rare grant types, and in a Worker it is three fifths as large. Everything else is imported from `portcullis`.
 */
import type { OAuthProviderOptions } from '../options/options.ts';
import { NO_PARTS } from '../provider/parts.ts';
import { Provider } from '../provider/provider.ts';
import { workerPlatform } from './runtime.ts';

/** The provider without our pages. */
export class OAuthProvider<Env = unknown> extends Provider<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>) {
    super(options, workerPlatform, NO_PARTS);
  }
}
