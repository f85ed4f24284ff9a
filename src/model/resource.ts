/**
 * Protected resources, identified by URL (RFC 8707, MCP "canonical server URI").
 */
import { OAuthError } from './error.ts';
import type { Lifetimes } from './grant.ts';
import type { SigningAlg } from './key-set.ts';
import type { Seconds } from './store.ts';

/** One protected resource of this server. */
export interface Resource {
  /** Canonical identifier: lower-case scheme and host, no trailing slash on a bare origin. */
  readonly uri: string;
  /** Path of its handler; null if another server serves it. */
  readonly path: string | null;
  /** Path of its metadata (RFC 9728 §3.1). */
  readonly metadataPath: string;
  /** URLs of servers that are mounted below it: each is one more name of the resource, for clients that compare it with the URL they call. */
  readonly names?: readonly string[];
  readonly name?: string;
  /** Scopes that every call needs: published, requested in challenges and enforced. */
  readonly requiredScopes: readonly string[];
  /** Lifetime of its access tokens in seconds, if it has its own. */
  readonly accessTokenTTL?: Seconds;
  /** Signature algorithm of its access tokens; absent if they are opaque. */
  readonly accessTokenSigning?: SigningAlg;
}

/** The resources of a server. */
export interface Resources {
  readonly resources: readonly Resource[];
  /** Used if a request names none; if null, that is an error unless there is only one resource. */
  readonly defaultResource: string | null;
  /** All routes together, if there are several and no default: used if a request names none. */
  readonly everyRoute?: Resource | undefined;
}

/**
 * Normalizes a resource URI: lower-case scheme and host, no slash after a bare origin; the rest is unchanged. Null for what cannot identify
 * a resource: relative, with a fragment or user name.
 */
export function canonicalResource(text: string): string | null {
  const match = /^(https?):\/\/([^/?#@\s\\]+)(\/[^#\s\\]*|\?[^#\s\\]*)?$/i.exec(text);
  if (!match || !URL.canParse(text)) return null;
  const rest = match[3] ?? '';
  return `${match[1]?.toLowerCase()}://${match[2]?.toLowerCase()}${rest === '/' ? '' : rest}`;
}

/** A port that the scheme implies (RFC 3986 §6.2.3). */
const DEFAULT_PORT = /^(https:\/\/[^/?]+(?=:443(?![^/?]))|http:\/\/[^/?]+(?=:80(?![^/?]))):\d+/;

/**
 * The canonical URI of the resource that a text refers to. An unregistered query selects how to call a resource, not which one, so it is
 * ignored if that makes the resource known. Null for an invalid URI; an unknown one is returned as it is.
 */
export function resolveResource(text: string, resources: readonly Resource[]): string | null {
  const uri = canonicalResource(text);
  const known = (one: string | null): string | undefined => {
    const withoutPort = one === null ? [] : [one, one.replace(DEFAULT_PORT, '$1')];
    const spellings = withoutPort.flatMap((name) => [name, otherSpelling(name) ?? name]);
    const found = (is: (resource: Resource, name: string) => boolean | undefined): Resource | undefined =>
      spellings.map((name) => resources.find((resource) => is(resource, name))).find((resource) => resource !== undefined);
    return (found(({ uri }, name) => uri === name) ?? found(({ names }, name) => names?.includes(name)))?.uri;
  };
  const found = known(uri);
  if (uri === null || found !== undefined || !uri.includes('?')) return found ?? uri;
  return known(canonicalResource(uri.slice(0, uri.indexOf('?')))) ?? uri;
}

/**
 * The same URI with or without a trailing slash. Users type either, and a client compares what it was given with the metadata
 * (RFC 9728 §3.3). Null for a bare origin, and for a URI with a query.
 */
export function otherSpelling(uri: string): string | null {
  if (uri.includes('?') || !/^https?:\/\/[^/]+\/./.test(uri)) return null;
  return uri.endsWith('/') ? uri.slice(0, -1) : `${uri}/`;
}

/** Whether a URL is above another one on its origin: `https://a.example` of `https://a.example/mcp`. */
export function isAbove(uri: string, below: string): boolean {
  return !uri.includes('?') && below.startsWith(`${uri.replace(/\/$/, '')}/`);
}

/** Suffix of the URI for all routes of an issuer. No resource URI has a fragment, so no client can request it. */
const EVERY = '#every-route';

/** Stands for all routes of an issuer, for a request that names none of several. */
export function everyRouteOf(issuer: string): string {
  return issuer + EVERY;
}

/** Whether a grant's resource covers another: it is equal, or stands for every route of its issuer. */
export function isWithin(granted: string, resource: string): boolean {
  return granted === resource || (isEveryRoute(granted) && `${resource}/`.startsWith(`${granted.slice(0, -EVERY.length)}/`));
}

/** Whether a grant is for every route. */
export function isEveryRoute(granted: string): boolean {
  return granted.endsWith(EVERY);
}

/**
 * The one resource in a request, even if repeated or spelled differently; null for an invalid URI.
 *
 * @throws {OAuthError} `invalid_target` if several are named: a token is for one resource.
 */
export function singleResource(asked: readonly string[], resources: readonly Resource[]): string | null {
  const meant = new Set(asked.map((text) => resolveResource(text, resources)));
  if (meant.size > 1)
    throw new OAuthError('invalid_target', 'resource_several', {
      hint: 'The request names several resources. Ask for a token for each of them.',
    });
  const [uri = null] = meant;
  return uri;
}

/** What a grant is for: one resource, or all routes together. */
export function resourceOf({ resources, everyRoute }: Pick<Resources, 'resources' | 'everyRoute'>, uri: string): Resource | undefined {
  return uri === everyRoute?.uri ? everyRoute : resources.find((resource) => resource.uri === uri);
}

/** The options that decide how long tokens live. */
export interface TokenTTLs extends Resources {
  readonly accessTokenTTL: Seconds;
  readonly refreshTokenTTL: Seconds;
  readonly refreshTokenIdleTTL: Seconds;
  readonly refreshTokenGrace: Seconds;
  readonly authorizationCodeTTL: Seconds;
}

/** Lifetimes of a grant's tokens for a resource. */
export function lifetimesFor(settings: Omit<TokenTTLs, 'authorizationCodeTTL' | 'refreshTokenTTL'>, uri: string): Lifetimes {
  const { accessTokenTTL, refreshTokenIdleTTL: refresh, refreshTokenGrace: grace } = settings;
  return { access: resourceOf(settings, uri)?.accessTokenTTL ?? accessTokenTTL, refresh, grace };
}

/** Lifetime of the longest-lived access tokens. */
export function longestAccessTTL({ accessTokenTTL, resources }: Pick<TokenTTLs, 'accessTokenTTL' | 'resources'>): Seconds {
  return Math.max(accessTokenTTL, ...resources.map((resource) => resource.accessTokenTTL ?? 0));
}

/** Absolute lifetime of a grant. Without refresh tokens, it ends with its only access token. */
export function grantTTL(settings: TokenTTLs): Seconds {
  return settings.refreshTokenTTL === 0 ? longestAccessTTL(settings) + settings.authorizationCodeTTL : settings.refreshTokenTTL;
}

/**
 * The resource of a request.
 *
 * @param asked every `resource` parameter; empty for clients that do not send it.
 * @throws {OAuthError} `invalid_target` if it is unknown or malformed, if there are several, or if there is none and no default.
 */
export function findResource(asked: readonly string[], { resources, defaultResource, everyRoute }: Resources): Resource {
  if (everyRoute && asked.every((one) => one === everyRoute.uri)) return everyRoute; // also if a custom consent page stored it
  const fallback = defaultResource ?? (resources.length === 1 ? resources[0]?.uri : undefined);
  const uri = asked[0] === undefined ? fallback : singleResource(asked, resources);
  const found = resources.find((resource) => resource.uri === uri);
  if (!found)
    throw new OAuthError(
      'invalid_target',
      asked[0] === undefined ? 'resource_missing' : uri === null ? 'resource_malformed' : 'resource_unknown',
    );
  return found;
}

/** Whether a path is a route or below it, by whole segments, exactly as written. The route `/` matches only the root. */
export function covers(route: string, path: string): boolean {
  return path === route || (route !== '/' && path.startsWith(`${route}/`));
}
