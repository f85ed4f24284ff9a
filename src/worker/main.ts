/** Entry point in a Worker: the common exports, with the workerd runtime. */
import type { OAuthProviderOptions } from '../options/options.ts';
import { OAuthProvider as AnyOAuthProvider, type Platform } from '../provider/oauth-provider.ts';
import { placeOfRequest } from './place-of.ts';
import { workerRuntime } from './runtime.ts';

export * from '../index.ts';

/** The workerd runtime, and the client's address and place from Cloudflare's edge. */
export const workerPlatform: Platform = {
  runtime: workerRuntime(),
  place: placeOfRequest,
  address: (request) => request.headers.get('cf-connecting-ip') ?? undefined,
};

/** The provider in a Worker. */
export class OAuthProvider<Env = unknown> extends AnyOAuthProvider<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>) {
    super(options, workerPlatform);
  }
}
