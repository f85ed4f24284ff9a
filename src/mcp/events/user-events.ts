/**
 * Events for one user: a list changed, or a subscribed resource was updated. The code that changes a user's rights, or a resource, publishes
 * the event; the open streams of this user's clients, in any process, receive it. Streams of other users do not.
 */
import type { Access } from '../../model/access.ts';
import { keyOf } from '../../model/live-permissions.ts';
import type { Awaitable } from '../../model/runtime.ts';

/** Which lists changed. */
export type ListKind = 'tools' | 'resources' | 'prompts';

/**
 * An event: a list changed; a resource was updated, which is sent to its subscribers; or resources were updated, and it is not known which,
 * so that it is sent for every subscription.
 */
export type UserEvent = ListKind | 'updates' | { readonly updated: string };

/** The user that an event is for, and the issuer if that is not our own server. */
export interface EventUser {
  readonly userId: string;
  readonly issuer?: string | undefined;
}

/** Carries events from their publishers to the streams of a user. */
export interface UserEvents {
  /** @param events default: all three lists. */
  publish(user: EventUser, events?: readonly UserEvent[]): Awaitable<void>;
  /** @returns a function that ends the subscription; it may be called again. */
  subscribe(user: EventUser, listener: (event: UserEvent) => void): () => void;
}

/** What an engine must do: deliver a text to every process that listens, this one included. */
export interface Channel {
  send(text: string): Awaitable<void>;
  /** Called once, at the first subscription. @param missed to be called when texts may have been lost, as after a lost connection. */
  listen(receive: (text: string) => void, missed: () => void): void;
}

/** The lists. */
export const LISTS: readonly ListKind[] = ['tools', 'resources', 'prompts'];
/** Sent to subscribers that may have missed an event. */
export const MISSED: readonly UserEvent[] = [...LISTS, 'updates'];

/**
 * Events for the open streams of a user: within one process or, through a channel, in all processes that share it.
 *
 * @example
 * const events = userEvents();
 * await events.publish({ userId: 'ada' }, ['tools']); // her clients read the list of tools again
 */
export function userEvents(channel: Channel | null = null): UserEvents {
  const listeners = new Map<string, Set<(event: UserEvent) => void>>();
  let listening = false;
  const deliver = (user: string, events: readonly UserEvent[]): void => {
    for (const listener of listeners.get(user) ?? []) for (const one of events) listener(one);
  };
  return {
    async publish({ issuer, userId }, events = LISTS) {
      const user = keyOf(issuer, userId);
      if (channel) await channel.send(JSON.stringify([user, events]));
      else deliver(user, events);
    },
    subscribe({ issuer, userId }, listener) {
      if (channel && !listening) {
        listening = true;
        const receive = (text: string): void => {
          const message = readMessage(text);
          if (message) deliver(...message);
        };
        channel.listen(receive, () => [...listeners.keys()].forEach((user) => deliver(user, MISSED)));
      }
      const user = keyOf(issuer, userId);
      const own = listeners.get(user) ?? new Set();
      listeners.set(user, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(user) === own) listeners.delete(user);
      };
    },
  };
}

/** The user for which a caller receives events. */
export function eventUserOf({ issuer, userId }: Access): EventUser {
  return { issuer, userId };
}

/** Messages of a shared channel are checked: other programs may write to it. */
function readMessage(text: string): readonly [string, readonly UserEvent[]] | null {
  try {
    const [user, events] = JSON.parse(text) as [unknown, unknown];
    return typeof user === 'string' && Array.isArray(events) ? [user, events.filter(isUserEvent)] : null;
  } catch {
    return null; // not ours
  }
}

/** Whether it is an event that this version knows. */
export function isUserEvent(one: unknown): one is UserEvent {
  return MISSED.includes(one as UserEvent) || typeof (one as { updated?: unknown } | null)?.updated === 'string';
}
