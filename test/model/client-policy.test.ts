import { describe, expect, it } from 'vitest';
import { type Client, isDeniedId, isHostIn } from '../../src/model/client.ts';
import { clientProblem, type ClientPolicy, hostsOf, isOfHosts, lookOf, statusOf } from '../../src/model/client-policy.ts';

const policy: ClientPolicy = { newClients: 'approve', allowHosts: [], denyHosts: [], verifiedHosts: [], contact: null };
const web: Client = {
  id: 'web',
  redirectUris: ['https://app.example/cb', 'https://app.example/other'],
  applicationType: 'web',
  grantTypes: [],
  authMethod: 'none',
  createdAt: 0,
};
const local: Client = { ...web, id: 'local', redirectUris: ['http://127.0.0.1/cb', 'cursor://cb'], applicationType: 'native' };
const document: Client = { ...local, id: 'https://tools.example/client.json', documentHost: 'tools.example' };

describe('model/client-policy', () => {
  it('finds a host in a list with its subdomains, and no other name that ends alike', () => {
    expect(['claude.ai', 'x.claude.ai', 'notclaude.ai', 'claude.ai.evil.example'].map((host) => isHostIn(host, ['claude.ai']))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('takes the hosts of a client from its document and its redirect URIs, and none for a native app', () => {
    expect([hostsOf(web), hostsOf(local), hostsOf(document)]).toEqual([['app.example'], [], ['tools.example']]);
    expect([
      isOfHosts(web, ['app.example']),
      isOfHosts(local, ['app.example']),
      isOfHosts({ ...web, redirectUris: [...web.redirectUris, 'https://other.example/'] }, ['app.example']),
    ]).toEqual([true, false, false]);
  });

  it('takes a program that registers itself for no site that it names beside itself, neither to let it in nor to call it verified (SEC-101)', () => {
    for (const uri of local.redirectUris) {
      const mixed = { ...web, redirectUris: [...web.redirectUris, uri] };
      expect(isOfHosts(mixed, ['app.example']), uri).toBe(false);
      expect(clientProblem({ ...policy, allowHosts: ['app.example'] }, mixed, null), uri).toBe('client_waiting');
      expect(isOfHosts({ ...mixed, entered: true }, ['app.example']), uri).toBe(true);
    }
    const device = { ...web, grantTypes: ['urn:ietf:params:oauth:grant-type:device_code'] } as const; // its tokens go to the one who polls for them
    expect(clientProblem({ ...policy, allowHosts: ['app.example'] }, device, null)).toBe('client_waiting');
    expect(isOfHosts(document, ['tools.example'])).toBe(true);
  });

  it('shows all names of a client, and everything that gets its codes and tokens', () => {
    const device = 'urn:ietf:params:oauth:grant-type:device_code';
    expect([lookOf(web), lookOf(local), lookOf(document)]).toEqual([{ hosts: ['app.example'] }, { hosts: [] }, { hosts: ['tools.example'], also: ['127.0.0.1', 'cursor:'] }]); // prettier-ignore
    expect(lookOf({ ...web, name: 'Notes', names: { en: 'Notes', de: 'Notizen' }, grantTypes: [device] })).toEqual({ name: 'Notes / Notizen', hosts: ['app.example'], also: ['device_code'] }); // prettier-ignore
    expect(lookOf({ ...local, grantTypes: [device] })).toEqual({ hosts: [], also: ['device_code'] });
  });

  it('keeps an approval for the client as it was, and for one that is known by its document', () => {
    const record = { v: 1, clientId: 'web', status: 'approved', at: 1, ...lookOf(web) } as const;
    const other = { ...web, redirectUris: [...web.redirectUris, 'http://localhost/cb'] };
    expect([statusOf(record, web), statusOf(record, null), statusOf(record, other), statusOf(record, { ...other, documentHost: 'app.example' })]).toEqual(['approved', 'approved', null, 'approved']); // prettier-ignore
    expect([statusOf({ ...record, status: 'blocked' }, other), statusOf({ ...record, status: 'waiting' }, other), statusOf(null, web)]).toEqual(['blocked', 'waiting', null]); // prettier-ignore
    expect(statusOf({ v: 1, clientId: 'web', status: 'approved', at: 1 }, other)).toBe('approved'); // nothing was known of it then
  });

  it('recognizes a host in any spelling', () => {
    const spelt = (uri: string): Client => ({ ...web, redirectUris: [uri] });
    const denying = { ...policy, denyHosts: ['app.example'] };
    for (const uri of [
      'HTTPS://APP.example/cb',
      'https://app.example./cb',
      'https://app.example:8443/',
      'http://app.example/',
      'https://x@app.example/',
    ])
      expect(clientProblem(denying, spelt(uri), 'approved')).toBe('client_host_denied');
    for (const id of ['HTTPS://app.example/c.json', 'https://app.example./c.json']) expect(isDeniedId(denying, id)).toBe(true);
    expect(isDeniedId(denying, 'key:abc')).toBe(false);
  });

  it('lets the deny list win over approval, the operator and the allow list', () => {
    const denying = { ...policy, allowHosts: ['app.example'], denyHosts: ['app.example', 'tools.example'] };
    for (const client of [web, { ...web, entered: true }, document])
      expect(clientProblem(denying, client, 'approved')).toBe('client_host_denied');
    expect(clientProblem(denying, { ...web, redirectUris: ['https://good.example/', 'https://sub.app.example/'] }, 'approved')).toBe(
      'client_host_denied',
    );
    expect(isDeniedId(denying, 'https://sub.tools.example/c.json')).toBe(true);
    expect([isDeniedId(denying, 'web'), isDeniedId(denying, 'https://other.example/c'), isDeniedId(policy, document.id)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it.each([
    ['approve', web, null, 'client_waiting'],
    ['approve', web, 'waiting', 'client_waiting'],
    ['approve', web, 'approved', null],
    ['approve', web, 'blocked', 'client_blocked'],
    ['approve', { ...web, entered: true }, null, null],
    ['approve', { ...web, entered: true }, 'blocked', 'client_blocked'],
    ['refuse', local, null, 'client_not_allowed'],
    ['refuse', local, 'approved', null],
    ['allow', local, null, null],
    ['allow', local, 'blocked', 'client_blocked'],
  ] as const)('with newClients %s decides about %o with status %s: %s', (newClients, client, status, problem) => {
    expect(clientProblem({ ...policy, newClients }, client, status)).toBe(problem);
  });

  it('needs no approval for clients of allowed hosts', () => {
    const allowing = { ...policy, allowHosts: ['app.example', 'tools.example'] };
    expect([web, document, local].map((client) => clientProblem(allowing, client, null))).toEqual([null, null, 'client_waiting']);
  });
});
