/**
 * Policy: what a call needs, and whether a caller has it. A scope is what the user delegated to this client; a permission is
 * what the user may do at all; a call needs both. Pure, but for the rules that an application writes itself.
 */
import type { Access } from './access.ts';
import type { Awaitable } from './runtime.ts';
import type { ScopeCover } from './scope.ts';

/** What one tool, resource or prompt needs. An empty need is met by every caller that passed the guard. */
export interface Need<Args = unknown, Props = unknown> {
  /** Scopes of the token, all of them. A client that lacks one is told to ask the user for it. */
  readonly scopes?: readonly string[];
  /** Permissions of the user, all of them (`props.permissions`). Who lacks one neither sees nor may call it, and is never sent to ask. */
  readonly permissions?: readonly string[];
  /**
   * A rule of your own. False or an error denies.
   *
   * @param args as the client sent them, not yet checked against a schema.
   */
  readonly when?: (access: Access<Props>, args: Args) => Awaitable<boolean>;
  /** Also for callers without a token, where the guard lets those pass. */
  readonly anonymous?: boolean;
  /** Whoever may not call it is told that there is no such thing, instead of that they may not. */
  readonly hidden?: boolean;
  /** What whoever is denied is told, instead of a general sentence. */
  readonly text?: string;
}

/** Which scopes each scope brings along: `{ admin: ['write'], write: ['read'] }`. */
export type ScopeHierarchy = { readonly [scope: string]: readonly string[] };

/** A scope with all that it brings along, worked out once. */
export type Implied = ReadonlyMap<string, ReadonlySet<string>>;

/** What a caller's call comes to. */
export type Verdict =
  | { readonly kind: 'allowed' }
  /** There is no token, and one is needed. */
  | { readonly kind: 'unauthenticated'; readonly scopes: readonly string[] }
  /** The user could grant what is missing: all scopes of the operation. */
  | { readonly kind: 'insufficient_scope'; readonly scopes: readonly string[] }
  /** Nothing the client could ask for would help. */
  | { readonly kind: 'denied'; readonly reason: 'permission_missing' | 'rule' | 'rule_failed'; readonly error?: unknown };

/** Works out a hierarchy. @throws {TypeError} for one that runs in a circle, since its scopes would all be one. */
export function impliedBy(hierarchy: ScopeHierarchy): Implied {
  const reach = (scope: string, way: readonly string[]): ReadonlySet<string> => {
    if (way.includes(scope)) throw new TypeError(`hierarchy: ${[...way, scope].join(' ⊇ ')} runs in a circle; take one of them out.`);
    const below = Object.hasOwn(hierarchy, scope) ? (hierarchy[scope] ?? []) : [];
    return new Set([scope, ...below.flatMap((one) => [...reach(one, [...way, scope])])]);
  };
  return new Map(Object.keys(hierarchy).map((scope) => [scope, reach(scope, [])]));
}

/** All that some scopes stand for by a hierarchy, themselves first; the very list where there is none. @throws {TypeError} as {@link impliedBy}. */
export function scopeCoverOf(hierarchy: ScopeHierarchy): ScopeCover {
  const implied = impliedBy(hierarchy);
  return implied.size === 0 ? (scope) => scope : (scope) => [...new Set(scope.flatMap((one) => [...(implied.get(one) ?? [one])]))];
}

/** Whether granted scopes cover a needed one: by its own name, or by one that brings it along. Never by a part of a name (SEC-195). */
export function coversScope(granted: readonly string[], needed: string, implied: Implied): boolean {
  return granted.some((scope) => scope === needed || implied.get(scope)?.has(needed) === true);
}

/** The user's permissions in props. Only a list counts: in a text, `includes` would find "admin" in "no-admin". */
export function permissionsIn(props: unknown): readonly unknown[] {
  const permissions = typeof props === 'object' && props !== null && 'permissions' in props ? props.permissions : undefined;
  return Array.isArray(permissions) ? permissions : [];
}

/** Whether this user may see it at all: what is missing here, no consent can give. */
export function maySee({ permissions = [] }: Need, access: Access | null): boolean {
  if (permissions.length === 0) return true;
  const held = permissionsIn(access?.props);
  return permissions.every((one) => held.includes(one));
}

/** Several needs as one, which is met where each of them is. */
export function together(needs: readonly Need[]): Need {
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

/** Judges one call. Permission and rule come first: who lacks those is never sent to ask for scopes in vain. */
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
