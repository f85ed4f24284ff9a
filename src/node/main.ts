/** Entry point on Node: the common exports, with the `node:crypto` runtime. */
import type { OAuthProviderOptions } from '../options/options.ts';
import { OAuthProvider as AnyOAuthProvider, type Platform } from '../provider/oauth-provider.ts';
import { nodeRuntime } from './runtime.ts';

export * from '../index.ts';

/** Node's own machine, and the address that `serve` found. */
export const nodePlatform: Platform = { runtime: nodeRuntime(), address: (_request, ctx) => ctx.address };

/** The provider on Node. */
export class OAuthProvider<Env = unknown> extends AnyOAuthProvider<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>) {
    super(options, nodePlatform);
  }
}
