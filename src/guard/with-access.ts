/** Puts the caller on the context of a request: `ctx.auth` and `ctx.props`. */
import type { Access } from '../model/access.ts';
import type { Context } from '../model/handler.ts';
import { requestState } from '../model/request-state.ts';
import type { Challenge } from './challenge.ts';

/** Sets `auth` and `props` on the context of this one request. @param access null for a caller without a token. */
export function withAccess(ctx: Context, access: Access | null, challenge?: Challenge): Context {
  if (ctx.auth !== undefined && ctx.auth.grantId !== access?.grantId) {
    throw new TypeError('The guard was given one context for two callers; make a new `ctx` for each request.');
  }
  const state = requestState(ctx);
  state.isAnonymous = access === null;
  state.challenge = challenge;
  if (access === null) return ctx;
  state.access = access;
  ctx.auth = access;
  return Object.defineProperty(ctx, 'props', PROPS);
}

/**
 * `ctx.props`: not read by us, because props are parsed when they are first read. Code may set others on `ctx`. One descriptor for all contexts:
 * V8 keeps the accessors of each own descriptor, with all that they refer to, until its next full collection.
 */
const PROPS: PropertyDescriptor & ThisType<Context> = {
  enumerable: true,
  configurable: true,
  get() {
    return requestState(this).access?.props;
  },
  set(value: unknown) {
    Object.defineProperty(this, 'props', { value, enumerable: true, configurable: true, writable: true });
  },
};
