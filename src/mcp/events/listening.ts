/**
 * Streams that a client opens to receive changes (`subscriptions/listen`): they send this user's events only, and end when
 * the token ends, or soon after it was revoked (SEC-190).
 */
import type { RequestState } from '../../model/context.ts';
import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';
import { onAbort } from '../../lib/on-abort.ts';
import type { Access } from '../../model/access.ts';
import { maySee } from '../../model/policy.ts';
import type { Seconds } from '../../model/store.ts';
import type { Policy } from '../policy/policy.ts';
import { eventUserOf, type UserEvent, type UserEvents } from './user-events.ts';
import { subscribedAs, watchedIn } from './subscriptions.ts';

const KINDS = { tools: 'tools_list_changed', resources: 'resources_list_changed', prompts: 'prompts_list_changed' } as const;
/** The maximum delay of a timer. */
const MAX_TIMER_MS = 2_147_483_647;
/** Left of each period for the check itself, so that a revoked stream ends within the period. */
const CHECK_TAKES_MS = 250;
/** How long a stream of a caller without a token lasts. */
const ANONYMOUS_FOR: Seconds = 3600;

/** Whether a body asks for a stream of changes. */
export function isListening(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'method' in body && body.method === 'subscriptions/listen';
}

/** A user's events as the SDK's bus, for one stream. A caller without a token gets none. @param body of the request for the stream. */
export function busFor(events: UserEvents, access: Access | null, body: unknown): ServerEventBus {
  const { params } = body as { readonly params?: { readonly notifications?: unknown } };
  const subscribed = watchedIn(params).filter((uri) => typeof uri === 'string');
  const eventsOf = (event: UserEvent): readonly ServerEvent[] => {
    if (event === 'updates') return subscribed.map((uri) => ({ kind: 'resource_updated', uri }));
    if (typeof event === 'string') return [{ kind: KINDS[event] }];
    const uri = subscribedAs({ subscribed }, event.updated);
    return uri === null ? [] : [{ kind: 'resource_updated', uri }];
  };
  return {
    publish() {
      throw new TypeError(
        'Events are published with `events.publish({ userId })`, which reaches the streams of one user in all processes.',
      );
    },
    subscribe: (listener) =>
      access ? events.subscribe(eventUserOf(access), (event) => eventsOf(event).forEach((one) => listener(one))) : () => undefined,
  };
}

/**
 * A user's events for one stream, without updates of resources that the user may no longer read. If that cannot be found out, the update is
 * sent as one of every subscription, which tells nothing.
 */
export function readableOnly(events: UserEvents, policy: Policy, { current }: Pick<RequestState, 'current'>): UserEvents {
  return {
    publish: (...all) => events.publish(...all),
    subscribe: (user, listener) =>
      events.subscribe(user, (event) => {
        const need = typeof event === 'string' ? null : policy.needOf('resource', event.updated);
        if (!need?.permissions?.length || !current) return listener(event);
        current().then(
          (access) => access && maySee(need, access) && listener(event),
          () => listener('updates'),
        );
      }),
  };
}

/**
 * Ends a stream: when the token ends, when a periodic check finds it revoked, and by `abort()`.
 *
 * @param early further reasons to end it: the client disconnects, the server stops.
 * @param every the maximum time from a revocation to the end.
 */
export function endOf(
  early: readonly (AbortSignal | undefined)[],
  access: Partial<Pick<Access, 'expiresAt'>> | null,
  { stillGood }: Pick<RequestState, 'stillGood'>,
  every: Seconds,
  now: Seconds = Date.now() / 1000,
): AbortController {
  const end = new AbortController();
  const stop = (): void => {
    if (!end.signal.aborted) end.abort();
  };
  const left = access ? (access.expiresAt ?? Infinity) - now : ANONYMOUS_FOR;
  const atExpiry = setTimeout(stop, Math.min(MAX_TIMER_MS, Math.max(0, left * 1000)));
  const checks = setInterval(
    () => {
      // A store that is down does not mean revoked: the next check asks again.
      stillGood?.().then(
        (good) => good || stop(),
        () => undefined,
      );
    },
    every * 1000 - CHECK_TAKES_MS,
  );
  const forgets = early.map((signal) => signal && onAbort(signal, stop));
  onAbort(end.signal, () => {
    clearTimeout(atExpiry);
    clearInterval(checks);
    for (const forget of forgets) forget?.();
  });
  return end;
}

/**
 * Wraps a response to report its end: at once if it is not a stream, else when it was read to its end or cancelled.
 *
 * @param until ends a stream early.
 */
export function tellingItsEnd(response: Response, over: () => void, until?: AbortSignal): Response {
  const { body, headers } = response;
  if (body === null || !(headers.get('content-type') ?? '').startsWith('text/event-stream')) {
    over();
    return response;
  }
  const reader = body.getReader();
  let cut = false;
  let forget = (): void => {};
  const finish = (): void => {
    forget();
    over();
  };
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      if (!until) return;
      forget = onAbort(until, () => {
        cut = true;
        controller.close(); // before the cancellation of the reader, which would have to be awaited
        void reader.cancel().catch(() => undefined);
        over();
      });
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (cut) return;
        if (!done) return controller.enqueue(value);
      } catch (error) {
        if (cut) return;
        finish();
        throw error;
      }
      finish();
      controller.close();
    },
    async cancel(reason) {
      finish();
      await reader.cancel(reason);
    },
  });
  return new Response(stream, response);
}
