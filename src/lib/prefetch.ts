/** Prefetch: a browser that fetches ahead what a person may open. */

/** Whether a browser asked for this ahead, and no person opened it: `Sec-Purpose` of today's browsers (also `prefetch;prerender`), `Purpose` and `X-Moz` of older ones. */
export function isPrefetch({ headers }: Request): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) => /\b(prefetch|prerender|preview)\b/i.test(headers.get(name) ?? ''));
}
