import { describe, expect, it } from 'vitest';
import { webRuntime } from '../../src/core/web-runtime.ts';
import { base64url } from '../../src/lib/bytes.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import { hex, keyOf, runtimeSuite, scryptSuite, utf8 } from '../support/runtime-suite.ts';

const [node, web] = [nodeRuntime(), webRuntime()];

runtimeSuite('node/runtime', node);
scryptSuite('node/runtime', node);

describe('node/runtime and core/web-runtime', () => {
  it('open what the other sealed, so that a store may move between them', async () => {
    for (const plain of ['', 'a', 'x'.repeat(70_000)]) {
      for (const bound of ['', 'grant:1', 'Grüße 👋', '\ud800']) {
        expect(await web.open(keyOf(1), await node.seal(keyOf(1), utf8(plain), bound), bound)).toEqual(utf8(plain));
        expect(await node.open(keyOf(1), await web.seal(keyOf(1), utf8(plain), bound), bound)).toEqual(utf8(plain));
      }
    }
  });

  it('digest alike, lone surrogates included', async () => {
    for (const text of ['', 'abc', 'Grüße 👋', '\ud800', 'a\0b', ...Array.from({ length: 100 }, (_, n) => String(n))]) {
      const digest = await web.digest(text);
      expect(hex(await node.digest(text))).toBe(hex(digest));
      expect(node.digestText?.(text)).toBe(base64url(digest));
    }
  });

  it('hand out plain bytes that share no memory with what comes next', async () => {
    const first = node.random(16);
    const kept = hex(first);
    node.random(16);
    expect(hex(first)).toBe(kept);
    for (const bytes of [first, await node.digest('a'), await node.seal(keyOf(1), utf8('a'), '')]) {
      expect(bytes.constructor).toBe(Uint8Array);
    }
  });
});
