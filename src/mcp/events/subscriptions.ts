/**
 * Subscriptions: settings that a client of 2025 makes for its session (`logging/setLevel`, `resources/subscribe`). Each request has a new server,
 * so the session stores them: once a server has accepted, or, for subscriptions, if it only declared that it supports them.
 */

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
/** RFC 5424, §6.2.1, lowest first. */
const LEVELS: readonly string[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
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

/** Whether it is a log message below the client's minimum level. */
export function isBelow(level: string | null, message: { readonly method?: string; readonly params?: unknown }): boolean {
  if (level === null || message.method !== 'notifications/message') return false;
  const of = LEVELS.indexOf(String((message.params as { level?: unknown } | undefined)?.level));
  return of !== -1 && of < LEVELS.indexOf(level);
}

function spelled(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).href : uri;
}
