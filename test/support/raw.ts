/** One raw exchange over a socket: what was sent goes out as it stands, what comes back is given as text when the peer ends it. */
import { connect, type Socket } from 'node:net';

/** Opens a socket to a local port. */
export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined); // a reset is one of the answers that are tested for
  return socket;
}

/** Collects what a socket says until it matches, or ends. */
export function heard(socket: Socket, until: RegExp = /$^/): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const done = (): void => {
      socket.off('data', more);
      resolve(text);
    };
    const more = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      if (until.test(text)) done();
    };
    socket.on('data', more);
    socket.once('close', done);
  });
}

/** Sends a request as it stands and gives the whole answer. */
export async function exchange(port: number, request: string, until?: RegExp): Promise<string> {
  const socket = await open(port);
  const answer = heard(socket, until);
  socket.write(request, 'latin1');
  const text = await answer;
  socket.destroy();
  return text;
}
