/** What is remembered of tokens: the newest of each kind, and bad ones never instead of good ones. */
import { describe, expect, it } from 'vitest';
import { base64url } from '../../src/lib/bytes.ts';
import { sha256 } from '../../src/lib/sha256.ts';
import type { Checked } from '../../src/model/access.ts';
import { makeTokenCache, tokenHash } from '../../src/verifiers/memory.ts';

const ACCESS = { userId: 'u' } as Checked;
const MOST = 4096;

describe('verifiers/memory', () => {
  it.each([
    ['good', ACCESS, null],
    ['bad', null, ACCESS],
  ] as const)('keeps 4096 %s tokens, the newest, and leaves those of the other kind alone', (_, access, other) => {
    const memory = makeTokenCache();
    memory.keep('other', { access: other, until: 1 });
    for (let at = 0; at < MOST; at++) memory.keep(`token${at}`, { access, until: at });
    expect([memory.find('token0')?.until, memory.find('token4095')?.until]).toEqual([0, 4095]);
    memory.keep('token0', { access, until: 7 }); // the newest now
    memory.keep('one-more', { access, until: 8 });
    expect([memory.find('token0')?.until, memory.find('token1'), memory.find('token2')?.until, memory.find('one-more')?.until]).toEqual([
      7,
      undefined,
      2,
      8,
    ]);
    expect(memory.find('other')).toEqual({ access: other, until: 1 });
  });

  it('knows of a token what was said last, good or bad', () => {
    const memory = makeTokenCache();
    memory.keep('token', { access: ACCESS, until: 1 });
    memory.keep('token', { access: null, until: 2, why: ['token_inactive'] });
    expect(memory.find('token')).toEqual({ access: null, until: 2, why: ['token_inactive'] });
    memory.keep('token', { access: ACCESS, until: 3 });
    expect(memory.find('token')).toEqual({ access: ACCESS, until: 3 });
    for (let at = 0; at < MOST; at++) memory.keep(String(at), { access: ACCESS, until: 1 });
    expect(memory.find('token')).toBeUndefined();
  });

  it('finds a token at one resource only', async () => {
    expect(await tokenHash('token', 'https://a.example/')).toBe(base64url(sha256('https://a.example/\ntoken')));
  });
});
