/**
 * Wishes: what a client of 2025 asks of its session for all that follows (`logging/setLevel`, `resources/subscribe`). The server is made anew
 * for each request, so the session remembers: when a server has said yes, or, of subscriptions, when it only declared that it takes them.
 */

/** What a session remembers of it. */
export type Subscriptions = {
  /** The least level of log messages; null until the client has said one. */
  readonly level: string | null;
  /** Resources whose changes it wants to hear of, as it wrote their URIs. */
  readonly subscribed: readonly string[];
};

/** One wish. */
export type Subscription =
  | { readonly kind: 'level'; readonly level: string }
  | { readonly kind: 'subscribe' | 'unsubscribe'; readonly uri: string };

/** Before a client has wished for anything. */
export const NO_SUBSCRIPTIONS: Subscriptions = { level: null, subscribed: [] };
/** RFC 5424, §6.2.1, from the least. */
const LEVELS: readonly string[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
/** Resources that one session may be subscribed to. */
export const MAX_SUBSCRIPTIONS = 100;
const MAX_URI_LENGTH = 1000;
const METHOD_NOT_FOUND = -32601;

/** The wish in a request; null where it is none, or none that can be remembered. */
export function subscriptionIn(message: { readonly method?: unknown; readonly params?: unknown }): Subscription | null {
  const { level, uri } = (message.params ?? {}) as { level?: unknown; uri?: unknown };
  if (message.method === 'logging/setLevel') return typeof level === 'string' && LEVELS.includes(level) ? { kind: 'level', level } : null;
  if (typeof uri !== 'string') return null;
  if (message.method === 'resources/subscribe') return { kind: 'subscribe', uri };
  return message.method === 'resources/unsubscribe' ? { kind: 'unsubscribe', uri } : null;
}

/** Whether a server's answer is a yes: a result; or that it has no such method, where it declared that resources may be subscribed to. */
export function isGranted(
  wish: Subscription,
  answer: { readonly result?: unknown; readonly error?: unknown },
  canSubscribe: boolean,
): boolean {
  if (answer.result !== undefined) return true;
  return wish.kind !== 'level' && canSubscribe && (answer.error as { code?: unknown } | undefined)?.code === METHOD_NOT_FOUND;
}

/** What is wished for after a wish; null for more than a session remembers. */
export function subscriptionsAfter({ level, subscribed }: Subscriptions, wish: Subscription): Subscriptions | null {
  if (wish.kind === 'level') return { level: wish.level, subscribed };
  const others = subscribed.filter((uri) => uri !== wish.uri);
  if (wish.kind === 'unsubscribe') return { level, subscribed: others };
  return others.length >= MAX_SUBSCRIPTIONS || wish.uri.length > MAX_URI_LENGTH ? null : { level, subscribed: [...others, wish.uri] };
}

/** The resources that a client of 2026-07-28 wants to hear of, in the parameters of `subscriptions/listen`; what is no list is one thing that has no URI. */
export function watchedIn(params: { readonly notifications?: unknown } | undefined): readonly unknown[] {
  const { resourceSubscriptions = [] } = (params?.notifications ?? {}) as { resourceSubscriptions?: unknown };
  return Array.isArray(resourceSubscriptions) ? resourceSubscriptions : [null];
}

/** The URI of a resource as this client wrote it; null where it is not subscribed to. Two spellings of one URL are one. */
export function subscribedAs({ subscribed }: Pick<Subscriptions, 'subscribed'>, uri: string): string | null {
  return subscribed.find((one) => one === uri || spelled(one) === spelled(uri)) ?? null;
}

/** Whether it is a log message that is less than what the client wants to hear. */
export function isBelow(level: string | null, message: { readonly method?: string; readonly params?: unknown }): boolean {
  if (level === null || message.method !== 'notifications/message') return false;
  const of = LEVELS.indexOf(String((message.params as { level?: unknown } | undefined)?.level));
  return of !== -1 && of < LEVELS.indexOf(level);
}

function spelled(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).href : uri;
}
