/**
 * Resource: the protected thing a token is for, by its URL (RFC 8707, MCP "canonical server URI").
 */
import { OAuthError } from './error.ts';

/** One protected resource of this server. */
export interface Resource {
  /** Canonical identifier: lower-case scheme and host, no trailing slash on a bare origin. */
  readonly uri: string;
  /** The path under which its handler answers. */
  readonly path: string;
  /** Where its metadata stands (RFC 9728 §3.1). */
  readonly metadataPath: string;
  readonly name?: string;
  /** Scopes that every call needs; published, challenged and enforced. */
  readonly scopes: readonly string[];
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
 * The resource that the `resource` parameters of a request mean.
 *
 * @param asked every value sent; empty for clients that know no resource parameter.
 * @throws {OAuthError} `invalid_target` for an unknown or malformed one, for several, and for none where several exist.
 */
export function findResource(asked: readonly string[], resources: readonly Resource[]): Resource {
  if (asked.length > 1) throw new OAuthError('invalid_target', 'resource_repeated');
  const uri = asked[0] === undefined ? resources.length === 1 && resources[0]?.uri : canonicalResource(asked[0]);
  const found = resources.find((resource) => resource.uri === uri);
  if (!found) throw new OAuthError('invalid_target', asked[0] === undefined ? 'resource_missing' : 'resource_unknown');
  return found;
}

/** Whether a path lies at or under a route, on a segment boundary, exactly as written. The route `/` is the root alone. */
export function covers(route: string, path: string): boolean {
  return path === route || (route !== '/' && path.startsWith(`${route}/`));
}
