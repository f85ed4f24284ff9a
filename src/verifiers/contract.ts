/**
 * Verifier sources: where tokens come from that another authorization server issued. A source is what a guard needs of
 * it, in one value: `guard({ resource, ...auth0({ domain }) })`.
 */
import { forLog } from '../lib/shown.ts';
import { isLoopbackHost, parseUrl } from '../lib/url.ts';
import type { Tell } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';

export type { TokenSource } from '../guard/token-source.ts';

/** Claims of a verified token. */
export type Claims = { readonly [claim: string]: unknown };

/** What a token's claims say of the caller. What a reader leaves out is read as RFC 9068 has it. */
export interface Reading {
  readonly userId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  /** What the user may do, for `props.permissions`. */
  readonly permissions?: readonly string[] | undefined;
  /** Whether a program acts for itself. Default: where `sub` is the client. */
  readonly program?: boolean | undefined;
  /** More for `props`, beside `claims`, `issuer` and `permissions`. */
  readonly props?: { readonly [name: string]: unknown } | undefined;
}

/** Reads a vendor's claims. Null refuses the token. */
export type Reader = (claims: Claims, resource: string) => Reading | null;

/** What every source may be told. */
export interface SourceOptions {
  /** Fetches metadata and keys; the machine's own unless told. */
  readonly fetch?: typeof fetch;
  /** The present second; the machine's clock unless told. */
  readonly now?: () => Seconds;
  /** Seconds two clocks may differ; at most 60. Default 30. */
  readonly clockSkew?: Seconds;
  /** Takes tokens of programs, which act for themselves and for no user, too; `access.program` tells them apart. Default: none. */
  readonly programs?: boolean;
}

/** The other server could not be asked. The guard answers 503, on which no client throws its token away. */
export class SourceUnavailable extends Error {
  override readonly name = 'SourceUnavailable';

  /** Seconds after which another try makes sense, where that is known; goes out as `Retry-After`. */
  readonly retryAfter: Seconds | undefined;

  /** @param step what was tried, in one snake_case word; nothing of the answer. */
  constructor(step: string, { cause, retryAfter }: { readonly cause?: unknown; readonly retryAfter?: Seconds } = {}) {
    super(`The authorization server could not be asked (${step}).`, cause === undefined ? {} : { cause });
    this.retryAfter = retryAfter;
  }
}

/** Refuses an option. @throws {TypeError} always. */
export function refuse(source: string, option: string, mend: string): never {
  throw new TypeError(`${source}: \`${option}\` ${mend}.`);
}

/** Makes the null of a verifier, which tells the operator why. */
export function nullWith(tell: Tell | undefined): (...why: Parameters<Tell>) => null {
  return (...why) => {
    tell?.(...why);
    return null;
  };
}

/** `expected X, token says Y`. */
export function mismatch(name: string, wanted: unknown, says: unknown): string {
  return `expected ${name} ${forLog(wanted)}, token says ${forLog(says)}`;
}

/** A text claim, or undefined. */
export function textClaim(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A claim that holds texts: a list, or one text with spaces between (RFC 8693 §4.2). */
export function listClaim(claims: Claims, name: string): readonly string[] {
  const value = claims[name];
  if (typeof value === 'string') return value.split(' ').filter((one) => one !== '');
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** Whether an address may be asked: TLS, or this very computer. */
export function isSafeUrl(text: unknown): text is string {
  const url = typeof text === 'string' ? parseUrl(text) : null;
  return url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname)));
}

/** A host as it stands in an issuer: a name, without scheme, path and port. @throws {TypeError} */
export function hostOf(source: string, option: string, text: unknown): string {
  const url = typeof text === 'string' ? parseUrl(`https://${text}`) : null;
  if (!url || url.host !== text || url.port !== '')
    refuse(source, option, `must be a host such as "acme.example", without https:// and path; it is ${JSON.stringify(text)}`);
  return url.host;
}
