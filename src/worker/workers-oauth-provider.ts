/** `portcullis/workers-oauth-provider` in a Worker: the same names, with the workerd runtime. */
import type { Context } from '../model/context.ts';
import type { OAuthHelpers } from '../workers-oauth-provider/helpers.ts';
import type { OAuthAuthorizationServerOptions, OAuthProviderOptions } from '../workers-oauth-provider/accepted-options.ts';
import { AdaptedAuthorizationServer, AdaptedProvider } from '../workers-oauth-provider/provider.ts';
import { workerPlatform } from './runtime.ts';

export * from '../workers-oauth-provider/index.ts'; // but for what follows

/** Authorization server and guarded API in one. */
export class OAuthProvider<Env = Cloudflare.Env> extends AdaptedProvider<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>) {
    super(options, workerPlatform);
  }

  /** As there, `env.OAUTH_PROVIDER` is also on the environment of the Worker: `env` of `cloudflare:workers`, and code around the provider. */
  override async fetch(request: Request, env: Env, ctx: Context): Promise<Response> {
    (env as { OAUTH_PROVIDER?: OAuthHelpers }).OAUTH_PROVIDER ??= this.getOAuthApi(env);
    return super.fetch(request, env, ctx);
  }
}
export { OAuthProvider as default };

/** An authorization server whose resources are elsewhere. */
export class OAuthAuthorizationServer<Env = Cloudflare.Env> extends AdaptedAuthorizationServer<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthAuthorizationServerOptions<Env>) {
    super(options, workerPlatform);
  }
}

/** The helpers, outside of a request: in a scheduled job, a queue, a Durable Object. */
export function getOAuthApi<Env = Cloudflare.Env>(options: OAuthProviderOptions<Env>, env: Env): OAuthHelpers {
  return new OAuthProvider(options).getOAuthApi(env);
}
