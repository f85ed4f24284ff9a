/**
 * Responses for clients that accept JSON alone or a stream alone, though the protocol requires both: Claude's proxy and ElevenLabs accept a
 * stream, Gemini CLI and simple programs JSON. The SDK answers with 406; here the answer takes the form that is accepted (RFC 9110 §12.5.1).
 */
import { accepts } from '../lib/http.ts';
import type { FetchObject } from '../model/context.ts';

const [JSON_TYPE, STREAM] = ['application/json', 'text/event-stream'] as const;

/** Lets such clients call a handler that answers in both forms. */
export function inOneForm<Env>(answer: FetchObject<Env>['fetch']): FetchObject<Env>['fetch'] {
  return async (request, env, ctx) => {
    const accept = request.headers.get('accept');
    const [json, stream] = [accepts(accept, JSON_TYPE), accepts(accept, STREAM)];
    const endless = request.headers.get('mcp-method') === 'subscriptions/listen';
    if (request.method !== 'POST' || json === stream || (json && endless)) return answer(request, env, ctx);
    const headers = new Headers(request.headers);
    headers.set('accept', `${JSON_TYPE}, ${STREAM}`);
    const response = await answer(new Request(request, { headers }), env, ctx);
    const type = response.headers.get('content-type') ?? '';
    if (json && type.startsWith(STREAM)) return withBody(response, JSON_TYPE, answerIn(await response.text()));
    if (stream && response.status === 200 && type.startsWith(JSON_TYPE))
      return withBody(response, STREAM, `event: message\ndata: ${await response.text()}\n\n`);
    return response;
  };
}

/** The answers in a stream: one, or a list of those to a batch. Notifications and questions of the server have no place in JSON. */
function answerIn(text: string): string {
  const messages = [...text.matchAll(/^data: ?(\{.*\})\r?$/gm)].map(([, data = '']) => JSON.parse(data) as object);
  const answers = messages.filter((message) => !('method' in message));
  return JSON.stringify(answers.length === 1 ? answers[0] : answers);
}

function withBody({ status, headers }: Response, type: string, body: string): Response {
  const own = new Headers(headers);
  own.set('content-type', type);
  own.delete('content-length');
  return new Response(body, { status, headers: own });
}
