/** The streams of sessions: what a client that reads nothing may gather. */
import { describe, expect, it } from 'vitest';
import { eventStream } from '../../../src/mcp/sessions/notifications.ts';

const LARGE = { data: 'x'.repeat(100_000) };

describe('mcp/sessions/notifications', () => {
  it('ends the stream of a client that reads nothing, and loses nothing that was written at once', async () => {
    const until = new AbortController();
    let written = 0;
    const stream = eventStream(until, async (write) => {
      while (!until.signal.aborted && written < 1000) {
        for (let at = 0; at < 3; at++, written++) write(LARGE);
        await Promise.resolve();
      }
    });
    const text = await stream.text();
    expect(until.signal.aborted).toBe(true);
    expect(written).toBeLessThan(20);
    expect(text.split('event: message').length - 1).toBe(written);
  });

  it('goes on for a client that reads, however much it is sent', async () => {
    const until = new AbortController();
    const stream = eventStream(until, async (write) => {
      for (let at = 0; at < 50; at++) {
        write(LARGE);
        await new Promise((next) => setTimeout(next, 0));
      }
    });
    expect((await stream.text()).split('event: message').length - 1).toBe(50);
  });
});
