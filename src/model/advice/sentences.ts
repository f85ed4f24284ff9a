/** The advice of all tables. */
import { loginAdvice } from './login.ts';
import { requestAdvice } from './request.ts';
import { tokenAdvice } from './token.ts';

/** The advice for a reason; undefined if there is none. */
export function sentenceFor(reason: string, isLogin = false): string | undefined {
  for (const table of isLogin ? [loginAdvice] : [requestAdvice, tokenAdvice]) if (Object.hasOwn(table, reason)) return table[reason];
  const families = Object.entries(isLogin ? loginAdvice : { ...requestAdvice, ...tokenAdvice });
  return families.find(([name]) => name.endsWith('_*') && reason.startsWith(name.slice(0, -1)))?.[1];
}
