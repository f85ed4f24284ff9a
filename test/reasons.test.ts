/** Every reason that the source gives is explained: advice for who develops, and a row in docs/guide/events.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loginAdvice, sentenceFor } from '../src/model/advice/sentences.ts';
import { requestAdvice, tokenAdvice } from '../src/model/advice/request.ts';
import { adviceOn } from '../src/model/advice.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const events = readFileSync(join(root, 'docs/guide/events.md'), 'utf8');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/^(?:testing|cli|pages)\//.test(path) && !path.startsWith('model/advice'))
  .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }));

/** Where a reason stands in the source. The first group is it; what a file puts before its own stands beside. */
const FORMS: readonly RegExp[] = [
  /new OAuthError\(\s*'\w+',\s*['`]([a-z_]+)/g,
  /new OAuthError\(\s*'\w+',\s*\w[^,'`]*\? '([a-z_]+)'/g,
  /new OAuthError\(\s*'\w+',\s*\w[^,'`]*\? '[a-z_]+' : '([a-z_]+)'/g,
  /\bfailed\('\w+', '([a-z_]+)'/g,
  /\bfailed\([^()]*\? '([a-z_]+)'/g,
  /\bfailed\([^()]*: '([a-z_]+)'\)/g,
  /\b(?:refuse|no|foreign|uninvited|refused|unusable|invalid|tell\??\.?)\('([a-z_]+)'/g,
  /\bnew UpstreamError\(\s*'\w+',\s*['`]([a-z_]+)/g,
  /\btextOf\([^,]+, '([a-z_]+)'\)/g,
  /\breason: ['`]([a-z_]+)/g,
  /\bproblem: '([a-z_]+)'/g,
  /\bfault: '([a-z_]+)'/g,
  /\breturn '([a-z]+_[a-z_]+)';/g,
  /isOver \? '([a-z_]+)'/g,
  /isOver \? '[a-z_]+' : '([a-z_]+)'/g,
];
/** What a file's own helper puts before its reasons. */
const BEFORE: { readonly [path: string]: string } = {
  'grants/jwt-bearer.ts': 'assertion_',
  'grants/token-exchange.ts': 'exchange_',
  'core/signatures.ts': 'proof_',
  'clients/metadata.ts': 'metadata_',
  'model/assertion.ts': 'assertion_',
  'model/dpop.ts': 'proof_',
  'core/records/one-time.ts': 'pushed_',
};
/** Where no refusal is made, or none that an event tells: options at start-up, decisions about calls, failures with an error of their own, keys. */
const ELSEWHERE = [
  /^options\//,
  /^verifiers\/(?!jwt|google|contract|introspection|api-keys|any-of)/,
  /^node\/(?!answer)/,
  /^lib\//,
  /^core\/(?:monitoring|key-sources|vault)/,
];
const NOT_TOLD = new Set(
  (
    'first rotation unreadable permission_missing rule rule_failed ' + // of other events
    'store_failed grant_moving record_unreadable limit_unreadable breach_list_unavailable hashing_busy caller_left login_misconfigured session_unknown step_without_request ' + // of `request.failed`
    'refresh_token_missing revoke_refused revoke_status_ refresh_ ' + // of `upstream.failed`
    'store_silent other ' + // of a probe; a label of metrics
    'pushed_ unreachable google client_credentials customer_left'
  ).split(' '), // put together with another word; the name of a source; of a grant type; an example
);
const reasons = sources.flatMap(({ path, text }) =>
  ELSEWHERE.some((one) => one.test(path))
    ? []
    : FORMS.flatMap((form) => [...text.matchAll(form)].map(([found, reason = '']) => ({ path, reason: ownReason(path, found, reason) }))),
);

function ownReason(path: string, found: string, reason: string): string {
  return /^(?:new OAuthError|failed)/.test(found) ? reason : `${BEFORE[path] ?? ''}${reason}`;
}

describe('reasons', () => {
  it('are found in the source', () => {
    const found = new Set(reasons.map(({ reason }) => reason));
    expect(found.size).toBeGreaterThan(180);
    for (const reason of ['secret_wrong', 'proof_replayed', 'assertion_replayed', 'token_expired', 'passkey_origin', 'code_missing'])
      expect(found).toContain(reason);
  });

  it('have an advice each: no newcomer meets a refusal that does not say what to do', () => {
    const silent = reasons.filter(({ reason }) => !NOT_TOLD.has(reason) && !explained(reason));
    expect(silent.map(({ path, reason }) => `${reason} in ${path}`)).toEqual([]);
  });

  it('stand in docs/guide/events.md with that very advice', () => {
    const missing = [requestAdvice, tokenAdvice, loginAdvice].flatMap((table) =>
      Object.entries(table).filter(([reason, advice]) => !events.includes(`| \`${reason.replace('_*', '_…')}\` | ${advice} |`)),
    );
    expect(missing.map(([reason]) => reason)).toEqual([]);
  });

  it('have an advice that is one plain sentence or two, fit for `error_description` (RFC 6749 §5.2)', async () => {
    for (const table of [requestAdvice, tokenAdvice, loginAdvice])
      for (const [reason, advice] of Object.entries(table)) {
        expect(advice, reason).toMatch(/^[A-Za-z][\x20-\x21\x23-\x5b\x5d-\x7e]+\.$/);
        expect(await adviceOn({ reason, detail: 'expected "ä\\"' })).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      }
  });

  it('are in one table only', () => {
    expect(Object.keys(requestAdvice).filter((reason) => Object.hasOwn(tokenAdvice, reason))).toEqual([]);
  });
});

function explained(reason: string): boolean {
  const whole = reason.endsWith('_') ? `${reason}x` : reason;
  return sentenceFor(whole) !== undefined || sentenceFor(whole, true) !== undefined;
}
