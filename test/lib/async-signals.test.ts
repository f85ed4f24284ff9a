import { describe, expect, it } from 'vitest';
import { onAbort, pause } from '../../src/lib/async.ts';
import { signalThatCounts } from '../support/counting-signal.ts';

describe('lib/async, signals', () => {
  it('runs once, at once where the signal has aborted already', () => {
    let runs = 0;
    const before = new AbortController();
    onAbort(before.signal, () => void runs++);
    before.abort();
    expect(runs).toBe(1);
    onAbort(before.signal, () => void runs++);
    expect(runs).toBe(2);
  });

  it('runs no more when it is forgotten, and leaves no listener (F-61)', () => {
    const { signal, listeners, abort } = signalThatCounts();
    let runs = 0;
    const forget = onAbort(signal, () => void runs++);
    const other = onAbort(signal, () => void runs++);
    expect(listeners()).toBe(2);
    forget();
    other();
    expect(listeners()).toBe(0);
    abort();
    expect(runs).toBe(0);
  });

  it('a pause leaves no listener on a signal that goes on (F-61)', async () => {
    const { signal, listeners } = signalThatCounts();
    const pausing = pause(1, signal);
    expect(listeners()).toBe(1);
    await pausing;
    expect(listeners()).toBe(0);
  });

  it('a pause ends early where the signal aborts, and at once where it has', async () => {
    const { signal, abort } = signalThatCounts();
    const pausing = pause(1_000_000, signal);
    abort();
    await expect(Promise.all([pausing, pause(1_000_000, signal)])).resolves.toBeDefined();
  });
});
