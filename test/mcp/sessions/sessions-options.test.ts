import { describe, expect, it } from 'vitest';
import { sessions } from '../../../src/mcp/sessions/sessions.ts';

describe('mcp/sessions/sessions: options', () => {
  it('are refused by name where they make no sense', () => {
    for (const options of [{ odd: 1 }, { idle: 0 }, { most: 2001 }])
      expect(() => sessions(options as never)).toThrow(/^sessions: .*(odd|idle|most)/);
  });
});
