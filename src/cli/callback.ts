/**
 * Loopback redirect URI of the CLI (RFC 8252 §7.3), on 127.0.0.1 alone.
 * Accepts only the response with the `state` of this sign-in; any other request gets an error page and changes nothing.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseUrl } from '../lib/url.ts';
import { messagePage } from '../pages/message.ts';
import { ENGLISH as words } from '../words/words.ts';
import { CliError, type Terminal } from './terminal.ts';

const PATH = '/callback';

/** A listener for one sign-in at a time. */
export interface Callback {
  readonly port: number;
  readonly redirectUri: string;
  /** Waits for the answer with this state. @throws {CliError} when it does not arrive in time. */
  answer(state: string, timeout: number): Promise<URLSearchParams>;
  stop(): void;
}

/** Listens on the wanted port if it is free, else on any. @param port 0 for any. @param more how to get more time, after the error of a timeout. */
export async function listenForCallback(
  port: number,
  terminal: Pick<Terminal, 'after'>,
  more = '; --timeout SECONDS gives more time',
): Promise<Callback> {
  let waiting: { readonly state: string; readonly resolve: (answer: URLSearchParams) => void } | null = null;
  let callOff = (): void => undefined; // the timer: one that goes on would keep the process alive
  const server = createServer((request, response) => {
    const url = parseUrl(`http://127.0.0.1${request.url?.startsWith('/') ? request.url : '/'}`);
    if (url === null) return show(response, page('nothing'));
    const { pathname, searchParams } = url;
    if (request.method !== 'GET' || pathname !== PATH) return show(response, page('nothing'));
    const states = searchParams.getAll('state');
    if (!waiting || states.length !== 1 || states[0] !== waiting.state) return show(response, page('foreign'));
    const { resolve } = waiting;
    waiting = null;
    callOff();
    response.once('close', () => resolve(searchParams)); // the page first: this server closes after the answer
    show(response, page(searchParams.has('error') ? 'refused' : 'done'));
  });
  const bind = (wanted: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await bind(port).catch((error: NodeJS.ErrnoException) => {
    if (port === 0 || error.code !== 'EADDRINUSE') throw error;
    return bind(0);
  });
  const taken = (server.address() as AddressInfo).port;
  return {
    port: taken,
    redirectUri: `http://127.0.0.1:${taken}${PATH}`,
    answer: (state, timeout) =>
      new Promise((resolve, reject) => {
        callOff();
        callOff = terminal.after(timeout, () => {
          waiting = null;
          reject(new CliError(`The sign-in was not finished within ${timeout} seconds. Run it again${more}.`));
        });
        waiting = { state, resolve };
      }),
    stop() {
      callOff();
      server.close();
      server.closeAllConnections();
    },
  };
}

function page(what: 'done' | 'refused' | 'foreign' | 'nothing'): Response {
  const close = 'You can close this page and go back to the terminal.';
  if (what === 'done') return messagePage({ words, title: 'Signed in', message: close });
  if (what === 'refused') return messagePage({ words, title: 'Access was not allowed', message: close, mark: 'alert' });
  if (what === 'nothing') return messagePage({ words, title: 'Nothing is here', message: close, status: 404, mark: 'alert' });
  const message = 'This answer does not belong to the sign-in that the terminal waits for.';
  return messagePage({
    words,
    title: 'Not this sign-in',
    message,
    whatToDo: 'Open the link that the terminal shows.',
    status: 400,
    mark: 'alert',
  });
}

/** Closes the connection after the page, so that nothing keeps the process alive. */
function show(to: ServerResponse, page: Response): void {
  to.writeHead(page.status, { ...Object.fromEntries(page.headers), connection: 'close' });
  void page.text().then((text) => to.end(text));
}
