/** `portcullis/guard`: lets requests with a valid access token through to a handler, and answers all others. */
export { guard, type Guard, type GuardedFetch, type GuardOptions } from './guard.ts';
export type { GuardRefusal } from './refused.ts';
export type { TokenSource, Verifier } from './token-source.ts';
