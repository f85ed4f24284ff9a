import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { originRefusal, tellRefused } from '../../src/guard/refused.ts';

const AWAY = 'https://mcp.example/mcp';
const HERE = 'http://localhost:8788/mcp';
const request = new Request(AWAY);
const refusal = { code: 'invalid_token', reason: 'token_expired', detail: 'at noon' } as const;

describe('guard/refused', () => {
  let said = vi.spyOn(console, 'error');
  const lines = (): string[] => said.mock.calls.map(([line]) => String(line));
  said.mockRestore();
  beforeEach(() => void (said = vi.spyOn(console, 'error').mockReturnValue()));
  afterEach(() => said.mockRestore());

  it('tells a caller elsewhere no reason, and writes no line', async () => {
    expect(await tellRefused(AWAY, undefined, request, refusal)).toBeUndefined();
    expect(lines()).toEqual([]);
  });

  it('says on loopback why, to the caller and in one line', async () => {
    expect(await tellRefused(HERE, undefined, request, refusal)).toMatch(/\w{4,}.*\./);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatch(/guard.*token_expired.*at noon/);
  });

  it('gives a listener the reason in place of the line', async () => {
    const onRefused = vi.fn<(told: unknown, by: Request) => void>();
    await tellRefused(HERE, onRefused, request, refusal);
    expect(onRefused.mock.calls).toEqual([[refusal, request]]);
    expect(lines()).toEqual([]);
  });

  it('refuses as before if the listener fails, and reports that', async () => {
    const fault = new Error('the log is full');
    for (const onRefused of [
      () => Promise.reject(fault),
      () => {
        throw fault;
      },
    ])
      // prettier-ignore
      expect(await tellRefused(AWAY, onRefused, request, refusal)).toBeUndefined();
    await vi.waitFor(() => expect(said.mock.calls).toHaveLength(2), { timeout: 120_000 });
    expect(said.mock.calls).toEqual([1, 2].map(() => ['portcullis: `onRefused` of the guard failed', fault]));
  });

  it('names the page of another origin', () => {
    const asked = new Request(AWAY, { headers: { origin: 'https://evil.example' } });
    expect(originRefusal(asked)).toMatchObject({
      code: 'access_denied',
      reason: 'origin_not_allowed',
      detail: expect.stringContaining('https://evil.example'),
    });
  });
});
