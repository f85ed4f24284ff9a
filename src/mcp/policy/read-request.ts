/**
 * Reads the body of a request, once; the gate judges its messages, and the SDK is given the messages that were judged.
 */
import { type Context, requestState } from '../../model/context.ts';
import type { Access } from '../../model/access.ts';
import type { NewEvent } from '../../model/event.ts';
import { type ChallengeForm, gate, type Passage } from './gate.ts';
import type { Policy } from './policy.ts';
import { readMessages } from './read-messages.ts';
import { redactedRequest } from '../redacted-request.ts';
import { asError, type Report } from '../tool-error.ts';

export type { ChallengeForm };

/** The caller and the context of a request. */
export interface RequestToRead {
  readonly access: Access | null;
  readonly ctx: Context;
  readonly report: Report;
  readonly bodyLimit?: number | undefined;
  readonly challengeForm?: ((request: Request, access: Access | null) => ChallengeForm) | undefined;
  readonly on?: ((event: NewEvent) => void) | undefined;
}

/** A request that was accepted: its headers, and the judged part of its body. */
export interface ReadRequest extends Passage {
  readonly request: Request;
}

/** Accepts a request, or answers it. */
export async function readRequest(policy: Policy, request: Request, entering: RequestToRead): Promise<ReadRequest | Response> {
  const { access, ctx, report, challengeForm } = entering;
  const state = requestState(ctx);
  const emit = (event: NewEvent): void => tell(entering.on ?? state.emit, event, report);
  const read = await readMessages(request, entering.bodyLimit ?? state.bodyLimit);
  if ('reason' in read) {
    emit({ kind: 'request.refused', endpoint: 'mcp', code: 'invalid_request', reason: read.reason });
    return read.answer;
  }
  const form = (): ChallengeForm => (challengeForm ? challengeForm(withoutBody(request), access) : formFor(request, access));
  const judge = (): ReturnType<typeof gate> => gate(policy, read, { access, metadataUrl: state.challenge?.metadataUrl, form, emit });
  const passage = await (state.telemetry ? state.telemetry.step('gate', judge) : judge());
  return passage instanceof Response ? passage : { request: redactedRequest(request, state.credential?.() ?? undefined), ...passage };
}

/** The request for code that is not ours, once its body has been read. */
function withoutBody({ url, method, headers }: Request): Request {
  return new Request(url, { method, headers: [...headers] });
}

/** ChatGPT starts an authorization only for a tool result that asks for it (checked in 2026). */
function formFor(request: Request, access: Access | null): ChallengeForm {
  const host = access && URL.canParse(access.clientId) ? new URL(access.clientId).hostname : '';
  const isChatGpt = /(?:^|\.)(?:chatgpt|openai)\.com$/.test(host) || /\bopenai-mcp\b/i.test(request.headers.get('user-agent') ?? '');
  return isChatGpt ? 'result' : 'http';
}

/** An error thrown by the listener does not change the response. */
function tell(on: ((event: NewEvent) => void) | undefined, event: NewEvent, report: Report): void {
  try {
    on?.(event);
  } catch (error) {
    report(asError(error));
  }
}
