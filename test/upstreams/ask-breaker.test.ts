import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeBreaker, makeBreakers } from '../../src/upstreams/ask.ts';
import { UpstreamError } from '../../src/upstreams/contract.ts';

const down = async (): Promise<never> => {
  throw new UpstreamError('unavailable', 'network');
};

function make(): { run: ReturnType<typeof makeBreaker>['run']; pass: (seconds: number) => void; fail: (times: number) => Promise<void> } {
  let now = 1000;
  const { run } = makeBreaker(() => now);
  return {
    run,
    pass: (seconds) => void (now += seconds),
    async fail(times) {
      for (let n = 0; n < times; n++) await run(down).catch(() => undefined);
    },
  };
}
const reasonOf = async (going: Promise<unknown>): Promise<string> => {
  const outcome = await going.catch((error: unknown) => error);
  return outcome instanceof UpstreamError ? outcome.reason : 'through';
};

describe('upstreams/ask, the breaker', () => {
  it('FLT-17 refuses at once after five failures in a row, with the seconds to wait', async () => {
    const { run, fail } = make();
    await fail(4);
    expect(await reasonOf(run(down))).toBe('network');
    await expect(run(down)).rejects.toMatchObject({ failure: 'unavailable', reason: 'breaker_open', retryAfter: 5 });
  });

  it('FLT-17 lets one request try after that, waits longer after each failed try, and closes with the first that works', async () => {
    const { run, fail, pass } = make();
    await fail(5);
    pass(5);
    let answer: (value: string) => void = () => undefined;
    const probe = run(() => new Promise<string>((resolve) => (answer = resolve)));
    expect(await reasonOf(run(async () => 'fine'))).toBe('breaker_open'); // no herd behind the probe
    answer('fine');
    expect([await probe, await run(async () => 'fine')]).toEqual(['fine', 'fine']);
    await fail(5);
    pass(5);
    await fail(1);
    pass(9);
    expect(await reasonOf(run(async () => 'fine'))).toBe('breaker_open');
    pass(1);
    expect(await run(async () => 'fine')).toBe('fine');
  });

  it('restarts its count at each success, and counts no refusal and no 429, which concern one user', async () => {
    const { run, fail } = make();
    await fail(4);
    await run(async () => 'fine');
    await fail(4);
    for (const error of [new UpstreamError('broken', 'status_400'), new UpstreamError('unavailable', 'status_429', { retryAfter: 60 })])
      for (let n = 0; n < 6; n++) expect(await reasonOf(run(() => Promise.reject(error)))).toBe(error.reason);
    expect(await run(async () => 'fine')).toBe('fine');
  });

  it('stays away for as long as the provider says, within bounds', async () => {
    const { run, pass } = make();
    await run(() => Promise.reject(new UpstreamError('unavailable', 'status_503', { retryAfter: 3000 }))).catch(() => undefined);
    pass(59);
    expect(await reasonOf(run(async () => 'fine'))).toBe('breaker_open');
    pass(1);
    expect(await run(async () => 'fine')).toBe('fine');
  });

  it('gives up a probe that never ends after ten seconds, and lets the next request try (FLT-17)', async () => {
    const { run, fail, pass } = make();
    await fail(5);
    pass(5);
    void run(() => new Promise<void>(() => undefined));
    pass(9);
    expect(await reasonOf(run(async () => 'fine'))).toBe('breaker_open');
    pass(1);
    expect(await run(async () => 'fine')).toBe('fine');
  });

  it('probes again at once after a probe that the upstream answered with a refusal', async () => {
    const { run, fail, pass } = make();
    await fail(5);
    pass(5);
    expect(await reasonOf(run(() => Promise.reject(new UpstreamError('broken', 'status_400'))))).toBe('status_400');
    expect(await run(async () => 'fine')).toBe('fine');
  });

  it('keeps others behind a probe while a request of before it ends', async () => {
    const { run, fail, pass } = make();
    let end: (error: Error) => void = () => undefined;
    const early = reasonOf(run(() => new Promise((_, reject) => (end = reject))));
    await fail(5);
    pass(5);
    void run(() => new Promise<void>(() => undefined));
    end(new UpstreamError('broken', 'late'));
    expect(await early).toBe('late');
    expect(await reasonOf(run(async () => 'fine'))).toBe('breaker_open');
  });

  it('counts no refusal of a breaker within it', async () => {
    const { run } = make();
    for (let n = 0; n < 6; n++) await reasonOf(run(() => Promise.reject(new UpstreamError('unavailable', 'breaker_open'))));
    expect(await run(async () => 'fine')).toBe('fine');
  });

  it('counts in seconds of the clock of the machine', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 });
    onTestFinished(() => void vi.useRealTimers());
    const { run } = makeBreaker();
    for (let n = 0; n < 5; n++) await reasonOf(run(down));
    vi.setSystemTime(1_700_000_004_000);
    await expect(run(down)).rejects.toMatchObject({ reason: 'breaker_open', retryAfter: 1 });
    vi.setSystemTime(1_700_000_005_000);
    expect(await run(async () => 'fine')).toBe('fine');
  });
});

describe('upstreams/ask, a breaker where the clock goes back', () => {
  it('is not open for longer than it was meant to be', async () => {
    const { run, pass, fail } = make();
    await fail(5);
    pass(-600);
    expect(await reasonOf(run(async () => 'fine'))).toBe('through');
  });

  it('lets another request probe', async () => {
    const { run, pass, fail } = make();
    await fail(5);
    pass(5);
    void run(() => new Promise(() => undefined));
    expect(await reasonOf(run(async () => 'fine'))).toBe('breaker_open');
    pass(-600);
    expect(await reasonOf(run(async () => 'fine'))).toBe('through');
  });
});

describe('upstreams/ask, a breaker of many visitors', () => {
  const fail = async (of: ReturnType<typeof makeBreakers>, visitor: string, times = 5): Promise<void> => {
    for (let at = 0; at < times; at++)
      await of(visitor)
        .run(down)
        .catch(() => undefined);
  };

  it('lets no single visitor open the circuit for the others (F-44)', async () => {
    const of = makeBreakers(() => 1000);
    await fail(of, 'one', 50);
    expect(await reasonOf(of('one').run(async () => 'fine'))).toBe('breaker_open');
    expect(await reasonOf(of('another').run(async () => 'fine'))).toBe('through');
    await fail(of, 'one', 50);
    expect(await reasonOf(of('third').run(async () => 'fine'))).toBe('through');
  });

  it('opens for all when several visitors in a row fail (FLT-17)', async () => {
    let now = 1000;
    const of = makeBreakers(() => now);
    for (const visitor of 'abcdefgh') await fail(of, visitor, 1);
    expect(await reasonOf(of('new').run(async () => 'fine'))).toBe('breaker_open');
    now += 60;
    expect(await reasonOf(of('new').run(async () => 'fine'))).toBe('through');
    expect(await reasonOf(of('other').run(async () => 'fine'))).toBe('through');
  });

  it('starts to count visitors anew with each answer (FLT-17)', async () => {
    const of = makeBreakers(() => 1000);
    for (const visitor of 'ab') await fail(of, visitor, 1);
    expect(await reasonOf(of('fine').run(async () => 'fine'))).toBe('through');
    for (const visitor of 'cdefgh') await fail(of, visitor, 1);
    expect(await reasonOf(of('new').run(async () => 'fine'))).toBe('through');
    for (const visitor of 'ij') await fail(of, visitor, 1);
    expect(await reasonOf(of('new').run(async () => 'fine'))).toBe('through');
    for (const visitor of 'klmnopqr') await fail(of, visitor, 1);
    expect(await reasonOf(of('new').run(async () => 'fine'))).toBe('breaker_open');
  });

  it('counts no visitor whose request was refused, or failed in our code', async () => {
    for (const error of [new UpstreamError('broken', 'status_400'), new TypeError('a mistake of ours')]) {
      const of = makeBreakers(() => 1000);
      for (const visitor of 'abc') await of(visitor).run(() => Promise.reject(error)).catch(() => undefined); // prettier-ignore
      for (const visitor of 'defgh') await fail(of, visitor, 1);
      expect(await reasonOf(of('new').run(async () => 'fine'))).toBe('through');
    }
  });

  it('forgets the visitor who asked longest ago, from the thousandth on', async () => {
    const of = makeBreakers(() => 1000);
    await fail(of, 'first');
    for (let n = 0; n < 999; n++) await of(`v${n}`).run(async () => 'fine');
    expect(await reasonOf(of('first').run(async () => 'fine'))).toBe('breaker_open');
    await of('another').run(async () => 'fine');
    expect(await reasonOf(of('first').run(async () => 'fine'))).toBe('breaker_open'); // asked after the others
    for (let n = 0; n < 1000; n++) await of(`w${n}`).run(async () => 'fine');
    expect(await reasonOf(of('first').run(async () => 'fine'))).toBe('through');
  });
});
