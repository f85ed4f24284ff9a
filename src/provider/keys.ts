/**
 * Access keys for the operator: makes service keys, lists the keys of anyone, and ends them. Personal access tokens are made by their users
 * alone, on the account page.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { type KeyFilter, keysOf, makeKey } from '../core/access-keys.ts';
import { endUserGrant } from '../core/records/grants.ts';
import { checkCursor } from './own-arguments.ts';
import { isKeyName, serviceUserId } from '../model/token.ts';
import { type Grant, isLive } from '../model/grant.ts';
import { findResource, resolveResource } from '../model/resource.ts';
import type { Cursor, Seconds } from '../model/store.ts';

/** A service key to make: it belongs to an organization, or to the server, and to no person. */
export interface ServiceKeySpec {
  /** 1 to 64 characters: what it is for. */
  readonly name: string;
  /** Scopes of the key. */
  readonly scope: readonly string[];
  /** The URL that it is for; can be left out where a client can leave it out. */
  readonly resource?: string;
  /** The organization that it belongs to; the server itself if absent. */
  readonly organization?: { readonly id: string; readonly name: string };
  /** Seconds, at most `accessKeys.maxTTL`. */
  readonly ttl: Seconds;
}

/** A key as its operator may see it: never its text. */
export interface KeyInfo {
  /** Id of its grant. */
  readonly id: string;
  readonly kind: 'personal' | 'service';
  readonly name: string;
  readonly userId: string;
  readonly scope: readonly string[];
  readonly resource: string;
  readonly organization?: { readonly id: string; readonly name: string };
  readonly createdAt: Seconds;
  readonly expiresAt: Seconds;
  /** Accurate to ten minutes; absent if it was never used. */
  readonly lastUsedAt?: Seconds;
}

/** The verbs. */
export interface AccessKeys {
  /** Makes a service key; its text is told this once. @throws {TypeError} naming what is wrong. */
  create(spec: ServiceKeySpec): Promise<{ readonly key: string; readonly info: KeyInfo }>;
  /** Live keys of a user, of an organization, of the server or of all, one page; continue with `next`, also after an empty page. */
  list(filter: KeyFilter, after?: Cursor): Promise<{ readonly keys: readonly KeyInfo[]; readonly next?: Cursor }>;
  /** Ends a key, from the next call on. False, and nothing happens, for one that is not there or has ended. */
  revoke(id: string): Promise<boolean>;
}

/** Makes the verbs of one server. */
export function makeAccessKeys(as: AuthServer): AccessKeys {
  return {
    async create(spec) {
      const { name, ttl, organization } = spec;
      const { accessKeys: rules } = as.settings;
      if (rules === null) throw new TypeError('keys.create: access keys are off; give OAuthProvider the option `accessKeys`.');
      if (!isKeyName(name)) throw new TypeError('keys.create: `name` must have 1 to 64 characters.');
      if (!Number.isSafeInteger(ttl) || ttl < 60 || ttl > rules.maxTTL)
        throw new TypeError(`keys.create: \`ttl\` must be a whole number of seconds from 60 to ${rules.maxTTL} (accessKeys.maxTTL).`);
      if (organization !== undefined && (!isText(organization?.id) || !isText(organization.name)))
        throw new TypeError('keys.create: `organization` must be { id, name }, two texts.');
      const resource = resourceFor(as, spec.resource);
      const userId = serviceUserId(organization);
      const scope = scopeFor(as, spec.scope, resource.requiredScopes);
      const claims = { sub: userId, name };
      const made = await makeKey(as, { kind: 'service', name, userId, scope, resource: resource.uri, ttl, claims, organization });
      if (made === null) throw new Error('A random grant id was generated twice: the random number generator is broken.');
      return { key: made.key, info: infoOf(made.grant) };
    },
    async list(filter, after) {
      checkCursor('keys.list', after);
      const { keys, ...page } = await keysOf(as, checked(filter), after);
      return { ...page, keys: keys.map(infoOf) };
    },
    async revoke(id) {
      const grant = await as.records.findGrant(id);
      return grant?.key !== undefined && isLive(grant, as.now()) && endUserGrant(as, grant.userId, id);
    },
  };
}

function resourceFor({ settings }: AuthServer, given: string | undefined): ReturnType<typeof findResource> {
  try {
    return findResource(given === undefined ? [] : [given], settings);
  } catch {
    const known = settings.resources.map(({ uri }) => uri).join(', ');
    const what = given !== undefined && resolveResource(given, settings.resources) === null ? 'must be a URL' : 'must be one of';
    throw new TypeError(`keys.create: \`resource\` ${what}: ${known}.`);
  }
}

/** The scopes, with those that every call needs. */
function scopeFor({ settings }: AuthServer, scope: unknown, required: readonly string[]): readonly string[] {
  const known = settings.scopesSupported.map(({ name }) => name);
  if (!Array.isArray(scope) || !scope.every((one) => known.includes(one as string)))
    throw new TypeError(`keys.create: \`scope\` must list scopes of scopesSupported: ${known.join(', ') || 'there are none, so []'}.`);
  return [...new Set([...required, ...(scope as readonly string[])])];
}

/** A missing id must not mean all keys. */
function checked(filter: KeyFilter): KeyFilter {
  const { userId, organization } = (filter ?? {}) as { readonly userId?: unknown; readonly organization?: unknown };
  if (filter === 'all' || filter === 'server' || isText(userId ?? organization)) return filter;
  throw new TypeError("Name the keys: { userId }, { organization }, 'server' or 'all'.");
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function infoOf({ id, key, userId, scope, resource, organization, createdAt, expiresAt }: Grant): KeyInfo {
  const { kind = 'personal', name = '', ...used } = key ?? {};
  return { id, kind, name, userId, scope, resource, ...(organization ? { organization } : {}), createdAt, expiresAt, ...used };
}
