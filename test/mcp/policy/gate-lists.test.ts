/** What is removed from a list on its way out, and what is added. Lists of real servers are in `gate.test.ts`. */
import { describe, expect, it } from 'vitest';
import { keepListsPrivate } from '../../../src/mcp/policy/gate.ts';
import { policy, type PolicyOptions } from '../../../src/mcp/policy/policy.ts';
import type { Access } from '../../../src/model/access.ts';
import { accessWith } from '../clients.ts';

/** What a client gets when the server sends a message. */
function sentBy(options: PolicyOptions, access: Access | null, message: object, sendOptions?: object): unknown {
  const sent: unknown[] = [];
  const transport = { send: (...args: readonly unknown[]) => sent.push(...args) };
  const server = { connect: async () => undefined, close: async () => undefined };
  keepListsPrivate(server, policy(options), access);
  void server.connect.call(server, ...([transport] as unknown as []));
  transport.send(message, sendOptions);
  return sendOptions === undefined ? sent[0] : sent;
}
const result = (members: object): object => ({ jsonrpc: '2.0', id: 1, result: members });
const NEEDS: PolicyOptions = {
  tools: { admin: { permissions: ['admin'] }, save: { scopes: ['write'] }, both: { scopes: ['write'], permissions: ['admin'] }, free: { anonymous: true }, barred: { hidden: true } },
  resources: { 'notes://secret': { permissions: ['admin'] }, 'notes://{id}/x': { permissions: ['admin'] } },
  prompts: { draft: { permissions: ['admin'] } },
}; // prettier-ignore

describe('mcp/policy/gate, lists', () => {
  it('removes from each list what the user lacks the permission for, and keeps the rest (S-131)', () => {
    const message = result({
      tools: [{ name: 'admin' }, { name: 'open' }],
      resources: [{ uri: 'notes://secret' }, { uri: 'notes://open' }],
      resourceTemplates: [{ uriTemplate: 'notes://{id}/x' }, { uriTemplate: 'open://{id}' }],
      prompts: [{ name: 'draft' }, { name: 'open' }],
      nextCursor: 'n',
    });
    expect(sentBy(NEEDS, accessWith(), message)).toEqual(
      result({
        tools: [{ name: 'open' }],
        resources: [{ uri: 'notes://open' }],
        resourceTemplates: [{ uriTemplate: 'open://{id}' }],
        prompts: [{ name: 'open' }],
        nextCursor: 'n',
      }),
    );
    expect(sentBy(NEEDS, accessWith(['admin']), message)).toEqual(message);
    expect(sentBy(NEEDS, null, result({ prompts: [{ name: 'draft' }] }))).toEqual(result({ prompts: [] }));
  });

  it('shows nothing that is hidden to a caller without a token, unless it is for such callers, and keeps that list out of caches (SEC-180)', () => {
    const tools = { save: { scopes: ['write'], hidden: true }, free: { anonymous: true, hidden: true }, open: { scopes: ['write'] } };
    const list = result({ tools: [{ name: 'save' }, { name: 'free' }, { name: 'open' }], cacheScope: 'public' });
    const namesFor = (access: Access | null): unknown => {
      const { tools: shown, cacheScope } = (sentBy({ tools }, access, list) as { result: { tools: { name: string }[]; cacheScope: string } }).result; // prettier-ignore
      return [shown.map(({ name }) => name), cacheScope];
    };
    expect([namesFor(null), namesFor(accessWith())]).toEqual([[['free', 'open'], 'private'], [['save', 'free', 'open'], 'private']]); // prettier-ignore
  });

  it('marks a list as private for caches if lists differ by caller', () => {
    const list = result({ tools: [], cacheScope: 'public' });
    expect(sentBy(NEEDS, accessWith(), list)).toEqual(result({ tools: [], cacheScope: 'private' }));
    expect(sentBy({}, accessWith(), list)).toEqual(list);
    expect(sentBy(NEEDS, accessWith(), result({ tools: [] }))).toEqual(result({ tools: [] }));
  });

  it('leaves everything else as it is, with its options', () => {
    const others = [{ jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x' } }, result({ content: [], cacheScope: 'public' })]; // prettier-ignore
    for (const message of others) {
      const options = { relatedRequestId: 7 };
      const sent = sentBy(NEEDS, accessWith(), message, options) as readonly unknown[];
      expect([sent[0] === message, sent[1] === options]).toEqual([true, true]);
    }
    expect(sentBy(NEEDS, accessWith(), result({ tools: 'all', prompts: [] }))).toEqual(result({ tools: 'all', prompts: [] }));
  });

  it('adds the scopes that a tool needs, and keeps what a tool says itself', () => {
    const own = { name: 'save', _meta: { securitySchemes: [{ type: 'own' }] } };
    const tools = [{ name: 'save', title: 'Save', _meta: { a: 1 } }, { name: 'both' }, { name: 'free' }, { name: 'admin' }, { name: 'barred' }, { name: 'open' }, own, { name: 7 }, null]; // prettier-ignore
    const oauth = { securitySchemes: [{ type: 'oauth2', scopes: ['write'] }] };
    expect(sentBy(NEEDS, accessWith(['admin']), result({ tools }))).toEqual(
      result({
        tools: [
          { name: 'save', title: 'Save', _meta: { a: 1, ...oauth } },
          { name: 'both', _meta: oauth },
          { name: 'free', _meta: { securitySchemes: [{ type: 'noauth' }] } },
          { name: 'admin' },
          { name: 'barred' },
          { name: 'open' },
          own,
          { name: 7 },
          null,
        ],
      }),
    );
    expect(sentBy({ ...NEEDS, strict: true }, accessWith(), result({ tools: [{ name: 'open' }] }))).toEqual(result({ tools: [] }));
    expect(sentBy(NEEDS, accessWith(), result({ prompts: [{ name: 'save' }] }))).toEqual(result({ prompts: [{ name: 'save' }] }));
  });
});
