/** Entry point in a Worker: the common exports, with the workerd runtime. */
import type { OAuthProviderOptions } from '../options/options.ts';
import { OAuthProvider as AnyOAuthProvider } from '../provider/oauth-provider.ts';
import { workerPlatform } from './runtime.ts';

export * from '../index.ts';

/** The provider in a Worker. */
export class OAuthProvider<Env = unknown> extends AnyOAuthProvider<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>) {
    super(options, workerPlatform);
  }
}
