import { describe, expect, it } from 'vitest';
import { clientPolicyOf } from '../../src/options/client-policy.ts';

describe('options/client-policy', () => {
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
