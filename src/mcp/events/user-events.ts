/**
 * News for one user: "what you may use has changed", "what you have subscribed to is not what it was". Whoever changes a user's rights, or a
 * resource, publishes it; the streams that this user's clients hold open, in whichever process, hear of it and ask anew. Nobody else's do.
 */
import type { Access } from '../../model/access.ts';
import { keyOf } from '../../model/live-permissions.ts';
import type { Awaitable } from '../../model/runtime.ts';

/** Which lists changed. */
export type ListKind = 'tools' | 'resources' | 'prompts';

/**
 * A piece of news: a list changed; a resource was updated, which is told to whoever has subscribed to it; resources were, and it is not known which, so
 * that every subscription is told.
 */
export type UserEvent = ListKind | 'updates' | { readonly updated: string };

/** Whose lists: the user, and the issuer where that is not our own server. */
export interface EventUser {
  readonly userId: string;
  readonly issuer?: string | undefined;
}

/** Carries news from whoever publishes to the streams of a user. */
export interface UserEvents {
  /** @param news default: all three lists. */
  publish(user: EventUser, news?: readonly UserEvent[]): Awaitable<void>;
  /** @returns ends it; may be called again. */
  subscribe(user: EventUser, listener: (news: UserEvent) => void): () => void;
}

/** What an engine must do: carry a text to every process that listens, this one included. */
export interface Channel {
  send(text: string): Awaitable<void>;
  /** Called once, when somebody first subscribes. @param missed to be called when texts may have been lost, as while the connection was. */
  listen(receive: (text: string) => void, missed: () => void): void;
}

/** The lists. */
export const LISTS: readonly ListKind[] = ['tools', 'resources', 'prompts'];
/** What is told to whoever may have missed something. */
export const MISSED: readonly UserEvent[] = [...LISTS, 'updates'];

/** News within one process; or through a channel, among all that share it. */
export function userEvents(channel: Channel | null = null): UserEvents {
  const listeners = new Map<string, Set<(news: UserEvent) => void>>();
  let listening = false;
  const deliver = (user: string, news: readonly UserEvent[]): void => {
    for (const listener of listeners.get(user) ?? []) for (const one of news) listener(one);
  };
  return {
    async publish({ issuer, userId }, news = LISTS) {
      const user = keyOf(issuer, userId);
      if (channel) await channel.send(JSON.stringify([user, news]));
      else deliver(user, news);
    },
    subscribe({ issuer, userId }, listener) {
      if (channel && !listening) {
        listening = true;
        const receive = (text: string): void => {
          const news = readNews(text);
          if (news) deliver(...news);
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

/** Whose news a caller hears. */
export function eventUserOf({ issuer, userId }: Access): EventUser {
  return { issuer, userId };
}

/** What comes over a shared channel is checked: others may write to it. */
function readNews(text: string): readonly [string, readonly UserEvent[]] | null {
  try {
    const [user, news] = JSON.parse(text) as [unknown, unknown];
    return typeof user === 'string' && Array.isArray(news) ? [user, news.filter(isUserEvent)] : null;
  } catch {
    return null; // not ours
  }
}

/** Whether it is a piece of news that this version knows. */
export function isUserEvent(one: unknown): one is UserEvent {
  return MISSED.includes(one as UserEvent) || typeof (one as { updated?: unknown } | null)?.updated === 'string';
}
