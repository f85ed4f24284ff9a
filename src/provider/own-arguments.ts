/**
 * Checks the arguments of the helpers for an application's own pages. An empty or missing value must never mean "all users" or "all", so a TypeError
 * says what to pass. A prefetch is rejected, since the user did not ask for the page.
 */
import type { AuthRequest } from './auth-request.ts';
import { isPrefetch } from '../lib/http.ts';
import { OAuthError } from '../model/error.ts';

/** A non-empty id or name. @throws {TypeError} for everything else. */
export function checkText(verb: string, name: string, value: unknown, what: string): void {
  if (typeof value !== 'string' || value.trim() === '') throw new TypeError(`${verb}: \`${name}\` must be ${what}; it is ${shown(value)}.`);
}

/** A user's id. @throws {TypeError} for everything else. */
export function checkUserId(verb: string, name: string, value: unknown): void {
  if (value === '') throw new TypeError(`${verb}: \`${name}\` is empty; pass the id of the user who is signed in.`);
  checkText(verb, name, value, 'the id of the user who is signed in');
  if (String(value).startsWith('client:'))
    throw new TypeError(`${verb}: \`${name}\` begins with "client:", which names clients that act for themselves.`);
}

/** A request that a helper gave. @throws {TypeError} for everything else. */
export function checkAuthRequest(verb: string, value: unknown): void {
  const request = (typeof value === 'object' && value !== null ? value : {}) as Partial<AuthRequest>;
  const texts = [request.clientId, request.redirectUri, request.codeChallenge, request.resource, request.issuer];
  if (texts.some((one) => typeof one !== 'string' || one === '') || typeof request.state !== 'string' || !isTexts(request.scope))
    throw new TypeError(`${verb}: pass the request that \`parseAuthRequest\`, \`approveConsent\` or \`finishUpstream\` gave, unchanged.`);
}

/** The request of the browser. @throws {TypeError} for everything else. */
export function checkRequest(verb: string, value: unknown): void {
  const { url, method, headers } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Request>;
  if (typeof url !== 'string' || typeof method !== 'string' || typeof headers?.get !== 'function')
    throw new TypeError(`${verb}: pass the Request of the browser first.`);
}

/** A list of scopes. @throws {TypeError} for everything else. */
export function checkScope(verb: string, value: unknown): void {
  if (!isTexts(value)) throw new TypeError(`${verb}: \`scope\` must be a list of scope names such as ['read']; it is ${shown(value)}.`);
}

/** An object of options. @throws {TypeError} for null and everything that is not an object. */
export function checkOptions(verb: string, name: string, value: unknown, what: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${verb}: \`${name}\` must be ${what}; it is ${shown(value)}.`);
}

/** Where a listing goes on. @throws {TypeError} for everything but a text. */
export function checkCursor(verb: string, value: unknown): void {
  if (value === undefined || typeof value === 'string') return;
  throw new TypeError(
    `${verb}: goes on at the \`next\` of the page before, which is a text; it is ${shown(value)}. Pages have a size of their own.`,
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? 'a list'
      : value === null
        ? 'null'
        : `of type ${typeof value}`;
}

/** @throws {OAuthError} for a prefetch. */
export function refusePrefetch(request: Request): void {
  if (!isPrefetch(request)) return;
  const hint = 'The browser fetched this page ahead, and nothing was done. It works when it is opened.';
  throw new OAuthError('temporarily_unavailable', 'prefetch', { status: 425, hint });
}
