/**
 * Advice: one sentence for each reason of a refusal, for development: on stderr, and with a loopback issuer on the page or in
 * `error_description`. A public server never shows it, because reasons help attackers.
 */
import { loginAdvice } from './advice/login.ts';
import { requestAdvice } from './advice/request.ts';
import { tokenAdvice } from './advice/token.ts';

/** A refusal, as its event reports it. */
export type ReportedRefusal = { readonly reason: string; readonly detail?: string | undefined } & (
  | { readonly endpoint: string; readonly code: string }
  | { readonly login: string }
);

/** The advice for a reason; undefined if there is none. */
export function sentenceFor(reason: string, isLogin = false): string | undefined {
  for (const table of isLogin ? [loginAdvice] : [requestAdvice, tokenAdvice]) if (Object.hasOwn(table, reason)) return table[reason];
  const families = Object.entries(isLogin ? loginAdvice : { ...requestAdvice, ...tokenAdvice });
  return families.find(([name]) => name.endsWith('_*') && reason.startsWith(name.slice(0, -1)))?.[1];
}

/** Reason, detail and advice for the caller of a loopback server, in the characters of `error_description` (RFC 6749 §5.2). */
export function adviceOn({ reason, detail }: Pick<ReportedRefusal, 'reason' | 'detail'>, isLogin = false): string {
  const parts = [reason, detail, sentenceFor(reason, isLogin)].filter((one) => one !== undefined);
  return `[${parts.join(': ')}]`.replaceAll('"', "'").replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, '?');
}

/** The same as a log line. */
export function refusalLine(told: ReportedRefusal): string {
  const what = 'login' in told ? `sign-in with ${told.login} failed` : `${told.endpoint} refused a request with ${told.code}`;
  const advice = sentenceFor(told.reason, 'login' in told);
  return `portcullis: ${what}: ${told.reason}${told.detail === undefined ? '' : ` (${told.detail})`}${advice === undefined ? '' : `. ${advice}`}`;
}
