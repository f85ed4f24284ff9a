/**
 * Resource: the protected thing a token is for, by its URL (RFC 8707, MCP "canonical server URI").
 */
import { OAuthError } from './error.ts';
import type { Lifetimes } from './grant.ts';
import type { SigningAlg } from './signing-key.ts';
import type { Seconds } from './store.ts';

/** One protected resource of this server. */
export interface Resource {
  /** Canonical identifier: lower-case scheme and host, no trailing slash on a bare origin. */
  readonly uri: string;
  /** The path under which its handler answers; null for one that stands elsewhere. */
  readonly path: string | null;
  /** Where its metadata stands (RFC 9728 §3.1). */
  readonly metadataPath: string;
  readonly name?: string;
  /** Scopes that every call needs; published, challenged and enforced. */
  readonly scopes: readonly string[];
  /** How long its access tokens live, where that is of its own. */
  readonly accessTtl?: Seconds;
  /** How its access tokens are signed; absent where they are opaque. */
  readonly signing?: SigningAlg;
}

/** The resources of a server. */
export interface Resources {
  readonly resources: readonly Resource[];
  /** Meant by who names none; null where that is an error, unless there is one only. */
  readonly defaultResource: string | null;
  /** All routes together, where there are several and none is the default: what a request means that names none. */
  readonly everyRoute?: Resource | undefined;
}

/**
 * One form for what means the same: scheme and host in lower case, and a bare origin without its slash.
 * All else stays as written. Null for what cannot name a resource: relative, with a fragment or user name.
 */
export function canonicalResource(text: string): string | null {
  const match = /^(https?):\/\/([^/?#@\s\\]+)(\/[^#\s\\]*|\?[^#\s\\]*)?$/i.exec(text);
  if (!match || !URL.canParse(text)) return null;
  const rest = match[3] ?? '';
  return `${match[1]?.toLowerCase()}://${match[2]?.toLowerCase()}${rest === '/' ? '' : rest}`;
}

/**
 * The canonical URI of the resource that a text means. A query that nobody registered says how to call a resource, not which one it
 * is: without it, it may be one. Null for what cannot name any; what is unknown stays itself.
 */
export function meantResource(text: string, resources: readonly Resource[]): string | null {
  const uri = canonicalResource(text);
  const known = (one: string | null): string | undefined =>
    [one, one === null ? null : otherName(one)].find((name): name is string => resources.some((resource) => resource.uri === name));
  const found = known(uri);
  if (uri === null || found !== undefined || !uri.includes('?')) return found ?? uri;
  return known(canonicalResource(uri.slice(0, uri.indexOf('?')))) ?? uri;
}

/**
 * The other name of a resource: with a slash at its end, or without. People type either, and a client compares what it was given with what
 * the metadata says (RFC 9728 §3.3). Null for a bare origin, which has one name, and where there is a query.
 */
export function otherName(uri: string): string | null {
  if (uri.includes('?') || !/^https?:\/\/[^/]+\/./.test(uri)) return null;
  return uri.endsWith('/') ? uri.slice(0, -1) : `${uri}/`;
}

/** At the end of what stands for every route of an issuer. No URI of a resource has a fragment, so no client can ask for it by name. */
const EVERY = '#every-route';

/** What stands for all routes of an issuer together: meant by a request that names none of several. */
export function everyRouteOf(issuer: string): string {
  return issuer + EVERY;
}

/** Whether what was granted covers a resource: it is that one, or every route of the issuer that it lies below. */
export function isWithin(granted: string, resource: string): boolean {
  return granted === resource || (isEveryRoute(granted) && `${resource}/`.startsWith(`${granted.slice(0, -EVERY.length)}/`));
}

/** Whether a grant is for every route. */
export function isEveryRoute(granted: string): boolean {
  return granted.endsWith(EVERY);
}

/**
 * The one resource that was named, however often and in whatever spellings; null for what cannot name any.
 *
 * @throws {OAuthError} `invalid_target` where several were named: a token of ours is for one.
 */
export function oneMeant(asked: readonly string[], resources: readonly Resource[]): string | null {
  const meant = new Set(asked.map((text) => meantResource(text, resources)));
  if (meant.size > 1)
    throw new OAuthError('invalid_target', 'resource_several', {
      hint: 'The request names several resources. Ask for a token for each of them.',
    });
  const [uri = null] = meant;
  return uri;
}

/** How long things of a grant for a resource live. */
export function lifetimesFor({ lifetimes, resources, everyRoute }: Resources & { readonly lifetimes: Lifetimes }, uri: string): Lifetimes {
  const access = (uri === everyRoute?.uri ? everyRoute : resources.find((resource) => resource.uri === uri))?.accessTtl;
  return access === undefined ? lifetimes : { ...lifetimes, access };
}

/**
 * The resource that the `resource` parameters of a request mean.
 *
 * @param asked every value sent; empty for clients that know no resource parameter.
 * @throws {OAuthError} `invalid_target` for an unknown or malformed one, for several, and for none where several exist and none is the default.
 */
export function findResource(asked: readonly string[], { resources, defaultResource, everyRoute }: Resources): Resource {
  if (everyRoute && asked.every((one) => one === everyRoute.uri)) return everyRoute; // also as an application with pages of its own kept it
  const usual = defaultResource ?? (resources.length === 1 ? resources[0]?.uri : undefined);
  const uri = asked[0] === undefined ? usual : oneMeant(asked, resources);
  const found = resources.find((resource) => resource.uri === uri);
  if (!found)
    throw new OAuthError(
      'invalid_target',
      asked[0] === undefined ? 'resource_missing' : uri === null ? 'resource_malformed' : 'resource_unknown',
    );
  return found;
}

/** Whether a path lies at or under a route, on a segment boundary, exactly as written. The route `/` is the root alone. */
export function covers(route: string, path: string): boolean {
  return path === route || (route !== '/' && path.startsWith(`${route}/`));
}
