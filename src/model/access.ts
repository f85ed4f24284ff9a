/**
 * Access: what a verified token says about the caller (user, client, scopes, resource, props), and whether that is enough for a call. The guard makes
 * it; handlers and tools read it. A scope is what the user delegated to the client, a permission is what the user may do; a call needs both. Pure,
 * except for the application's own rules.
 */
import type { Seconds } from './store.ts';
import type { Connect, Upstreams } from './upstream.ts';
import { checkTypes, typeOf } from '../lib/check-options.ts';
import type { Awaitable } from './runtime.ts';
import { isScopeToken, type ScopeExpansion } from './scope.ts';

/**
 * Reports to the operator why a token is not valid; the caller never sees it.
 *
 * @param reason one snake_case word. @param detail what was expected and what the token says, without secrets.
 */
export type Tell = (reason: string, detail?: string) => void;

/** What a verifier returns for a valid access token. */
export interface Checked<Props = unknown> {
  /** The user who granted. */
  readonly userId: string;
  /** The client that calls. */
  readonly clientId: string;
  /** The grant behind the token: the thing a user revokes. */
  readonly grantId: string;
  /** Issuer of the token if another server issued it: `userId` and `clientId` are that server's names, and mean nothing without it. */
  readonly issuer?: string;
  /** Set if a program acts for itself, with a token that no user granted (client credentials): `userId` then names the program. */
  readonly program?: true;
  /** The tenant, if there are several: `userId` and `clientId` are names within that tenant. */
  readonly tenant?: string;
  /** Scopes of this token, as granted. */
  readonly scope: readonly string[];
  /** The one resource the token is for (RFC 8707). */
  readonly resource: string;
  /** The organization that the user chose for this client; absent if there was none. */
  readonly organization?: { readonly id: string; readonly name: string };
  /** The key that the token is bound to; the caller has proven it (RFC 9449 §6). */
  readonly cnf?: { readonly jkt: string };
  /** When the token expires. */
  readonly expiresAt: Seconds;
  /** Who acts for the user, if the token was exchanged: the last party, and in `act` the ones before (RFC 8693 §4.1). */
  readonly act?: Actor;
  /** What the application stored at sign-in, with the current permissions. */
  readonly props: Props;
  /** Absent if no upstream tokens are kept. */
  readonly upstream?: Upstreams;
  readonly connect?: Connect;
}

/** The caller, as handlers and tools see it. */
export interface Access<Props = unknown> extends Checked<Props> {
  /** Upstream accounts that the user signed in with: `auth.upstream('github').token()`. */
  readonly upstream: Upstreams;
  /** An upstream account that the user is asked to connect if it is missing: `await auth.connect('google', scopes)`. */
  readonly connect: Connect;
}

/** A party that acts for a user. */
export type Actor = { readonly sub: string; readonly act?: Actor };

/** What the built-in logins and upstreams put into the props. */
export interface AuthContext extends Record<string, unknown> {
  readonly claims: { readonly sub: string; readonly name?: string; readonly email?: string; readonly [claim: string]: unknown };
  readonly permissions?: readonly string[];
  /** The organization that the user chose for this client. */
  readonly organization?: { readonly id: string; readonly name: string };
}

/**
 * Props: parsed from their JSON text when they are first read, so that a handler that does not read them does not pay for it.
 *
 * The text stands behind a symbol that no copy and no log shows, and all objects share one descriptor: V8 keeps the accessors of each own
 * descriptor, with all that they refer to, until its next full collection.
 */
const TEXT = Symbol('portcullis.props');

/** An object with the text of its props. */
interface Unparsed {
  readonly [TEXT]: string;
}

const PROPS: PropertyDescriptor & ThisType<Unparsed> = {
  enumerable: true,
  configurable: true,
  get() {
    const value: unknown = JSON.parse(this[TEXT]);
    Object.defineProperty(this, 'props', { value, enumerable: true, configurable: true, writable: true });
    return value;
  },
};

/** Gives an object `props`, each object its own. @param text JSON. */
export function withParsedProps<T extends object>(to: T, text: string): T & { readonly props: unknown } {
  Object.defineProperty(to, TEXT, { value: text });
  return Object.defineProperty(to, 'props', PROPS) as T & { readonly props: unknown };
}

/** What a tool, resource or prompt requires. Without requirements, every caller that passed the guard may use it. */
export interface Need<Args = unknown, Props = unknown> {
  /** Scopes of the token, all required. A client without them is told to request them. */
  readonly scopes?: readonly string[] | undefined;
  /** Permissions of the user, all required (`props.permissions`). Without them the caller does not see it, may not call it, and is not challenged. */
  readonly permissions?: readonly string[] | undefined;
  /**
   * A rule of your own. False or an error denies.
   *
   * @param args as the client sent them, not yet checked against a schema.
   */
  readonly when?: ((access: Access<Props>, args: Args) => Awaitable<boolean>) | undefined;
  /** Also for callers without a token, if the guard accepts them. */
  readonly anonymous?: boolean | undefined;
  /** Answers a caller who may not use it as if it did not exist. */
  readonly hidden?: boolean | undefined;
  /** The message on denial, instead of the default. */
  readonly text?: string | undefined;
}

const NEED = 'scopes:string[] permissions:string[] when:function anonymous:boolean hidden:boolean text:string';

/** Refuses a need with an unknown member, which would require nothing, or a wrong one. @param at where it stands. @throws {TypeError} */
export function checkNeed(owner: string, at: string, need: Need<never, never>): void {
  checkTypes(`${owner}: ${at}`, need, NEED);
  const bad = need.scopes?.find((scope) => !isScopeToken(scope));
  if (bad !== undefined)
    throw new TypeError(
      `${owner}: \`${at}.scopes\` holds ${JSON.stringify(bad)}, which is not a scope: printable ASCII without spaces, quotes and backslashes.`,
    );
  if (need.permissions?.includes('')) throw new TypeError(`${owner}: \`${at}.permissions\` must be a list of names.`);
}

/** Scopes that each scope includes: `{ admin: ['write'], write: ['read'] }`. */
export type ScopeHierarchy = { readonly [scope: string]: readonly string[] };

/** Each scope with all scopes that it includes, computed once. */
export type Implied = ReadonlyMap<string, ReadonlySet<string>>;

/** Decision on a call. */
export type Verdict =
  | { readonly kind: 'allowed' }
  /** A token is required and there is none. */
  | { readonly kind: 'unauthenticated'; readonly scopes: readonly string[] }
  /** The user could grant what is missing: all scopes of the operation. */
  | { readonly kind: 'insufficient_scope'; readonly scopes: readonly string[] }
  /** No scope would help. */
  | { readonly kind: 'denied'; readonly reason: 'permission_missing' | 'rule' | 'rule_failed'; readonly error?: unknown };

/** Resolves a hierarchy. @throws {TypeError} if it is circular, since its scopes would all be equal, or has something else than lists. */
export function impliedBy(hierarchy: ScopeHierarchy): Implied {
  const reach = (scope: string, way: readonly string[]): ReadonlySet<string> => {
    if (way.includes(scope)) throw new TypeError(`hierarchy: ${[...way, scope].join(' ⊇ ')} is circular; remove one of them.`);
    const below = (Object.hasOwn(hierarchy, scope) && hierarchy[scope]) || [];
    if (typeOf(below) !== 'string[]') throw new TypeError(`hierarchy: \`${scope}\` must list the scopes that it includes.`);
    return new Set([scope, ...below.flatMap((one) => [...reach(one, [...way, scope])])]);
  };
  return new Map(Object.keys(hierarchy).map((scope) => [scope, reach(scope, [])]));
}

/** Expands scopes by a hierarchy, themselves first; returns the same list without a hierarchy. @throws {TypeError} like {@link impliedBy}. */
export function scopeExpansionOf(hierarchy: ScopeHierarchy): ScopeExpansion {
  const implied = impliedBy(hierarchy);
  return implied.size === 0 ? (scope) => scope : (scope) => [...new Set(scope.flatMap((one) => [...(implied.get(one) ?? [one])]))];
}

/** Whether granted scopes include a needed one, by its exact name or through the hierarchy. Never by a part of a name (SEC-195). */
export function coversScope(granted: readonly string[], needed: string, implied: Implied): boolean {
  return granted.some((scope) => scope === needed || implied.get(scope)?.has(needed) === true);
}

/** The user's permissions in props. Only an array counts: in a string, `includes` would find "admin" in "no-admin". */
export function permissionsIn(props: unknown): readonly unknown[] {
  const permissions = typeof props === 'object' && props !== null && 'permissions' in props ? props.permissions : undefined;
  return Array.isArray(permissions) ? permissions : [];
}

/** Whether this user may see it: missing permissions cannot be granted by consent. */
export function maySee({ permissions = [] }: Need, access: Access | null): boolean {
  if (permissions.length === 0) return true;
  const granted = permissionsIn(access?.props);
  return permissions.every((one) => granted.includes(one));
}

/** Combines several needs into one that requires all of them. */
export function combineNeeds(needs: readonly Need[]): Need {
  const [only = {}, ...more] = needs;
  if (more.length === 0) return only;
  const rules = needs.flatMap(({ when }) => when ?? []);
  const text = needs.find((need) => need.text !== undefined)?.text;
  return {
    scopes: [...new Set(needs.flatMap(({ scopes = [] }) => scopes))],
    permissions: [...new Set(needs.flatMap(({ permissions = [] }) => permissions))],
    ...(rules.length > 0 && {
      async when(access: Access, args: unknown) {
        for (const rule of rules) if ((await rule(access, args)) !== true) return false;
        return true;
      },
    }),
    anonymous: needs.every(({ anonymous }) => anonymous === true),
    hidden: needs.some(({ hidden }) => hidden === true),
    ...(text !== undefined && { text }),
  };
}

/** Decides on a call. Permission and rule come first, so that a client does not request scopes in vain. */
export async function judge(need: Need, access: Access | null, args: unknown, implied: Implied): Promise<Verdict> {
  const { scopes = [], when } = need;
  if (access === null) return need.anonymous === true ? { kind: 'allowed' } : { kind: 'unauthenticated', scopes };
  if (!maySee(need, access)) return { kind: 'denied', reason: 'permission_missing' };
  if (when) {
    try {
      if ((await when(access, args)) !== true) return { kind: 'denied', reason: 'rule' };
    } catch (error) {
      return { kind: 'denied', reason: 'rule_failed', error };
    }
  }
  return scopes.every((scope) => coversScope(access.scope, scope, implied)) ? { kind: 'allowed' } : { kind: 'insufficient_scope', scopes };
}
