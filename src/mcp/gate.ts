/**
 * The gate: reads the body of a request, judges every call in it, and answers for those that may not go on, before the SDK
 * and any handler see them. What the SDK dispatches is the very value that was judged.
 */
import { type Challenge, insufficientScope, schemeOf, unauthorized } from '../guard/challenge.ts';
import { metadataUrlOf } from '../guard/resource-metadata.ts';
import { isStrict } from '../lib/json.ts';
import type { Access } from '../model/access.ts';
import type { NewEvent } from '../model/event.ts';
import { judge, maySee, type Need, type Verdict } from '../model/policy.ts';
import { challengeResult, deniedResult, notFound, type Call } from './refusal.ts';
import type { Kind, Policy } from './policy.ts';
import { watchedIn } from './wishes.ts';

/** Deepest nesting of a JSON-RPC message. */
const DEEPEST = 64;
const MOST_IN_BATCH = 100;
const MOST_OF_NAME = 128;

/** Which form a client understands that it should ask for more scopes: the HTTP status of the specification, or a tool result. */
export type ChallengeForm = 'http' | 'result';

/** Who asks, and how they are answered. */
export interface Asking {
  readonly access: Access | null;
  /** Where the resource's metadata stands; the guard's own when it told. */
  readonly metadataUrl: string | undefined;
  readonly form: ChallengeForm;
  readonly emit: (event: NewEvent) => void;
}

/** What may be dispatched, or the answer instead. */
export type Passage = { readonly body: unknown; readonly calls: readonly Call[] } | { readonly answer: Response };

/** Reads a body as the SDK will be given it; null where it is not JSON, and the SDK's to refuse. */
export function readCalls(
  text: string,
): { readonly body: unknown; readonly calls: readonly Call[] } | { readonly answer: Response } | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  // Two readers of one text must see one message: no name twice, no bottomless nesting (SEC-183).
  if (!isStrict(text, DEEPEST)) return { answer: malformed('The message repeats a name, or is nested too deep.') };
  const messages = Array.isArray(body) ? body : [body];
  if (messages.length > MOST_IN_BATCH) return { answer: malformed(`A batch may hold ${MOST_IN_BATCH} messages.`) };
  return { body, calls: messages.flatMap(callIn) };
}

/**
 * Judges the calls of a body.
 *
 * @returns the answer; or, where all may go on, the tools that the server must not know for this request, so that it says itself
 *   what it says of names that do not exist.
 */
export async function gate(
  policy: Policy,
  calls: readonly Call[],
  asking: Asking,
): Promise<Response | { readonly unknown: readonly string[] }> {
  const verdicts: (readonly [Call, Verdict, Need | null])[] = [];
  for (const call of calls) {
    const need = policy.needOf(call.kind, call.name);
    const verdict = need ? await judge(need, asking.access, call.args, policy.implied) : closed(asking.access);
    tell(asking, call, verdict);
    verdicts.push([call, verdict, need]);
  }
  const challenged = verdicts.find(([, { kind }]) => kind === 'unauthenticated' || kind === 'insufficient_scope');
  if (challenged) return challengeAnswer(challenged[0], challenged[1], asking, calls.length);
  const isUnseen = (need: Need | null): boolean => need === null || need.hidden === true;
  if (verdicts.every(([call, { kind }, need]) => kind === 'allowed' || (call.kind === 'tool' && isUnseen(need))))
    return { unknown: verdicts.flatMap(([call, { kind }]) => (kind === 'allowed' ? [] : [call.name])) };
  const answers = verdicts.map(([call, { kind }, need]) =>
    kind === 'allowed' ? notRun(call) : isUnseen(need) ? notFound(call) : deniedResult(call, need?.text),
  );
  return Response.json(calls[0]?.batched === true ? answers : answers[0], { headers: { 'cache-control': 'no-store' } });
}

/** Takes out of a list what this caller may not see. */
export function withoutUnseen(policy: Policy, access: Access | null, kind: Kind, items: readonly unknown[]): unknown[] {
  return items.filter((item) => {
    const { name, uri, uriTemplate } = item as { name?: unknown; uri?: unknown; uriTemplate?: unknown };
    const need = policy.needOf(kind, String(kind === 'resource' ? (uri ?? uriTemplate) : name));
    return need !== null && (access === null ? need.anonymous === true || !need.permissions?.length : maySee(need, access));
  });
}

function closed(access: Access | null): Verdict {
  return access === null ? { kind: 'unauthenticated', scopes: [] } : { kind: 'denied', reason: 'permission_missing' };
}

function challengeAnswer(call: Call, verdict: Verdict, { access, metadataUrl, form }: Asking, calls: number): Response {
  const scope = 'scopes' in verdict ? verdict.scopes : [];
  const url = metadataUrl ?? (access ? metadataUrlOf(access.resource) : undefined);
  if (url === undefined) return Response.json({ error: 'server_error' }, { status: 500 }); // no guard stood before: nothing to send the client to
  const challenge: Challenge = { metadataUrl: url, scope };
  const refusal =
    verdict.kind === 'unauthenticated' ? unauthorized(challenge, false) : insufficientScope(challenge, undefined, schemeOf(access));
  if (form === 'http' || calls !== 1 || call.kind !== 'tool') return refusal;
  const header = refusal.headers.get('www-authenticate') ?? '';
  return Response.json(call.batched ? [challengeResult(call, header)] : challengeResult(call, header), {
    headers: { 'cache-control': 'no-store' },
  });
}

/** Arguments never go into an event. */
function tell({ access, emit }: Asking, { kind, name }: Call, verdict: Verdict): void {
  emit({
    kind: verdict.kind === 'allowed' ? 'call.allowed' : verdict.kind === 'denied' ? 'call.denied' : 'call.challenged',
    primitive: kind,
    name: name.slice(0, MOST_OF_NAME).replace(/[^\x20-\x7e]/g, '?'), // it may be no name of ours
    ...(access && { userId: access.userId, clientId: access.clientId, grantId: access.grantId }),
    ...('scopes' in verdict && { scope: verdict.scopes }),
    ...('reason' in verdict && { reason: verdict.reason }),
    ...('error' in verdict && { error: verdict.error }),
  });
}

/** Calls of a message. Completions ask on behalf of the prompt or the template that they complete. */
function callIn(message: unknown, _at: number, all: readonly unknown[]): readonly Call[] {
  if (typeof message !== 'object' || message === null || !('method' in message)) return [];
  const { id = null, method, params } = message as { id?: Call['id']; method: unknown; params?: Record<string, unknown> };
  const { name, uri, ref, arguments: args } = (params ?? {}) as { name?: unknown; uri?: unknown; ref?: { name?: unknown; uri?: unknown }; arguments?: unknown };
  const meta = params?.['_meta'] as Record<string, unknown> | undefined;
  const common = { id, args, batched: all.length > 1, modern: meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined };
  const call = (kind: Kind, of: unknown): readonly Call[] => (typeof of === 'string' ? [{ ...common, kind, name: of }] : []);
  switch (method) {
    case 'tools/call': return call('tool', name);
    case 'resources/read': case 'resources/subscribe': case 'resources/unsubscribe': return spellings(uri).flatMap((one) => call('resource', one));
    case 'subscriptions/listen': return watchedIn(params).flatMap(spellings).flatMap((one) => call('resource', one));
    case 'prompts/get': return call('prompt', name);
    case 'completion/complete': return ref?.uri === undefined ? call('prompt', ref?.name) : spellings(ref.uri).flatMap((one) => call('resource', one));
    default: return [];
  }
} // prettier-ignore

/** The SDK finds a resource by the URL as parsed, others by the text as it came: both must be allowed (SEC-181). */
function spellings(uri: unknown): readonly unknown[] {
  return typeof uri === 'string' && URL.canParse(uri) ? [...new Set([uri, new URL(uri).href])] : [uri];
}

function notRun({ id }: Call): object {
  return { jsonrpc: '2.0', id, error: { code: -32600, message: 'Not run: another call of the same batch was refused.' } };
}

function malformed(message: string): Response {
  return Response.json(
    { jsonrpc: '2.0', id: null, error: { code: -32600, message } },
    { status: 400, headers: { 'cache-control': 'no-store' } },
  );
}
