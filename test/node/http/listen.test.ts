/** Where a server listens: its address as URLs have it. Listening itself is tried by test/node/serve.test.ts. */
import type { Server } from 'node:http';
import { describe, expect, it } from 'vitest';
import { listen } from '../../../src/node/http/listen.ts';

/** Port 80 may be taken or not allowed here, so these only say that they listen. */
const listening = (port: number): Server =>
  ({ once() {}, off() {}, listen: (_where: object, done: () => void) => done(), address: () => ({ port }) }) as never;

describe('node/http/listen', () => {
  it('leaves port 80 out of the address, as an origin has none, and keeps every other', async () => {
    const at = async (host: string, port: number): Promise<string> => (await listen([listening(port), listening(port)], host, port)).url;
    expect(await Promise.all([at('localhost', 80), at('0.0.0.0', 80), at('::1', 80)])).toEqual(['http://localhost', 'http://localhost', 'http://[::1]']); // prettier-ignore
    expect(await Promise.all([at('localhost', 8080), at('127.0.0.1', 443)])).toEqual(['http://localhost:8080', 'http://127.0.0.1:443']);
  });
});
