/**
 * The options of our pages: `pages`, `logins`, `secondFactor`, checked and parsed when the provider is made; a server that is built without our
 * pages is built without this file. Each message names the value and the fix.
 */
import { checkTypes } from '../lib/check-options.ts';
import type { Brand } from '../model/display.ts';
import { haveSignIn, isForm, type Login } from '../model/login.ts';
import { brandOf, TEMPLATES, type Templates, type Theme } from '../pages/theme.ts';
import { en } from '../words/en.ts';
import { type Language, type Languages, makeLanguages, type Translation } from '../words/words.ts';
import { fail, has } from './option-checks.ts';

/** How our pages look and what they say. */
export interface PagesOptions extends Theme {
  /** Languages beside English: `[german, french]` or `allLanguages` of `portcullis/languages`. */
  readonly languages?: readonly Language[] | undefined;
  /** Replaces texts, by language tag: `{ de: { approve: { allow: 'Erlauben' } } }`. A new tag adds a language. */
  readonly words?: { readonly [tag: string]: Translation } | undefined;
  /** Replaces the content of pages. */
  readonly templates?: Templates | undefined;
}

/** Parses the option: the look of the pages, without the server's name, and their texts. @throws {TypeError} naming the value and the fix. */
export function parsePages(pages: PagesOptions = {}): { readonly look: Omit<Brand, 'name'>; readonly languages: Languages } {
  checkTypes('OAuthProvider: `pages`', pages, 'accent background logo css:string languages words:object templates:object');
  const { name: _name, ...look } = brandOf('', pages);
  checkLanguages(pages.languages);
  for (const [tag, translation] of Object.entries(pages.words ?? {})) checkWords(tag, translation);
  for (const [page, template] of Object.entries(pages.templates ?? {})) {
    if (!Object.hasOwn(TEMPLATES, page)) fail(`pages.templates.${page}`, `is not a page; there are ${Object.keys(TEMPLATES).join(', ')}`);
    if (typeof template !== 'function') fail(`pages.templates.${page}`, 'must be a function (view, ours) → Html');
  }
  return { look: { ...look, templates: pages.templates ?? {} }, languages: makeLanguages(pages.languages, pages.words) };
}

function checkLanguages(languages: unknown = []): void {
  const isOne = (one: unknown): boolean =>
    typeof one === 'object' && one !== null && 'tag' in one && typeof one.tag === 'string' && isTag(one.tag) && 'words' in one;
  if (!Array.isArray(languages) || !languages.every(isOne))
    fail('pages.languages', 'must be a list of languages of portcullis/languages, such as [german, french] or allLanguages');
}

function checkWords(tag: string, translation: Translation): void {
  if (!isTag(tag)) fail('pages.words', `holds ${JSON.stringify(tag)}, which is not a language tag such as "de" or "pt-BR"`);
  const known: { readonly [section: string]: { readonly [key: string]: unknown } } = en;
  for (const [section, texts] of Object.entries(translation)) {
    const english = Object.hasOwn(known, section) ? known[section] : undefined;
    if (!english) fail(`pages.words.${tag}.${section}`, `is not a section; there are ${Object.keys(en).join(', ')}`);
    for (const [key, text] of Object.entries(texts)) {
      const kind = section === 'scopes' ? 'string' : typeof english[key];
      if (kind === 'undefined')
        fail(`pages.words.${tag}.${section}.${key}`, 'is not a text of the pages; remove it, or check its spelling');
      if (typeof text !== kind) fail(`pages.words.${tag}.${section}.${key}`, `must be a ${kind}, as the English text is`);
    }
  }
}

function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false; // Intl throws a RangeError for an invalid tag
  }
}

/** Our own sections of the account page. */
const OWN_SECTIONS: readonly string[] = ['apps', 'sessions', 'sign-ins', 'keys'];

/** Our own pages below the sign-in page. */
const OWN_PAGES: readonly string[] = ['step'];

const ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

function isLogin(login: unknown): boolean {
  return has(login, 'fields', 'prove') || has(login, 'begin', 'finish') || has(login, 'present');
}

/** Describes a value that is not a login. */
function notALogin(value: unknown): string {
  if (typeof value === 'function') return `holds a function; call it: ${value.name || 'password'}()`;
  if (has(value, 'startSignIn', 'finishSignIn')) {
    const { id } = value as { readonly id: unknown };
    return `holds the site ${String(id)} itself; write upstream(${String(id)}({ … })), with upstream from portcullis`;
  }
  if (has(value, 'ask')) return 'holds a second factor; give it as `secondFactor: totp()`';
  return 'holds a value that is not a login; give what password(), emailCode(), upstream() and the like return';
}

/** Checks that the option is a second factor. */
export function checkSecondFactor(factor: unknown): void {
  if (factor === undefined || has(factor, 'ask')) return;
  const [first]: readonly unknown[] = [factor].flat();
  if (isLogin(first)) fail('secondFactor', 'is a way to sign in; put it into `logins`');
  fail('secondFactor', `must be what totp() returns${Array.isArray(factor) ? ', not a list of it' : ''}: write secondFactor: totp()`);
}

/** Checks that the ids of logins, which are used in forms and paths, are unique and plain. */
export function checkLogins(logins: readonly Login[], hasDefaultHandler = false): void {
  if (!Array.isArray(logins)) fail('logins', 'must be a list: write logins: [password()], in brackets');
  for (const login of logins as readonly unknown[]) if (!isLogin(login)) fail('logins', notALogin(login));
  if (logins.length > 0 && !haveSignIn(logins) && !hasDefaultHandler)
    fail(
      'logins',
      'holds connections only, with which no user signs in; add a login, such as password(), or a `defaultHandler` that answers the authorize endpoint',
    );
  const ids = logins.map((login) => login.id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) fail('logins', `holds two with the id ${JSON.stringify(twice)}; give one of them an \`id\` of its own`);
  const odd = ids.find((id) => !ID.test(id)); // used in the path of a callback
  if (odd !== undefined) fail('logins', `holds the id ${JSON.stringify(odd)}; use 1 to 32 lower-case letters, digits and hyphens`);
  if (logins.filter((login) => 'present' in login && login.present).length > 1)
    fail('logins', 'holds existingSession() twice; there is one application, so keep one and let its `find` look everywhere');
  checkBrought(logins);
}

/** Checks the pages and sections that logins add. */
function checkBrought(logins: readonly Login[]): void {
  checkIds('part of the account page', [...OWN_SECTIONS, ...logins.flatMap(({ account = [] }) => account.map(({ id }) => id))]);
  checkIds('page', [...OWN_PAGES, ...logins.filter(isForm).flatMap(({ pages = [] }) => pages.map(({ id }) => id))]);
}

/** Checks that ids can be used in paths and are not taken. */
function checkIds(what: string, ids: readonly string[]): void {
  const bad = ids.find((id, at) => ids.indexOf(id) !== at || !ID.test(id));
  if (bad !== undefined) fail('logins', `bring a ${what} with the id ${JSON.stringify(bad)}, which is taken or malformed; rename it`);
}
