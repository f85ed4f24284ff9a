/**
 * Credential: the token of a request where it stands in a place of the application's own (`tokenOf` of a guard), so that handlers behind can keep
 * it from their tools. Held beside the context, not on it: tools may see the context.
 */
import type { Context } from '../model/handler.ts';

const credentials = new WeakMap<Context, string>();

/** Notes the token that a request was let in with. */
export function noteCredential(ctx: Context, token: string | null): void {
  if (token !== null) credentials.set(ctx, token);
}

/** The token of a request, where the guard had to look for it elsewhere than in `Authorization`. */
export function credentialOf(ctx: Context): string | undefined {
  return credentials.get(ctx);
}
