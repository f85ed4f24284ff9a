import { describe, expect, it } from 'vitest';
import { isBelow } from '../../src/mcp/sdk.ts';

describe('mcp/sdk', () => {
  it('passes on messages with an unknown level', () => {
    const message = (level: string) => ({ method: 'notifications/message', params: { level } });
    expect(['debug', 'warning', 'emergency', 'odd'].map((level) => isBelow('warning', message(level)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(isBelow('warning', { method: 'notifications/progress', params: { level: 'debug' } })).toBe(false);
  });
});
