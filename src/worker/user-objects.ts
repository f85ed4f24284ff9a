/** Durable Objects of which each user has one: its database, in SQLite, and the events for its open streams. */
import { DurableObject } from 'cloudflare:workers';
import { type Databases, type SqlRow, statementOf, type UserDatabase } from '../model/user-state.ts';
import type { ObjectNamespace } from '../stores/object-namespace.ts';
import { isUserEvent, LISTS, MISSED, type UserEvents } from '../mcp/events/user-events.ts';
import { keyOf } from '../model/live-permissions.ts';

/**
 * The database of one user. Export it from the Worker and bind it (`new_sqlite_classes`), for {@link objectDatabases}.
 *
 * @example
 * export { PortcullisDatabase } from 'portcullis/worker';
 */
export class PortcullisDatabase extends DurableObject<unknown> {
  /** Carries out a statement. Reached through the binding alone, never from outside. */
  query(statement: string, values: readonly (string | number | null)[]): SqlRow[] {
    return this.ctx.storage.sql.exec(statement, ...values).toArray() as SqlRow[];
  }
}

/**
 * A database for each user, in a Durable Object, for `McpAgent.databases` and `this.sql`.
 *
 * @param namespace finds the binding in the environment, class `PortcullisDatabase`.
 * @throws {TypeError} with the first query, if the binding is missing.
 * @example
 * class NotesAgent extends McpAgent<Env> {
 *   static override databases = objectDatabases((env: Env) => env['USERS']);
 *   server = new McpServer({ name: 'notes', version: '1.0.0' });
 *   async init() {}
 * }
 */
export function objectDatabases<Env>(namespace: (env: Env) => ObjectNamespace): Databases {
  return (name, env) => {
    const objects = namespace(env as Env) as ObjectNamespace | undefined;
    if (typeof objects?.idFromName !== 'function')
      throw new TypeError(
        'objectDatabases: the Durable Object binding is missing. Add it to the Worker configuration, class PortcullisDatabase.',
      );
    const object = objects.get(objects.idFromName(name) as never) as UserDatabase;
    return { query: (statement, values) => object.query(statementOf(statement), values) };
  };
}

/**
 * The events of one user: an object with the sockets of that user's streams, which hibernates between notifications and stores nothing on disk.
 * Export it from the Worker and bind it (`new_sqlite_classes`), for `objectEvents`.
 *
 * @example
 * export { PortcullisNews } from 'portcullis/worker';
 */
export class PortcullisNews extends DurableObject<unknown> {
  /** Takes a socket that wants to hear. Reached through the binding alone, never from outside. */
  override fetch(request: Request): Response {
    if (request.headers.get('upgrade') !== 'websocket') return new Response('Only for WebSockets.', { status: 426 });
    const [client, server] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    this.ctx.acceptWebSocket(server); // hibernates: an open stream costs nothing while there is no news
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Tells all sockets. */
  publish(text: string): void {
    for (const socket of this.ctx.getWebSockets()) if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }
}

/** A namespace whose class is `PortcullisNews`, as far as it is used here. */
export interface NewsNamespace {
  idFromName(name: string): unknown;
  get(id: never): unknown;
}

interface NewsObject {
  fetch(url: string, init: RequestInit): Promise<Response>;
  publish(text: string): Promise<void>;
}

const PAUSE_MS = 5000;

/**
 * Events for the open streams of a user, among all isolates, through a Durable Object for each user.
 *
 * @param namespace the binding, class `PortcullisNews`: `import { env } from 'cloudflare:workers'`.
 * @param onError called if a stream cannot listen; it tries again every five seconds. Default: `console.error`.
 * @throws {TypeError} if the binding is missing.
 * @example
 * mcpHandler(() => new McpServer({ name: 'notes', version: '1.0.0' }), { events: objectEvents(env['NEWS']) })
 */
export function objectEvents(namespace: NewsNamespace, onError: (error: unknown) => void = logError): UserEvents {
  if (typeof (namespace as NewsNamespace | undefined)?.idFromName !== 'function')
    throw new TypeError('objectEvents: the Durable Object binding is missing. Add it to the Worker configuration, class PortcullisNews.');
  const objectOf = (user: string): NewsObject => namespace.get(namespace.idFromName(user) as never) as NewsObject;
  return {
    async publish({ issuer, userId }, events = LISTS) {
      await objectOf(keyOf(issuer, userId)).publish(JSON.stringify(events));
    },
    subscribe({ issuer, userId }, listener) {
      const user = keyOf(issuer, userId);
      const hear = (text: unknown): void => {
        (JSON.parse(String(text)) as unknown[]).filter(isUserEvent).forEach((one) => listener(one));
      };
      return keepListening(
        () => objectOf(user),
        hear,
        () => MISSED.forEach((one) => listener(one)),
        onError,
      );
    },
  };
}

/**
 * Holds one socket open until it is told to stop; each stream has its own, because an isolate cannot share a connection between requests. What was told
 * while it was broken is not known, so that counts as news of everything.
 */
function keepListening(
  object: () => NewsObject,
  hear: (text: unknown) => void,
  missed: () => void,
  onError: (error: unknown) => void,
): () => void {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let ended = false;
  const later = (error: unknown): void => {
    if (ended) return;
    onError(error);
    timer = setTimeout(() => void open(true).catch(later), PAUSE_MS);
  };
  const open = async (again: boolean): Promise<void> => {
    const { webSocket } = await object().fetch('https://news.invalid/', { headers: { upgrade: 'websocket' } });
    if (!webSocket) throw new Error('The object of PortcullisNews gave no socket.');
    webSocket.accept();
    if (ended) return webSocket.close(1000);
    socket = webSocket;
    webSocket.addEventListener('message', ({ data }) => hear(data));
    webSocket.addEventListener('close', () => {
      if (!ended) void open(true).catch(later); // the object was moved, or its code replaced
    });
    if (again) missed();
  };
  open(false).catch(later);
  return () => {
    ended = true;
    clearTimeout(timer);
    socket?.close(1000);
  };
}

function logError(error: unknown): void {
  console.error('portcullis: events of changed rights do not arrive', error);
}
