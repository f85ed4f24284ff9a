/**
 * Portcullis: authorization and authentication for MCP servers. This face is the same on Workers and on Node;
 * `package.json` gives each runtime its own machine below it.
 */
import { webRuntime } from './core/web-runtime.ts';
import { OAuthProvider as AnyOAuthProvider, type Platform } from './provider/oauth-provider.ts';
import type { OAuthProviderOptions } from './options/options.ts';

export { guard, type Guard, type GuardOptions, type Verifier } from './guard/guard.ts';
export { consoleMailer } from './logins/console-mailer.ts';
export { emailCode, type EmailCodeOptions } from './logins/email-code.ts';
export { existingSession, type ExistingSession, type FoundSession } from './logins/existing-session.ts';
export { login, type OwnLogin, type OwnProof } from './logins/login.ts';
export { password, type PasswordOptions } from './logins/password.ts';
export { totp } from './logins/totp.ts';
export { connection, type ConnectionOptions } from './logins/connection.ts';
export { type Mapped, upstream, type UpstreamOptions } from './logins/upstream.ts';
export type { Access, Actor, AuthContext, Checked } from './model/access.ts';
export { type LinkedAccount, type UpstreamAccount, type Upstreams, UpstreamTokenError, type UpstreamTokens } from './model/upstream.ts';
export type { Account, Accounts, NewAccount } from './model/account.ts';
export type { SignInKind, SignIns, UserSignIns } from './model/sign-ins.ts';
export { ConnectionNeeded, type Connect } from './model/connection.ts';
export type { Client } from './model/client.ts';
export type { Email, SendEmail } from './model/email.ts';
export type { ClientSpec, ConfiguredClient } from './model/client-spec.ts';
export { OAuthError, type ErrorCode } from './model/error.ts';
export type { Event } from './model/event.ts';
export type { Context, FetchFunction, FetchObject, Handler } from './model/handler.ts';
export type { Identity, Organization } from './model/identity.ts';
export type {
  FormLogin,
  Login,
  LoginResult,
  LoginServices,
  ConnectionLogin,
  RedirectLogin,
  ReturnResult,
  SessionLogin,
  Step,
  Steps,
  StepView,
  UpstreamRequest,
} from './model/login.ts';
export type { SecondFactorPassed, SecondFactor } from './model/second-factor.ts';
export type { Runtime } from './model/runtime.ts';
export type {
  DocumentPolicy,
  Exchange,
  ExchangePolicy,
  GrantableScopes,
  Grantor,
  OnError,
  Permissions,
  Refusal,
} from './model/settings.ts';
export { NothingDone, type StoredRecord, type Store } from './model/store.ts';
export type { MappedUser, TrustedIssuer } from './model/trusted-issuer.ts';
export { html, type Html, type HtmlValue } from './lib/html.ts';
export type { PagesOptions } from './options/pages.ts';
export type { ResourceOptions } from './options/resources.ts';
export type { RegistrationOptions } from './options/option-checks.ts';
export type { Template, Templates } from './pages/templates.ts';
export type { Text, Translation, Words } from './words/words.ts';
export type { OAuthProviderOptions, TenantOptions } from './options/options.ts';
export { AuthorizationError, authorizationErrorRedirect, type AuthRequest } from './provider/auth-request.ts';
export type { ConsentDescription, OwnPages } from './provider/own-pages.ts';
export type { OAuthHelpers } from './provider/helpers.ts';
export type { Completion } from './provider/requests.ts';
export { memoryStore } from './stores/memory.ts';
export { tenantStore } from './stores/tenant.ts';

const PLATFORM: Platform = { runtime: webRuntime(), address: (_request, ctx) => ctx.address };

/** The provider on Web APIs alone: everything but password sign-in, which needs scrypt from Node or workerd. */
export class OAuthProvider<Env = unknown> extends AnyOAuthProvider<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>) {
    super(options, PLATFORM);
  }
}
