/**
 * Advice: one sentence for each reason of a refusal, for development: on stderr, and with a loopback issuer on the page or in
 * `error_description`. A public server never shows it, because reasons help attackers. And what a listener is told that was written for another package.
 */
import type { Refusal } from './settings.ts';

/** A refusal, as its event reports it. */
export type ReportedRefusal = { readonly reason: string; readonly detail?: string | undefined } & (
  | { readonly endpoint: string; readonly code: string }
  | { readonly login: string }
);

type Environment = { readonly process?: { readonly env?: { readonly NODE_ENV?: string } } };

let loaded: typeof import('./advice/sentences.ts') | undefined;

/** The sentence for a reason. A bundler that replaces `NODE_ENV`, as `wrangler deploy` does, leaves the sentences out of what goes to production. */
async function sentenceOf(reason: string, isLogin = false): Promise<string | undefined> {
  // A choice in one expression: a bundler leaves the import out here, and not after a `return` (test/one-file.test.ts).
  const sentences =
    (globalThis as Environment).process?.env?.NODE_ENV === 'production' ? null : (loaded ??= await import('./advice/sentences.ts'));
  return sentences?.sentenceFor(reason, isLogin);
}

/** Reason, detail and advice for the caller of a loopback server, in the characters of `error_description` (RFC 6749 §5.2). */
export async function adviceOn({ reason, detail }: Pick<ReportedRefusal, 'reason' | 'detail'>, isLogin = false): Promise<string> {
  const parts = [reason, detail, await sentenceOf(reason, isLogin)].filter((one) => one !== undefined);
  return `[${parts.join(': ')}]`.replaceAll('"', "'").replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, '?');
}

/** The same as a log line. */
export async function refusalLine(told: ReportedRefusal): Promise<string> {
  const what = 'login' in told ? `sign-in with ${told.login} failed` : `${told.endpoint} refused a request with ${told.code}`;
  const advice = await sentenceOf(told.reason, 'login' in told);
  return `portcullis: ${what}: ${told.reason}${told.detail === undefined ? '' : ` (${told.detail})`}${advice === undefined ? '' : `. ${advice}`}`;
}

/** What `onError` of `@cloudflare/workers-oauth-provider` reads. */
const FORMER = {
  description: 'read the body of the response, the second argument',
  headers: 'read those of the response, the second argument',
  internal: 'read `reason` and `error`',
};

/** The refusal for `onError`. Its members of that package throw when they are read, and say what to read instead; they are not enumerated. */
export function withFormerNames(refusal: Refusal): Refusal {
  for (const [name, fix] of Object.entries(FORMER))
    Object.defineProperty(refusal, name, {
      get: () => {
        throw new TypeError(`The refusal of \`onError\` has no \`${name}\`; ${fix}.`);
      },
    });
  return refusal;
}
