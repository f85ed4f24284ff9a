import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Callback, listenForCallback } from '../../src/cli/callback.ts';
import { freePort } from '../support/port.ts';

const open: Callback[] = [];
afterEach(() => {
  for (const callback of open.splice(0)) callback.stop();
});

/** Listens; stopped after the test. */
async function listen(...args: Parameters<typeof listenForCallback>): Promise<Callback> {
  const callback = await soon(listenForCallback(...args));
  open.push(callback);
  return callback;
}

/** What must not hang: everything here takes milliseconds on a machine that has nothing else to do. */
function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('nothing came')), 120_000)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const ALERT = 'class="mark alert"';

/** A terminal whose time is over when the test says so. */
function makeTerminal() {
  const timers: { readonly seconds: number; readonly end: () => void; off: boolean }[] = [];
  const after = (seconds: number, end: () => void): (() => void) => {
    const timer = { seconds, end, off: false };
    timers.push(timer);
    return () => void (timer.off = true);
  };
  return { timers, after };
}
const ask = async (url: string, init: RequestInit = {}): Promise<[number, string, Headers]> => {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(120_000) });
  return [response.status, await response.text(), response.headers];
};

describe('cli/callback', () => {
  it('listens on 127.0.0.1, on the wanted port if it is free, else on another', async () => {
    const free = await listen(0, makeTerminal());
    expect([free.port > 0, free.redirectUri]).toEqual([true, `http://127.0.0.1:${free.port}/callback`]);
    const any = await listen(await freePort(), makeTerminal()); // which no other process takes meanwhile
    const other = await listen(any.port, makeTerminal());
    expect(other.port).not.toBe(any.port);
    other.stop();
    any.stop();
    const again = await listen(any.port, makeTerminal());
    expect(again.port).toBe(any.port);
    again.stop();
    await expect(listen(70_000, makeTerminal())).rejects.toThrow();
  });

  it('is reached on 127.0.0.1 alone: by no other address of this computer', async () => {
    const { port } = await listen(0, makeTerminal());
    expect((await ask(`http://127.0.0.1:${port}/`))[0]).toBe(404);
    for (const host of ['127.0.0.2', '[::1]']) await expect(ask(`http://${host}:${port}/`)).rejects.toThrow();
  });

  it('leaves no connection open when it stops, not even one whose request is not over', async () => {
    const callback = await listen(0, makeTerminal());
    const socket = connect(callback.port, '127.0.0.1', () => socket.write('GET /callback HTTP/1.1\r\n'));
    socket.on('error', () => undefined);
    const over = new Promise<string>((resolve) => socket.on('close', () => resolve('over')));
    await ask(callback.redirectUri); // the connection is there by now
    callback.stop();
    expect(await soon(over)).toBe('over');
  });

  it('shows a page, and then gives the answer with the state of this sign-in, once', async () => {
    const { timers, after } = makeTerminal();
    const callback = await listen(0, { after });
    const answer = callback.answer('st4te', 60);
    const [status, text, headers] = await ask(`${callback.redirectUri}?code=c&state=st4te`);
    expect([status, headers.get('connection')]).toEqual([200, 'close']);
    for (const part of ['class="mark done"', 'Signed in', 'You can close this page and go back to the terminal.'])
      expect(text).toContain(part);
    expect([...(await soon(answer))]).toEqual([['code', 'c'], ['state', 'st4te']]); // prettier-ignore
    expect(timers.map(({ seconds, off }) => [seconds, off])).toEqual([[60, true]]);
    expect((await ask(`${callback.redirectUri}?code=c&state=st4te`))[0]).toBe(400);
    callback.stop();
    await expect(fetch(callback.redirectUri)).rejects.toThrow();
  });

  it('says on the page that access was not allowed', async () => {
    const callback = await listen(0, makeTerminal());
    const answer = callback.answer('st4te', 60);
    const [status, text] = await ask(`${callback.redirectUri}?error=access_denied&state=st4te`);
    expect([status, text.includes('Access was not allowed'), text.includes('go back to the terminal'), text.includes(ALERT)]).toEqual([
      200,
      true,
      true,
      true,
    ]);
    expect((await soon(answer)).get('error')).toBe('access_denied');
    callback.stop();
  });

  it('takes no other request for the answer, and goes on to wait', async () => {
    const callback = await listen(0, makeTerminal());
    const before = await ask(`${callback.redirectUri}?state=st4te`); // no sign-in waits yet
    expect([before[0], before[1].includes('Not this sign-in'), before[1].includes('Open the link that the terminal shows.')]).toEqual([400, true, true]);
    expect(before[1]).toContain(ALERT);
    expect(before[1]).toContain('This answer does not belong to the sign-in that the terminal waits for.');
    const answer = callback.answer('st4te', 60);
    for (const query of ['', '?state=other', '?state=st4te&state=st4te', '?State=st4te']) expect((await ask(callback.redirectUri + query))[0]).toBe(400);
    const origin = callback.redirectUri.slice(0, -'/callback'.length);
    for (const [path, method] of [['/?state=st4te', 'GET'], ['/callback/?state=st4te', 'GET'], ['/callback?state=st4te', 'POST'], ['/callback?state=st4te', 'PUT']] as const) {
      const [status, text] = await ask(origin + path, { method });
      expect([status, text.includes('Nothing is here'), text.includes(ALERT)]).toEqual([404, true, true]);
    }
    for (const target of ['http://x/callback?state=st4te', '*/callback?state=st4te']) expect(await soon(rawStatus(callback.port, `GET ${target}`))).toBe('404');
    await ask(`${callback.redirectUri}?state=st4te`);
    expect((await soon(answer)).get('state')).toBe('st4te');
    callback.stop();
  }); // prettier-ignore

  it('leaves no timer when it stops or waits for another sign-in, which would keep the process alive', async () => {
    const { timers, after } = makeTerminal();
    const callback = await listen(0, { after });
    void callback.answer('st4te', 60);
    void callback.answer('other', 90);
    expect(timers.map(({ seconds, off }) => [seconds, off])).toEqual([[60, true], [90, false]]); // prettier-ignore
    callback.stop();
    expect(timers.map(({ off }) => off)).toEqual([true, true]);
  });

  it('gives up when the time is over, says what to do, and takes no answer after that', async () => {
    const { timers, after } = makeTerminal();
    const callback = await listen(0, { after });
    const answer = callback.answer('st4te', 60);
    timers[0]?.end();
    await expect(soon(answer)).rejects.toThrow(
      'The sign-in was not finished within 60 seconds. Run it again; --timeout SECONDS gives more time.',
    );
    expect((await ask(`${callback.redirectUri}?state=st4te`))[0]).toBe(400);
    callback.stop();
  });
});

/** The status of a request whose target is no path. */
async function rawStatus(port: number, line: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(`${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString())).on('close', () => resolve(text.split(' ')[1])).on('error', reject);
  });
} // prettier-ignore
