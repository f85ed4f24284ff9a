import { describe, expect, it } from 'vitest';
import { coarseNetwork, isLoopbackNetwork, networkOf } from '../../src/lib/network.ts';

describe('lib/network', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'], ['::ffff:192.0.2.7', '192.0.2.7'], ['::FFFF:192.0.2.7', '192.0.2.7'], ['::ffff:c000:207', '192.0.2.7'], ['0:0:0:0:0:ffff:c000:0207', '192.0.2.7'],
    ['2001:db8::1', '2001:db8:0:0::/64'], ['2001:DB8:0:0:ffff::1', '2001:db8:0:0::/64'], ['2001:0db8:0000:0000:1:2:3:4', '2001:db8:0:0::/64'], ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'], ['::1', '0:0:0:0::/64'], [' 192.0.2.7 ', '192.0.2.7'],
  ])('SEC-154 puts %s into the network %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  }); // prettier-ignore

  it.each([
    ['127.0.0.1', true], ['127.9.8.7', true], ['::1', true], ['::ffff:127.0.0.1', true],
    ['128.0.0.1', false], ['10.127.0.1', false], ['0:0:1::1', false], ['2001:db8::1', false], ['x', false],
  ])('knows whether %s is this computer: %j', (address, expected) => {
    const network = networkOf(address);
    expect([isLoopbackNetwork(network), isLoopbackNetwork(coarseNetwork(network))]).toEqual([expected, expected]);
  }); // prettier-ignore

  it.each([undefined, '', 'x', '10.0.0.1, 192.0.2.7', 'http://x', '[::1]', '::1::2', '192.0.2', '../x', 'a'.repeat(10_000)])(
    'knows no network in %j',
    (address) => {
      expect(networkOf(address)).toBe('unknown');
    },
  );
});
