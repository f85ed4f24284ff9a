import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { postgresChannel, type PostgresListener } from '../../../src/mcp/events/user-events.ts';

describe('mcp/events/user-events, channels', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('closes a connection on which LISTEN fails, such as that of a standby (F-61)', async () => {
    const open = new Set<object>();
    const connect = (): PostgresListener => {
      const client = {
        query: () => Promise.reject(new Error('cannot execute LISTEN during recovery')),
        on: () => client,
        end: async () => void open.delete(client),
      };
      open.add(client);
      return client as unknown as PostgresListener;
    };
    const errors: string[] = [];
    const channel = postgresChannel({ query: () => Promise.resolve() }, connect, { onError: (error) => void errors.push(String(error)) });
    channel.listen(
      () => undefined,
      () => undefined,
    );
    await vi.advanceTimersByTimeAsync(600_000);
    expect(errors.length).toBeGreaterThan(10);
    expect(errors.every((error) => error.includes('LISTEN'))).toBe(true);
    expect(open.size).toBeLessThanOrEqual(1);
  });
});
