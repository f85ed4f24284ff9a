/**
 * Streams of changes, and what a client subscribes to. A stream (`subscriptions/listen`) sends this user's events only, and ends when the token
 * ends, or soon after it was revoked (SEC-190). A client of 2025 makes its settings for a session (`logging/setLevel`, `resources/subscribe`).
 * Each request has a new server, so the session stores them: once a server has accepted, or, for subscriptions, if it only declared that it
 * supports them.
 */
import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';
import { onAbort } from '../../lib/async.ts';
import { type Access, maySee } from '../../model/access.ts';
import type { RequestState } from '../../model/context.ts';
import type { Seconds } from '../../model/store.ts';
import type { Policy } from '../policy/policy.ts';
import { LEVELS } from '../sdk.ts';
import { eventUserOf, type UserEvent, type UserEvents } from './user-events.ts';

const KINDS = { tools: 'tools_list_changed', resources: 'resources_list_changed', prompts: 'prompts_list_changed' } as const;
/** The maximum delay of a timer. */
const MAX_TIMER_MS = 2_147_483_647;
/** Left of each period for the check itself, so that a revoked stream ends within the period. */
const CHECK_TAKES_MS = 250;
/** How long a stream of a caller without a token lasts. */
const ANONYMOUS_FOR: Seconds = 3600;

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

/** What a session stores of it. */
export type Subscriptions = {
  /** The minimum level of log messages; null until the client has set one. */
  readonly level: string | null;
  /** URIs of the subscribed resources, as the client wrote them. */
  readonly subscribed: readonly string[];
};

/** One setting. */
export type Subscription =
  | { readonly kind: 'level'; readonly level: string }
  | { readonly kind: 'subscribe' | 'unsubscribe'; readonly uri: string };

/** Before a client has set anything. */
export const NO_SUBSCRIPTIONS: Subscriptions = { level: null, subscribed: [] };
/** Maximum resources that one session may subscribe to. */
export const MAX_SUBSCRIPTIONS = 100;
const MAX_URI_LENGTH = 1000;
const METHOD_NOT_FOUND = -32601;

/** The setting in a request; null if it makes none, or none that can be stored. */
export function subscriptionIn(message: { readonly method?: unknown; readonly params?: unknown }): Subscription | null {
  const { level, uri } = (message.params ?? {}) as { level?: unknown; uri?: unknown };
  if (message.method === 'logging/setLevel') return typeof level === 'string' && LEVELS.includes(level) ? { kind: 'level', level } : null;
  if (typeof uri !== 'string') return null;
  if (message.method === 'resources/subscribe') return { kind: 'subscribe', uri };
  return message.method === 'resources/unsubscribe' ? { kind: 'unsubscribe', uri } : null;
}

/** Whether a server accepted: a result; or "method not found", if it declared that resources support subscriptions. */
export function isGranted(
  wish: Subscription,
  answer: { readonly result?: unknown; readonly error?: unknown },
  canSubscribe: boolean,
): boolean {
  if (answer.result !== undefined) return true;
  return wish.kind !== 'level' && canSubscribe && (answer.error as { code?: unknown } | undefined)?.code === METHOD_NOT_FOUND;
}

/** The settings after a change; null if there are more than a session stores. */
export function subscriptionsAfter({ level, subscribed }: Subscriptions, wish: Subscription): Subscriptions | null {
  if (wish.kind === 'level') return { level: wish.level, subscribed };
  const others = subscribed.filter((uri) => uri !== wish.uri);
  if (wish.kind === 'unsubscribe') return { level, subscribed: others };
  return others.length >= MAX_SUBSCRIPTIONS || wish.uri.length > MAX_URI_LENGTH ? null : { level, subscribed: [...others, wish.uri] };
}

/** The resources that a client of 2026-07-28 subscribes to in `subscriptions/listen`; if that is no list, one entry without a URI. */
export function watchedIn(params: { readonly notifications?: unknown } | undefined): readonly unknown[] {
  const { resourceSubscriptions = [] } = (params?.notifications ?? {}) as { resourceSubscriptions?: unknown };
  return Array.isArray(resourceSubscriptions) ? resourceSubscriptions : [null];
}

/** The URI of a resource as this client wrote it; null if it is not subscribed. Two spellings of one URL are the same. */
export function subscribedAs({ subscribed }: Pick<Subscriptions, 'subscribed'>, uri: string): string | null {
  return subscribed.find((one) => one === uri || spelled(one) === spelled(uri)) ?? null;
}

function spelled(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).href : uri;
}
