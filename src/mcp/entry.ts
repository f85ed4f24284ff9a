/**
 * Entry: a request's body is read here, once; the gate judges it, and the SDK is given the very value that was judged.
 */
import { genuine } from '../lib/genuine.ts';
import { readBody } from '../lib/http.ts';
import type { Access } from '../model/access.ts';
import type { NewEvent } from '../model/event.ts';
import type { Context } from '../model/handler.ts';
import { type ChallengeForm, gate, readCalls } from './gate.ts';
import { listsIn, type Lists } from './lists.ts';
import type { Policy } from './policy.ts';
import type { Call } from './refusal.ts';
import { shownRequest } from './shown-request.ts';
import { asError, type Report } from './tool-error.ts';

export type { ChallengeForm };

/** Bytes of a message; what the SDK takes too. */
const BODY_LIMIT = 4 * 1024 * 1024;

/** Who comes in. */
export interface Entering {
  readonly access: Access | null;
  readonly ctx: Context;
  readonly report: Report;
  readonly challengeForm?: (request: Request, access: Access | null) => ChallengeForm;
  readonly on?: (event: NewEvent) => void;
}

/** A request that may go on. */
export interface Entry {
  readonly request: Request;
  /** Its body, the lists it asks for, and the tools it must not find; absent where it was no JSON. */
  readonly judged?: {
    readonly body: unknown;
    readonly lists: Lists;
    readonly unknown: readonly string[];
    readonly called: readonly string[];
  };
}

/** Lets a request in, or answers it. What is no JSON goes on as it came, for the SDK to refuse. */
export async function enter(policy: Policy, request: Request, entering: Entering): Promise<Entry | Response> {
  const { access, ctx, report, challengeForm } = entering;
  const read = await readBody(request, BODY_LIMIT);
  if ('problem' in read) return refused(read.problem === 'too-large' ? 413 : 400);
  const calls = readCalls(read.text);
  if (calls === null)
    return {
      request: new Request(request.url, { method: 'POST', headers: [...request.headers], body: read.text, signal: request.signal }),
    };
  if ('answer' in calls) return calls.answer;
  const emit = (event: NewEvent): void => tell(entering.on ?? ctx.emit, event, report);
  const form = calls.calls.length === 0 ? 'http' : challengeForm ? challengeForm(genuine(request), access) : formFor(request, access);
  const answer = await gate(policy, calls.calls, { access, metadataUrl: ctx.challenge?.metadataUrl, form, emit });
  // The SDK takes the value that was judged, and of the request its headers: the body is read, and is not made anew.
  if (answer instanceof Response) return answer;
  return { request: shownRequest(request), judged: { body: calls.body, lists: listsIn(calls.body), called: calledIn(calls), ...answer } };
}

/** ChatGPT starts an authorization for what a tool's result says, and for nothing else (checked in 2026). */
function formFor(request: Request, access: Access | null): ChallengeForm {
  const host = access && URL.canParse(access.clientId) ? new URL(access.clientId).hostname : '';
  const isChatGpt = /(?:^|\.)(?:chatgpt|openai)\.com$/.test(host) || /\bopenai-mcp\b/i.test(request.headers.get('user-agent') ?? '');
  return isChatGpt ? 'result' : 'http';
}

/** The tools that are called, of a body that is one call. */
function calledIn({ body, calls }: { readonly body: unknown; readonly calls: readonly Call[] }): readonly string[] {
  return Array.isArray(body) ? [] : calls.flatMap(({ kind, name }) => (kind === 'tool' ? [name] : []));
}

/** What the listener throws changes no answer. */
function tell(on: ((event: NewEvent) => void) | undefined, event: NewEvent, report: Report): void {
  try {
    on?.(event);
  } catch (error) {
    report(asError(error));
  }
}

function refused(status: 400 | 413): Response {
  const message = status === 413 ? `The message may have ${BODY_LIMIT} bytes.` : 'The message is not well-formed UTF-8.';
  return Response.json(
    { jsonrpc: '2.0', id: null, error: { code: -32700, message } },
    { status, headers: { 'cache-control': 'no-store' } },
  );
}
