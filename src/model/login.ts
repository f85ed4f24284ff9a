/**
 * Logins: ways to authenticate a user. Pages offer them, the endpoints run them, and the core turns the resulting identity into a session and
 * a grant. A form login has its fields on our page and may continue on further pages (steps); a redirect login sends the browser to an
 * upstream and handles its callback.
 */
import type { Html, HtmlValue } from '../lib/html.ts';
import type { Text, Words } from '../words/words.ts';
import type { Icon } from './display.ts';
import type { IdentifierPart, LoginServices } from './login-services.ts';
import type { Params } from './params.ts';
import type { Authenticated, Limited, LoginResult, RecheckContext, Refused, ReturnResult, Verdict, Step } from './identity.ts';
import type { Json, Seconds } from './store.ts';
import type { TokenOperations } from './upstream.ts';

export type { LoginServices } from './login-services.ts';
export type { Limited, LoginResult, Authenticated, Refused, ReturnResult, Step } from './identity.ts';

/** Content of a step's page. */
export interface StepView {
  readonly title: string;
  /** Explanation under the title. */
  readonly text?: HtmlValue;
  /** The form's fields. The page adds the form, its button, the error message and the way back. */
  readonly fields: Html;
  /** Label of the button; null if the script submits the form. */
  readonly button: string | null;
  /** More content below the button, in the same form: another button, with a name that `prove` reads. */
  readonly more?: Html;
  /**
   * A script for this page, allowed by its hash only: a constant text that takes its values from the fields. It must not contain
   * `</script` or `<!--`. Leave it out if the page works without it.
   */
  readonly script?: string;
}

/** The pages after the first one. */
export interface Steps<Passed> {
  /** The page, in its language; shown again with the error after a failed attempt. */
  view(kept: Json, words: Words): StepView;
  /** Checks the input. Refusing allows another attempt while there are any; a new step replaces this one. */
  prove(read: (field: string) => string, kept: Json, services: LoginServices): Promise<Passed | Refused | Limited | Step>;
}

/**
 * Asks who is signed in at the application itself; null if no one is. The request has URL and headers only, because its body belongs to the
 * authorization server.
 */
export type HostSession = (asked: {
  readonly request: Request;
  readonly env: unknown;
  readonly issuer: string;
}) => Promise<Authenticated | null>;

/** A login with fields on our page. */
export interface FormLogin {
  readonly kind?: 'form';
  /** Used in form fields and events: `password`. */
  readonly id: string;
  /** Name in a choice of several logins; the id by default. */
  readonly label?: Text;
  /** Label of a login that is only a button. It is shown next to the fields of other logins, and `fields` is not called. */
  readonly button?: Text;
  /** Text of the button under its fields, if they only lead to a next page. */
  readonly next?: Text;
  /** Set if it can share a field with other logins; used if several logins have it. */
  readonly identifier?: IdentifierPart;
  /** The fields, with earlier input (never a password), in the page's language. */
  fields(typed: { readonly [name: string]: string }, words: Words): Html;
  /** Checks the input. `read` gives a field's value, empty if absent. */
  prove(read: (field: string) => string, services: LoginServices): Promise<LoginResult>;
  /** Called before each page request, to create configured accounts. It must remember that it is done. */
  prepare?(services: LoginServices): Promise<void>;
  /** Loads the packages that the login needs, so that a missing one is reported at start-up. @throws {TypeError} naming it. */
  load?(): Promise<unknown>;
  /** Checks the environment. @param isRead whether the server reads a permission of accounts. @throws {TypeError} naming option, variable and fix. */
  checkEnv?(env: unknown, isRead?: (permission: string) => boolean): void;
  /** The pages that follow if `prove` returns a step. */
  readonly steps?: Steps<Authenticated>;
  /** Checks at start-up that the runtime has what the login needs. @throws {TypeError} naming the option and the fix. */
  check?(needs: { readonly scrypt: boolean }): void;
  /** Sections that the login adds to the account page. */
  readonly account?: readonly AccountSection[];
  /** Pages next to the sign-in page, for signed-out users: sign-up, forgotten password. */
  readonly pages?: readonly LoginPage[];
  /** Checks that the login can work under an issuer. @param all every issuer of this provider. @throws {TypeError} naming the option and the fix. */
  checkIssuer?(issuer: string, all?: readonly string[]): void;
}

/** Where to redirect the browser, and what the login needs at the callback. */
export interface UpstreamRedirect {
  readonly location: string;
  /** Stored sealed, for this one callback. */
  readonly keep: Json;
}

/** Parameters of a redirect to an upstream. */
export interface UpstreamRequest {
  readonly redirectUri: string;
  readonly state: string;
  /** Whether the upstream must authenticate the user again (`prompt=login`, `max_age=0`). */
  readonly fresh: boolean;
  /** Extra scopes for this request. */
  readonly scopes?: readonly string[];
  /** `login_hint`: a name or address that the upstream fills in. */
  readonly hint?: string;
}

/** A callback. Its state was found, unused, and bound to this browser. */
export interface UpstreamReturn {
  /** URL and headers of the request. */
  readonly request: Request;
  readonly redirectUri: string;
  readonly state: string;
  readonly parameters: URLSearchParams;
  /** What `begin` asked to keep. */
  readonly kept: Json;
}

/** A login at an upstream. */
export interface RedirectLogin {
  readonly kind: 'redirect';
  /** Used in the callback's path, form fields and events: `github`. */
  readonly id: string;
  /** Display name: "Continue with GitHub". */
  readonly label: string;
  /** Mark on the button. */
  readonly icon?: Icon | undefined;
  /** A URL of the upstream, for the page's Content-Security-Policy. */
  readonly site: string;
  /** Scopes requested from the upstream. */
  readonly scopes?: readonly string[];
  /** Token operations of a login that keeps its tokens. */
  readonly tokens?: TokenOperations;
  begin(request: UpstreamRequest, services: LoginServices): Promise<UpstreamRedirect | Exclude<ReturnResult, Authenticated>>;
  finish(callback: UpstreamReturn, services: LoginServices): Promise<ReturnResult>;
  /** Whether a signed-in user still has access, checked at each refresh of their grants. An exception counts as `unknown`. */
  recheck?(standing: Json, asked: RecheckContext): Promise<Verdict>;
  /** Set if the upstream is the application itself, which is asked for every page that depends on who is signed in. */
  readonly present?: HostSession;
  /** Checks at start-up. @throws {TypeError} naming the option and the fix. */
  check?(needs: { readonly scrypt: boolean }): void;
  /** Sections that the login adds to the account page. */
  readonly account?: readonly AccountSection[];
  /** Checks that the login can work under an issuer. @param all every issuer of this provider. @throws {TypeError} naming the option and the fix. */
  checkIssuer?(issuer: string, all?: readonly string[]): void;
}

/** An upstream account for tools (`auth.connect`) that is not used for sign-in. */
export interface ConnectionLogin extends Omit<RedirectLogin, 'kind' | 'present'> {
  readonly kind: 'connection';
}

/** A login that redirects to an upstream, to sign in or to connect an account for a tool. */
export type SiteLogin = RedirectLogin | ConnectionLogin;

/** The application's own session, which our pages cannot link to. */
export interface SessionLogin {
  readonly kind: 'session';
  /** Used in events: `session`. */
  readonly id: string;
  readonly present: HostSession;
  check?(needs: { readonly scrypt: boolean }): void;
  readonly account?: readonly AccountSection[];
  checkIssuer?(issuer: string, all?: readonly string[]): void;
}

/** A way to sign in, or an upstream account for tools. */
export type Login = FormLogin | RedirectLogin | SessionLogin | ConnectionLogin;

/** Whether a user can sign in with one of them, so that the authorize page and the account page are ours. */
export function haveSignIn(logins: readonly Login[]): boolean {
  return logins.some(({ kind }) => kind !== 'connection');
}

/** Whether a login has fields on our page. */
export function isForm(login: Login): login is FormLogin {
  return login.kind === undefined || login.kind === 'form';
}

/** A login that can share the field for the identifier. */
export type IdentifierLogin = FormLogin & Required<Pick<FormLogin, 'identifier'>>;

/** The logins that share one field for the identifier; empty if there are fewer than two. */
export function identifierLogins(logins: readonly Login[]): readonly IdentifierLogin[] {
  const found = logins.filter((login): login is IdentifierLogin => isForm(login) && login.identifier !== undefined);
  return found.length > 1 ? found : [];
}

/** Whether a login is at an upstream. */
export function isRedirect(login: Login): login is RedirectLogin {
  return login.kind === 'redirect';
}

/** Whether a login redirects to an upstream, to sign in or for a tool. */
export function isSite(login: Login): login is SiteLogin {
  return login.kind === 'redirect' || login.kind === 'connection';
}

/** The login that asks the application who is signed in (at most one). */
export function hostOf(logins: readonly Login[]): { readonly id: string; readonly present: HostSession } | null {
  for (const login of logins) if ('present' in login && login.present) return { id: login.id, present: login.present };
  return null;
}

/** The user of the account page. */
export interface AccountUser {
  readonly userId: string;
  /** Claims of the session: `name`, `email` … */
  readonly claims: { readonly [claim: string]: Json };
}

/** A section of the account page: a line there, and its own page at `/account/<id>`. */
export interface AccountSection {
  /** Used in the path: `passkeys`. */
  readonly id: string;
  /** The line: title and state ("2 passkeys"). Null if it does not apply to the user. */
  line(user: AccountUser, services: LoginServices, words: Words): Promise<{ readonly title: HtmlValue; readonly detail: HtmlValue } | null>;
  /** Answers a GET of its page, and a POST of one of its forms. */
  answer(call: SectionCall): Promise<SectionAnswer>;
}

/** A request to a section. */
export interface SectionCall {
  readonly user: AccountUser;
  readonly services: LoginServices;
  readonly words: Words;
  /** Path of the section: the `action` of its forms. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The form of a POST from our own page; null for a GET. */
  readonly form: Params | null;
  /** Whether the user authenticated within so many seconds; check it before anything that a stolen session must not do. */
  isRecent(seconds: Seconds): boolean;
  isSignedIn(): Promise<boolean>; // whether the session is still there: ask after adding a way to sign in, and take it away if not
}

/** Renews the session if the account still has this stamp; the user's other sessions were ended. */
export type Renewal = { readonly stamp: string };

/** Answer of a section. */
export type SectionAnswer =
  /** Shows a page: `body` goes below the heading, above the link back to the account page. */
  | {
      readonly kind: 'page';
      readonly title: HtmlValue;
      readonly body: Html;
      readonly status?: number;
      readonly retryAfter?: Seconds;
      /** The page's script, allowed by its hash. */
      readonly script?: string;
    }
  /** A form was processed: redirects to the section's page or to the account page. */
  | { readonly kind: 'done'; readonly to: 'section' | 'account'; readonly renew?: Renewal }
  /** Redirects to sign in again, and then to the section's page. */
  | { readonly kind: 'sign-in-again' };

/** A page next to the sign-in page, at `/login/<id>`. */
export interface LoginPage {
  /** Used in the path: `sign-up`. */
  readonly id: string;
  /** The link to it on the sign-in page; absent if it is reached in other ways. */
  readonly link?: (words: Words) => HtmlValue;
  /** Answers a GET of the page, and a POST of its form. */
  answer(call: LoginPageCall): Promise<LoginPageAnswer>;
}

/** A request to a login's page. */
export interface LoginPageCall {
  readonly services: LoginServices;
  readonly words: Words;
  /** URL of the form. */
  readonly action: string;
  readonly query: URLSearchParams;
  /** The form of a POST from our own page; null for a GET. */
  readonly form: Params | null;
  /** Where the user goes after sign-in: a path of ours. */
  readonly returnTo: string;
  /** URL of the sign-in page that leads there. */
  readonly signIn: string;
  /** The server's name, for messages. */
  readonly server: string;
}

/** Answer of a login's page. */
export type LoginPageAnswer =
  | {
      readonly kind: 'page';
      readonly title: HtmlValue;
      readonly body: Html;
      readonly status?: number;
      readonly retryAfter?: Seconds;
      /** Set if only signing in is left: the page's button leads there. */
      readonly isDone?: boolean;
    }
  /** Signs in, and redirects to where the user was going, or to another path of ours. */
  | { readonly kind: 'proven'; readonly proven: Authenticated; readonly returnTo?: string }
  /** Continues with a page of the login's `steps`. */
  | Step;
