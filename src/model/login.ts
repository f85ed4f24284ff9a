/**
 * Login: a way to prove who one is. Pages offer them, the endpoints run them, the core turns the Identity that comes
 * out into a session and a grant. A form login has its fields on our page, and may ask for more on a page of its own (a step);
 * a redirect login sends the browser to another site and is told when it comes back.
 */
import type { Html, HtmlValue } from '../lib/html.ts';
import type { Text, Words } from '../words/words.ts';
import type { LoginServices } from './login-services.ts';
import type { Params } from './params.ts';
import type { Rechecking, Verdict as StayVerdict } from './origin.ts';
import type { Limited, LoginResult, Authenticated, Refused, ReturnResult, Step } from './proof.ts';
import type { Json, Seconds } from './store.ts';
import type { TokenKeeper } from './upstream.ts';

export type { LoginServices } from './login-services.ts';
export type { Limited, LoginResult, Authenticated, Refused, ReturnResult, Step } from './proof.ts';

/** What the page of a step shows. */
export interface StepView {
  readonly title: string;
  /** What is asked and why, under the title. */
  readonly text?: HtmlValue;
  /** The fields. The form around them, its button, what went wrong and the way back are the page's own. */
  readonly fields: Html;
  /** What the button says; null where the page has none, because the script sends the form. */
  readonly button: string | null;
  /** What stands below the button, in the same form: another button, with a name that `prove` reads. */
  readonly more?: Html;
  /**
   * A script, allowed on this one page by its hash and by nothing else: a constant text, the same for everybody, that takes
   * its values from the fields. It must not hold `</script` or `<!--`. Without need of one, leave it out: pages work without.
   */
  readonly script?: string;
}

/** The pages after the first one. */
export interface Steps<Passed> {
  /** The page for what was kept, in the language of the page; shown again, with the problem on it, after a try that failed. */
  view(kept: Json, words: Words): StepView;
  /** Checks what was typed. To refuse leaves the page open for another try, while there are any; another step replaces this one. */
  prove(read: (field: string) => string, kept: Json, services: LoginServices): Promise<Passed | Refused | Limited | Step>;
}

/**
 * Who is signed in at the application itself, at this very moment; null for nobody. The request has address and headers only:
 * its body stays ours.
 */
export type HostSession = (asked: {
  readonly request: Request;
  readonly env: unknown;
  readonly issuer: string;
}) => Promise<Authenticated | null>;

/** A login whose fields stand on the page itself. */
export interface FormLogin {
  readonly kind?: 'form';
  /** Stands in form fields and events: `password`. */
  readonly id: string;
  /** How to call it where there are several to choose from; its id unless told. */
  readonly label?: Text;
  /** Set where there is nothing to type: what its own button says. It stands beside the fields of the others, and `fields` is not asked. */
  readonly button?: Text;
  /** The fields, with what was typed before (never a password), in the language of the page. */
  fields(typed: { readonly [name: string]: string }, words: Words): Html;
  /** Checks what was typed. `read` gives a field's value, empty if absent. */
  prove(read: (field: string) => string, services: LoginServices): Promise<LoginResult>;
  /** Called before each request for a page: makes accounts that shall be there. It remembers by itself that it is done. */
  prepare?(services: LoginServices): Promise<void>;
  /** Loads the packages that the login needs, so that one that is missing shows at the start. @throws {TypeError} naming it. */
  load?(): Promise<unknown>;
  /** Checks that the environment has what the login needs of it. @throws {TypeError} naming option, variable and fix. */
  checkEnv?(env: unknown): void;
  /** What follows where `prove` asks for a step. */
  readonly steps?: Steps<Authenticated>;
  /** Checks at start-up that the machine has what the login needs. @throws {TypeError} naming the option and the fix. */
  check?(needs: { readonly scrypt: boolean }): void;
  /** What the login adds to the account page. */
  readonly account?: readonly AccountSection[];
  /** Pages beside the sign-in page, for who is not signed in: sign-up, forgotten password. */
  readonly pages?: readonly LoginPage[];
  /** Checks that the login can serve under an issuer, as soon as that is known. @param all every issuer of this provider. @throws {TypeError} naming the option and the fix. */
  checkIssuer?(issuer: string, all?: readonly string[]): void;
}

/** Where the browser is to go, and what the login needs when it comes back. */
export interface UpstreamRedirect {
  readonly location: string;
  /** Kept sealed, for this one return. */
  readonly keep: Json;
}

/** What a login is told when it sends a browser away. */
export interface UpstreamRequest {
  readonly redirectUri: string;
  readonly state: string;
  /** Whether the site shall ask the person anew who they are, however freshly it knows them. */
  readonly fresh: boolean;
  /** What more the site is asked for, this once. */
  readonly scopes?: readonly string[];
  /** Whom the client believes to sign in: a name or an address for the site to fill in. */
  readonly hint?: string;
}

/** A browser that came back. Its state was found, was unused, and is this browser's own. */
export interface UpstreamReturn {
  /** Address and headers of the request. */
  readonly request: Request;
  readonly redirectUri: string;
  readonly state: string;
  readonly parameters: URLSearchParams;
  /** What the departure wanted kept. */
  readonly kept: Json;
}

/** A login at another site. */
export interface RedirectLogin {
  readonly kind: 'redirect';
  /** Stands in the callback's path, form fields and events: `github`. */
  readonly id: string;
  /** The site as people call it: "Continue with GitHub". */
  readonly label: string;
  /** A URL of the site, for the page's policy. */
  readonly site: string;
  /** What the site is asked for. */
  readonly scopes?: readonly string[];
  /** What can be done with the site's tokens, of a login that keeps them. */
  readonly tokens?: TokenKeeper;
  begin(trip: UpstreamRequest, services: LoginServices): Promise<UpstreamRedirect | Exclude<ReturnResult, Authenticated>>;
  finish(came: UpstreamReturn, services: LoginServices): Promise<ReturnResult>;
  /** Whether somebody who came in may stay, asked at each refresh of what they allowed. What it throws is taken for `unknown`. */
  recheck?(standing: Json, asked: Rechecking): Promise<StayVerdict>;
  /** Set where the site is the application itself, which is asked anew for every page on which it matters who is signed in. */
  readonly present?: HostSession;
  /** Checks at start-up. @throws {TypeError} naming the option and the fix. */
  check?(needs: { readonly scrypt: boolean }): void;
  /** What the login adds to the account page. */
  readonly account?: readonly AccountSection[];
  /** Checks that the login can serve under an issuer, as soon as that is known. @param all every issuer of this provider. @throws {TypeError} naming the option and the fix. */
  checkIssuer?(issuer: string, all?: readonly string[]): void;
}

/** An account at another site that tools may ask for (`auth.connect`), and that nobody signs in with. */
export interface ConnectionLogin extends Omit<RedirectLogin, 'kind' | 'present'> {
  readonly kind: 'connection';
}

/** Another site to which a browser is sent, be it to sign in or for an account that a tool asked for. */
export type SiteLogin = RedirectLogin | ConnectionLogin;

/** The session of the application itself, to which no way leads from our pages. */
export interface SessionLogin {
  readonly kind: 'session';
  /** Stands in events: `session`. */
  readonly id: string;
  readonly present: HostSession;
  check?(needs: { readonly scrypt: boolean }): void;
  readonly account?: readonly AccountSection[];
  checkIssuer?(issuer: string, all?: readonly string[]): void;
}

/** A way to sign in; or an account that tools may ask for, which stands in the same list. */
export type Login = FormLogin | RedirectLogin | SessionLogin | ConnectionLogin;

/** Whether a login has its fields on our page. */
export function isForm(login: Login): login is FormLogin {
  return login.kind === undefined || login.kind === 'form';
}

/** Whether a login is at another site. */
export function isRedirect(login: Login): login is RedirectLogin {
  return login.kind === 'redirect';
}

/** Whether browsers are sent to another site, to sign in or for a tool. */
export function isSite(login: Login): login is SiteLogin {
  return login.kind === 'redirect' || login.kind === 'connection';
}

/** The login that asks the application who is signed in there, of those that do (one at most). */
export function hostOf(logins: readonly Login[]): { readonly id: string; readonly present: HostSession } | null {
  for (const login of logins) if ('present' in login && login.present) return { id: login.id, present: login.present };
  return null;
}

/** Who looks at the account page. */
export interface AccountUser {
  readonly userId: string;
  /** What the session says of the person: `name`, `email` … */
  readonly claims: { readonly [claim: string]: Json };
}

/** A part of the account page: a line there, and a page of its own at `/account/<id>`. Each user sees their own. */
export interface AccountSection {
  /** Stands in the path: `passkeys`. */
  readonly id: string;
  /** The line: what it is, and how it stands ("2 passkeys"). Null for a user whom it does not concern. */
  line(user: AccountUser, services: LoginServices, words: Words): Promise<{ readonly title: HtmlValue; readonly detail: HtmlValue } | null>;
  /** Answers a GET of the page, and a POST of one of its forms. */
  answer(call: SectionCall): Promise<SectionAnswer>;
}

/** One request to a section. */
export interface SectionCall {
  readonly user: AccountUser;
  readonly services: LoginServices;
  readonly words: Words;
  /** Where the section stands: the `action` of its forms. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The form of a POST, known to come from our own page; null for a GET. */
  readonly form: Params | null;
  /** Whether the person has proven who they are within so many seconds; what a stolen session must not do asks this first. */
  isRecent(seconds: Seconds): boolean;
}

/** The session goes on under a new name, if the account is still as it was left; all others of the user were ended. */
export type Renewal = { readonly stamp: string };

/** What a section answers with. */
export type SectionAnswer =
  /** Shows a page: `body` goes below the heading, above the way back to the account page. */
  | {
      readonly kind: 'page';
      readonly title: HtmlValue;
      readonly body: Html;
      readonly status?: number;
      readonly retryAfter?: Seconds;
      /** The one script of the page; the policy knows it by its hash. */
      readonly script?: string;
    }
  /** A form was carried out: to the section's page again, or to the account page. */
  | { readonly kind: 'done'; readonly to: 'section' | 'account'; readonly renew?: Renewal }
  /** Sends the person to sign in once more, and then to the section's page. */
  | { readonly kind: 'sign-in-again' };

/** A page beside the sign-in page, at `/login/<id>`. */
export interface LoginPage {
  /** Stands in the path: `sign-up`. */
  readonly id: string;
  /** The link to it, where people sign in; none for a page that is come to by other ways. */
  readonly link?: (words: Words) => HtmlValue;
  /** Answers a GET of the page, and a POST of its form. */
  answer(call: LoginPageCall): Promise<LoginPageAnswer>;
}

/** One request to a page of a login. */
export interface LoginPageCall {
  readonly services: LoginServices;
  readonly words: Words;
  /** Where the form is posted. */
  readonly action: string;
  readonly query: URLSearchParams;
  /** The form of a POST, known to come from our own page; null for a GET. */
  readonly form: Params | null;
  /** Where the person wants to get to: a path of ours. */
  readonly returnTo: string;
  /** The sign-in page that leads there. */
  readonly signIn: string;
  /** The server's name, for messages. */
  readonly server: string;
}

/** What a page of a login answers with. */
export type LoginPageAnswer =
  | {
      readonly kind: 'page';
      readonly title: HtmlValue;
      readonly body: Html;
      readonly status?: number;
      readonly retryAfter?: Seconds;
      /** All that is left to do is to sign in: the way there is the button of the page. */
      readonly isDone?: boolean;
    }
  /** Signs in, and goes on to where the person wanted to get, or to another path of ours. */
  | { readonly kind: 'proven'; readonly proven: Authenticated; readonly returnTo?: string }
  /** Goes on with a page of the login's `steps`. */
  | Step;
