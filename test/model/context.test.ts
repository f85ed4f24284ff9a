import { describe, expect, it } from 'vitest';
import { type Context, RequestState, requestState, withRequestState } from '../../src/model/context.ts';

describe('model/context', () => {
  const ctx = (): Context => ({ waitUntil: () => undefined });

  it('keeps what the runtime knows of a request, for the layers behind it', () => {
    const { signal: stopping } = new AbortController();
    const answered = async (): Promise<void> => undefined;
    expect(new RequestState({ answered, bodyLimit: 7, stopping })).toEqual({ answered, bodyLimit: 7, stopping });
  });

  it('gives a context a state of its own, which copies of it share and no one sees', () => {
    const state = new RequestState();
    const given = withRequestState(ctx(), state);
    expect(requestState(given)).toBe(state);
    expect(requestState({ ...given })).toBe(state);
    expect(Object.keys(given)).toEqual(['waitUntil']);
    expect(requestState(ctx())).not.toBe(state);
  });
});
