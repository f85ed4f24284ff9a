/**
 * Notifications of changed permissions on Workers: one Durable Object per user with open streams or changed permissions. It has the
 * sockets of that user's streams, hibernates between notifications, and stores nothing on disk.
 */
import { DurableObject } from 'cloudflare:workers';

/**
 * The events of one user. Export it from the Worker and bind it (`new_sqlite_classes`), for `objectEvents`.
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
