/**
 * News for one user: "what you may use has changed". Whoever changes a user's rights publishes it; the streams that this user's
 * clients hold open, in whichever process, hear of it and ask for the lists anew. Nobody else's do.
 */
import type { Access } from '../model/access.ts';
import { keyOf } from '../model/live-permissions.ts';
import type { Awaitable } from '../model/runtime.ts';

/** Which lists changed. */
export type ListKind = 'tools' | 'resources' | 'prompts';

/** Whose lists: the user, and the issuer where that is not our own server. */
export interface EventUser {
  readonly userId: string;
  readonly issuer?: string | undefined;
}

/** Carries news from whoever publishes to the streams of a user. */
export interface UserEvents {
  /** @param lists default: all three. */
  publish(user: EventUser, lists?: readonly ListKind[]): Awaitable<void>;
  /** @returns ends it; may be called again. */
  subscribe(user: EventUser, listener: (list: ListKind) => void): () => void;
}

/** What an engine must do: carry a text to every process that listens, this one included. */
export interface Channel {
  send(text: string): Awaitable<void>;
  /** Called once, when somebody first subscribes. @param missed to be called when texts may have been lost, as while the connection was. */
  listen(receive: (text: string) => void, missed: () => void): void;
}

const ALL: readonly ListKind[] = ['tools', 'resources', 'prompts'];

/** News within one process; or through a channel, among all that share it. */
export function userEvents(channel: Channel | null = null): UserEvents {
  const listeners = new Map<string, Set<(list: ListKind) => void>>();
  let listening = false;
  const deliver = (user: string, lists: readonly ListKind[]): void => {
    for (const listener of listeners.get(user) ?? []) for (const list of lists) listener(list);
  };
  return {
    async publish({ issuer, userId }, lists = ALL) {
      const user = keyOf(issuer, userId);
      if (channel) await channel.send(JSON.stringify([user, lists]));
      else deliver(user, lists);
    },
    subscribe({ issuer, userId }, listener) {
      if (channel && !listening) {
        listening = true;
        const receive = (text: string): void => {
          const news = readNews(text);
          if (news) deliver(...news);
        };
        channel.listen(receive, () => [...listeners.keys()].forEach((user) => deliver(user, ALL)));
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
function readNews(text: string): readonly [string, readonly ListKind[]] | null {
  try {
    const [user, lists] = JSON.parse(text) as [unknown, unknown];
    return typeof user === 'string' && Array.isArray(lists) ? [user, ALL.filter((kind) => lists.includes(kind))] : null;
  } catch {
    return null; // not ours
  }
}
