/**
 * Portcullis: authorization and authentication for MCP servers. These exports are the same on Workers and on Node; `package.json` selects
 * the entry of each runtime.
 */
import { webRuntime } from './core/web-runtime.ts';
import { OAuthProvider as AnyOAuthProvider, type Platform } from './provider/oauth-provider.ts';
import type { OAuthProviderOptions } from './options/options.ts';

export { connection } from './logins/upstream.ts';
export { consoleMailer } from './logins/console-mailer.ts';
export { emailCode } from './logins/email-code.ts';
export { existingSession } from './logins/own-login.ts';
export { login } from './logins/own-login.ts';
export { password } from './logins/password.ts';
export { totp } from './logins/totp.ts';
export { upstream } from './logins/upstream.ts';
export type { ConnectionLogin, FormLogin, Login, RedirectLogin, SessionLogin } from './model/login.ts';
export type { Identity } from './model/identity.ts';
export type { SecondFactor } from './model/settings.ts';
export type { SendEmail } from './model/email.ts';

export type { OAuthProviderOptions } from './options/options.ts';
export type { Context, FetchFunction, FetchObject, GuardedContext, Handler } from './model/context.ts';
export type { Client } from './model/client.ts';
export type { GrantableScopes } from './model/settings.ts';
export type { Event } from './model/event.ts';

export type { Access, AuthContext } from './model/access.ts';
export { type Upstreams, UpstreamTokenError, type UpstreamTokens } from './model/upstream.ts';
export { type Connect, ConnectionNeeded } from './model/upstream.ts';

export type { OAuthHelpers } from './provider/helpers.ts';
export type { Clients } from './provider/clients.ts';
export type { GrantInfo } from './provider/grants.ts';
export type { Health } from './core/monitoring.ts';
export { jsonLog } from './core/listeners.ts';
export type { Account, Accounts, NewAccount } from './model/account.ts';
export { AuthorizationError, authorizationErrorRedirect, type AuthRequest } from './provider/auth-request.ts';
export type { ConsentDescription, OwnPages } from './provider/own-pages.ts';
export { OAuthError } from './model/error.ts';

export { html, type Html } from './lib/html.ts';
export type { Translation } from './words/words.ts';

export { memoryStore } from './stores/memory.ts';
export { tenantStore } from './stores/prefixed.ts';
export { NothingDone, type Store, type StoredRecord } from './model/store.ts';

const PLATFORM: Platform = { runtime: webRuntime(), address: (_request, ctx) => ctx.address };

/**
 * An OAuth 2.1 authorization server (RFC 9700, MCP Authorization) with your API behind it, as one fetch handler. This entry uses Web APIs only:
 * everything but password sign-in, which needs scrypt from Node or workerd.
 *
 * @throws {TypeError} for a wrong option; the message names the option and the fix.
 * @example
 * const app = new OAuthProvider({
 *   apiRoute: '/mcp',
 *   apiHandler: MyMCP.serve('/mcp'),
 *   logins: [password()],
 *   scopesSupported: { 'notes:read': 'Read your notes' },
 * });
 */
export class OAuthProvider<Env = unknown> extends AnyOAuthProvider<Env> {
  /** @throws {TypeError} for a wrong option; the message names the option and the fix. */
  constructor(options: OAuthProviderOptions<Env>) {
    super(options, PLATFORM);
  }
}
