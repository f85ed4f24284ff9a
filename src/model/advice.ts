/**
 * Advice: what to do about a refusal, one plain sentence for each reason. It is for development: the line on stderr, and on a loopback
 * issuer the page or `error_description`. A public server never shows it: the reason of a refusal helps who guesses.
 */
import { loginAdvice } from './advice/login.ts';
import { requestAdvice } from './advice/request.ts';
import { tokenAdvice } from './advice/token.ts';

/** A refusal as an event tells it. */
export type Told = { readonly reason: string; readonly detail?: string | undefined } & (
  | { readonly endpoint: string; readonly code: string }
  | { readonly login: string }
);

/** The advice on a reason; undefined where there is none. */
export function sentenceFor(reason: string, isLogin = false): string | undefined {
  for (const table of isLogin ? [loginAdvice] : [requestAdvice, tokenAdvice]) if (Object.hasOwn(table, reason)) return table[reason];
  const families = Object.entries(isLogin ? loginAdvice : { ...requestAdvice, ...tokenAdvice });
  return families.find(([name]) => name.endsWith('_*') && reason.startsWith(name.slice(0, -1)))?.[1];
}

/** What the caller of a server on loopback is told: why, what came, and what to do. Fit for `error_description` (RFC 6749 §5.2). */
export function adviceOn({ reason, detail }: Pick<Told, 'reason' | 'detail'>, isLogin = false): string {
  const parts = [reason, detail, sentenceFor(reason, isLogin)].filter((one) => one !== undefined);
  return `[${parts.join(': ')}]`.replaceAll('"', "'").replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, '?');
}

/** The same as a line of a log. */
export function refusalLine(told: Told): string {
  const what = 'login' in told ? `sign-in with ${told.login} failed` : `${told.endpoint} refused a request with ${told.code}`;
  const advice = sentenceFor(told.reason, 'login' in told);
  return `portcullis: ${what}: ${told.reason}${told.detail === undefined ? '' : ` (${told.detail})`}${advice === undefined ? '' : `. ${advice}`}`;
}
