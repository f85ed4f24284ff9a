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
  const isKnown = (one: string | null): boolean => resources.some((resource) => resource.uri === one);
  if (uri === null || isKnown(uri) || !uri.includes('?')) return uri;
  const bare = canonicalResource(uri.slice(0, uri.indexOf('?')));
  return isKnown(bare) ? bare : uri;
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
export function lifetimesFor({ lifetimes, resources }: Resources & { readonly lifetimes: Lifetimes }, uri: string): Lifetimes {
  const access = resources.find((resource) => resource.uri === uri)?.accessTtl;
  return access === undefined ? lifetimes : { ...lifetimes, access };
}

/**
 * The resource that the `resource` parameters of a request mean.
 *
 * @param asked every value sent; empty for clients that know no resource parameter.
 * @throws {OAuthError} `invalid_target` for an unknown or malformed one, for several, and for none where several exist and none is the default.
 */
export function findResource(asked: readonly string[], { resources, defaultResource }: Resources): Resource {
  const usual = defaultResource ?? (resources.length === 1 ? resources[0]?.uri : undefined);
  const uri = asked[0] === undefined ? usual : oneMeant(asked, resources);
  const found = resources.find((resource) => resource.uri === uri);
  if (!found) throw new OAuthError('invalid_target', asked[0] === undefined ? 'resource_missing' : 'resource_unknown');
  return found;
}

/** Whether a path lies at or under a route, on a segment boundary, exactly as written. The route `/` is the root alone. */
export function covers(route: string, path: string): boolean {
  return path === route || (route !== '/' && path.startsWith(`${route}/`));
}
