/** Timers of a test with a faked clock. */
import { vi } from 'vitest';

/** How many faked timers are left. What ends an answer may clear its timer a turn after the reader has seen the end. */
export async function timersLeft(): Promise<number> {
  for (let turn = 0; turn < 500 && vi.getTimerCount() > 0; turn++) await vi.advanceTimersByTimeAsync(0);
  return vi.getTimerCount();
}
