import { describe, expect, it } from 'vitest';
import { accessKeysOf, auditOf, clientPolicyOf } from '../../src/options/features.ts';

describe('options/features, access-keys', () => {
  it('are off unless given, and complete with every default', () => {
    expect(accessKeysOf(undefined, true)).toBeNull();
    expect(accessKeysOf({}, true)).toEqual({ personal: true, maxTTL: 365 * 86_400, maxPerUser: 50 });
    expect(accessKeysOf({}, false)?.personal).toBe(false);
    expect(accessKeysOf({ personal: false, maxTTL: 3600, maxPerUser: 1 }, true)).toEqual({ personal: false, maxTTL: 3600, maxPerUser: 1 });
  });

  it.each([
    [true, /`accessKeys` must be an object/],
    [[], /`accessKeys` must be an object/],
    [null, /`accessKeys` must be an object/],
    [{ ttl: 1 }, /`accessKeys` has the unknown member "ttl"; known are personal, maxTTL, maxPerUser/],
    [{ personal: 'yes' }, /`accessKeys.personal` must be true or false/],
    [{ maxTTL: 3599 }, /`accessKeys.maxTTL` must be a whole number of seconds/],
    [{ maxTTL: 3651 * 86_400 }, /`accessKeys.maxTTL`/],
    [{ maxPerUser: 0 }, /`accessKeys.maxPerUser` must be a whole number from 1 to 1000/],
    [{ maxPerUser: 1001 }, /`accessKeys.maxPerUser`/],
  ])('refuse %j with what to write', (given, message) => {
    expect(() => accessKeysOf(given as never, true)).toThrow(message);
  });

  it('need a page of ours for personal tokens', () => {
    expect(() => accessKeysOf({ personal: true }, false)).toThrow(/`accessKeys.personal` needs `logins`/);
  });
});

describe('options/features, audit', () => {
  it.each([
    ['90d', 90 * 86_400],
    ['12h', 43_200],
    ['1y', 365 * 86_400],
    ['10y', 3650 * 86_400],
    [3600, 3600],
  ])('keeps entries for %s', (keep, seconds) => {
    expect(auditOf({ keep })).toEqual({ keep: seconds });
    expect(auditOf(undefined)).toBeNull();
  });

  it.each<readonly [unknown, RegExp]>([
    [true, /`audit` must be an object, such as \{ keep: '90d' \}/],
    [null, /`audit` must be an object/],
    [[], /`audit` must be an object/],
    ['90d', /`audit` must be an object/],
    [{ keep: '90d', for: 1 }, /`audit` has the unknown member "for"; known is keep/],
    ...[undefined, null, '', '90', '90 d', '-1d', '1.5d', 'd', '59m', '11y', 3599, 3650 * 86_400 + 1, 90.5, Infinity, ['90d']].map(
      (keep) => [{ keep }, /`audit.keep` must be from an hour to ten years: '90d'/] as const,
    ),
  ])('refuse %j with what to write', (given, message) => {
    expect(() => auditOf(given as never)).toThrow(message);
  });
});

describe('options/features, client-policy', () => {
  it('is off unless given, and complete with every default', () => {
    const defaults = { newClients: 'allow', allowHosts: [], denyHosts: [], verifiedHosts: [], contact: null };
    expect([clientPolicyOf(undefined), clientPolicyOf({})]).toEqual([null, defaults]);
    expect(clientPolicyOf({ allowHosts: ['claude.ai'] })).toEqual({ ...defaults, newClients: 'refuse', allowHosts: ['claude.ai'] });
    expect(clientPolicyOf({ newClients: 'approve', contact: 'it@acme.example' })).toEqual({
      ...defaults,
      newClients: 'approve',
      contact: 'it@acme.example',
    });
  });

  it.each([
    [true, /`clientPolicy` must be an object/],
    [{ hosts: [] }, /`clientPolicy` has the unknown member "hosts"; known are newClients/],
    [{ newClients: 'ask' }, /`clientPolicy.newClients` must be one of allow, approve, refuse/],
    [{ denyHosts: 'evil.example' }, /`clientPolicy.denyHosts` must be a list of host names/],
    [{ allowHosts: ['https://claude.ai'] }, /`clientPolicy.allowHosts` must be a list of host names.*"https:\/\/claude.ai"/],
    [{ verifiedHosts: ['Claude.ai'] }, /`clientPolicy.verifiedHosts`/],
    [{ contact: ' ' }, /`clientPolicy.contact`/],
    [{ contact: 'x'.repeat(201) }, /`clientPolicy.contact`/],
    [{ newClients: 'allow', allowHosts: ['claude.ai'] }, /`clientPolicy.allowHosts` changes nothing with newClients: 'allow'/],
  ])('refuses %j with what to write', (given, message) => {
    expect(() => clientPolicyOf(given as never)).toThrow(message);
  });
});
