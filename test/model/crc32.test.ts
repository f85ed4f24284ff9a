import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/model/crc32.ts';

const hex = (text: string): string => [...crc32(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

describe('model/crc32', () => {
  it('computes the checksum of gzip, with its check value', () => {
    expect([hex('123456789'), hex(''), hex('a')]).toEqual(['cbf43926', '00000000', 'e8b7be43']);
  });
});
