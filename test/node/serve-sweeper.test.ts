import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSweeper } from '../../src/node/serve.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('node/serve, sweeps', () => {
  it('sweeps a bounded number now and then, never twice at once, until it is called off', async () => {
    const asked: number[] = [];
    const gate = Promise.withResolvers<number>();
    const stop = startSweeper((most) => (asked.push(most), gate.promise));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked).toEqual([2000]);
    gate.resolve(7);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(3);
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(3);
  });

  it('FLT-19 continues without long pauses while much has expired, and pauses again afterwards', async () => {
    let [expired, goes] = [50_000, 0];
    const stop = startSweeper(async (most) => {
      goes++;
      const removed = Math.min(most, expired);
      expired -= removed;
      return removed;
    });
    await vi.advanceTimersByTimeAsync(5000 + 25 * 100);
    expect([expired, goes]).toEqual([0, 26]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(goes).toBe(28);
    stop();
  });

  it('reports a failed sweep in one line with its cause, and continues', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    let times = 0;
    const stop = startSweeper(() => (times++, Promise.reject(new Error('down', { cause: new Error('no\nroom') }))));
    await vi.advanceTimersByTimeAsync(5000);
    await vi.waitFor(() => expect(said.mock.calls.length).toBe(1));
    await vi.advanceTimersByTimeAsync(5000);
    await vi.waitFor(() => expect([times, said.mock.calls.length]).toEqual([2, 2]));
    expect(said.mock.calls[0]).toEqual([
      expect.stringMatching(/^portcullis: expired records could not be swept: Error: down; caused by Error: no room.*$/),
    ]);
    stop();
    said.mockRestore();
  });
});
