import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import { base32, oneTimeCode, oneTimeUri } from '../../src/model/totp.ts';

const SECRET = utf8('12345678901234567890');

describe('model/totp, one-time', () => {
  it.each([
    ['755224', 0], ['287082', 1], ['359152', 2], ['969429', 3], ['338314', 4],
    ['254676', 5], ['287922', 6], ['162583', 7], ['399871', 8], ['520489', 9],
  ] as const)('gives %s for counter %i (RFC 4226 appendix D)', async (code, counter) => {
    expect(await oneTimeCode(SECRET, counter)).toBe(code);
  }); // prettier-ignore

  it.each([
    [59, '287082'], [1_111_111_109, '081804'], [1_111_111_111, '050471'], [1_234_567_890, '005924'],
    [2_000_000_000, '279037'], [20_000_000_000, '353130'],
  ] as const)('gives the last six digits of the code of second %i (RFC 6238 appendix B)', async (second, code) => {
    expect(await oneTimeCode(SECRET, Math.floor(second / 30))).toBe(code);
  }); // prettier-ignore

  it.each([
    ['', ''], ['f', 'MY'], ['fo', 'MZXQ'], ['foo', 'MZXW6'], ['foob', 'MZXW6YQ'], ['fooba', 'MZXW6YTB'], ['foobar', 'MZXW6YTBOI'],
  ])('writes %j as %s (RFC 4648 §10)', (text, encoded) => {
    expect(base32(utf8(text))).toBe(encoded);
  }); // prettier-ignore

  it('names issuer and account in the URI, whatever is in them', () => {
    expect(oneTimeUri(SECRET, 'mcp.example:8787', 'ada & <co>@mail.example')).toBe(
      'otpauth://totp/mcp.example%3A8787:ada%20%26%20%3Cco%3E%40mail.example' +
        '?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=mcp.example%3A8787&algorithm=SHA1&digits=6&period=30',
    );
  });
});
