/** The package's face in a Worker: the common one, with workerd's machine below it. */
import type { OAuthProviderOptions } from '../options/options.ts';
import { OAuthProvider as AnyOAuthProvider, type Platform } from '../provider/oauth-provider.ts';
import { workerRuntime } from './runtime.ts';

export * from '../index.ts';

/** workerd's own machine, and the address that Cloudflare's edge saw. */
export const workerPlatform: Platform = {
  runtime: workerRuntime(),
  address: (request) => request.headers.get('cf-connecting-ip') ?? undefined,
};

/** The provider in a Worker. */
export class OAuthProvider<Env = unknown> extends AnyOAuthProvider<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>) {
    super(options, workerPlatform);
  }
}
