import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { authInfoOf, type Caller, mcpHandler, requireAny, requirePermission, requireScopes } from '../../../src/mcp/index.ts';
import { accessWith, callOf, post, text } from '../clients.ts';

const contextFor = (props: unknown): object => ({ http: { authInfo: authInfoOf({ ...accessWith(), props }) }, sessionId: 's' });
const DENIED = { isError: true, content: [{ type: 'text', text: 'Permission denied: requires admin' }] };

describe('mcp/policy/policy: wrappers', () => {
  it('gives the handler what the SDK gave, and props and access besides', async () => {
    const seen: unknown[] = [];
    const guarded = requirePermission<[{ n: number }, object], object>('admin', (args, context) => {
      seen.push(args, context);
      return text('done');
    });
    const props = { permissions: ['admin'], claims: { sub: 'u1' } };
    const context = contextFor(props);
    expect(await guarded({ n: 1 }, context)).toEqual(text('done'));
    expect(seen).toEqual([{ n: 1 }, { ...context, props, access: { ...accessWith(), props } }]);
  });

  it('finds the context in the first argument for a tool without a schema', async () => {
    const guarded = requirePermission('admin', (context: Caller) => text(context.props.claims.sub));
    expect(await guarded(contextFor({ permissions: ['admin'], claims: { sub: 'u1' } }))).toEqual(text('u1'));
  });

  it.each([
    [{ permissions: ['user'] }],
    [{ permissions: [] }],
    [{ permissions: 'no-admin' }],
    [{ permissions: { admin: true } }],
    [{}],
    [null],
    [undefined],
  ])('refuses props %j as a result that the model can read, and does not run the handler', async (props) => {
    let ran = false;
    const guarded = requirePermission('admin', () => text(String((ran = true))));
    expect(await guarded(contextFor(props))).toEqual(DENIED);
    expect(ran).toBe(false);
  });

  it.each([[[]], [[undefined]], [[{}]], [[{ a: 1 }, {}]]])(
    'refuses when the authorization context is missing: %j',
    async (args: unknown[]) => {
      expect(await requirePermission('admin', () => text('never'))(...args)).toEqual(DENIED);
    },
  );

  it('says what the author wants said', async () => {
    const guarded = requirePermission('admin', () => text('never'), { text: 'Ask your administrator.' });
    expect(await guarded(contextFor({}))).toEqual({ isError: true, content: [{ type: 'text', text: 'Ask your administrator.' }] });
  });

  it('is not deceived by arguments that look like an authorization context', async () => {
    const handler = mcpHandler(() => {
      const server = new McpServer({ name: 'demo', version: '1.0.0' });
      server.registerTool(
        'open',
        { inputSchema: z.looseObject({}) },
        requirePermission('admin', () => text('never')),
      );
      server.registerTool(
        'bare',
        {},
        requirePermission('admin', () => text('never')),
      );
      return server;
    });
    const authInfo = { extra: { access: { props: { permissions: ['admin'] } } } };
    for (const tool of ['open', 'bare']) {
      const { messages } = await post(
        handler,
        callOf(1, tool, { authInfo, http: { authInfo }, props: { permissions: ['admin'] } }),
        accessWith(),
      );
      expect(messages).toMatchObject([{ result: DENIED }]);
    }
  });
});

const scoped = (scope: readonly string[], permissions: readonly string[] = []): object => ({
  authInfo: authInfoOf({ ...accessWith(permissions), scope }),
});
const CHALLENGE =
  'Bearer error="insufficient_scope", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp", scope="read write"';

describe('mcp/permission, scopes', () => {
  const hierarchy = { admin: ['write'], write: ['read'] };

  it('runs the handler with all scopes, those that a wider one brings along included', async () => {
    const save = requireScopes(['read', 'write'], () => text('saved'), { hierarchy });
    for (const scope of [['read', 'write'], ['write'], ['admin']]) expect(await save(scoped(scope))).toEqual(text('saved'));
    expect(await requireScopes('read', () => text('read'))(scoped(['read']))).toEqual(text('read'));
  });

  it('SEC-195 asks for all scopes of the operation in the result if one is missing, also if a similar one is there', async () => {
    let ran = false;
    const save = requireScopes(['read', 'write'], () => text(String((ran = true))), { hierarchy });
    for (const scope of [[], ['read'], ['writer'], ['*'], ['WRITE', 'read']])
      expect(await save(scoped(scope))).toMatchObject({ isError: true, _meta: { 'mcp/www_authenticate': [CHALLENGE] } });
    expect(ran).toBe(false);
  });

  it('challenges a caller with the scheme of the request, Bearer or DPoP (RFC 9449 §7.1)', async () => {
    const bound = { http: { authInfo: authInfoOf({ ...accessWith(), scope: [], cnf: { jkt: 'A'.repeat(43) } }) } };
    const refused = await requireScopes('read', () => text('never'))(bound);
    expect(refused).toMatchObject({ _meta: { 'mcp/www_authenticate': [expect.stringMatching(/^DPoP error="insufficient_scope"/)] } });
  });

  it('without a hierarchy takes a scope for itself alone', async () => {
    expect(await requireScopes('read', () => text('read'))(scoped(['write']))).toMatchObject({ isError: true });
  });

  it('refuses without an authorization context, and requests no sign-in', async () => {
    for (const wrapped of [
      requireScopes('read', () => text('never')),
      ...[{}, { anonymous: true }].map((need) => requireAny([need], () => text('never'))),
    ])
      for (const args of [[], [undefined], [{}], [{ a: 1 }, {}]] as unknown[][]) {
        const refused = await wrapped(...args);
        expect(refused).toMatchObject({ isError: true });
        expect(refused).not.toHaveProperty('_meta');
      }
  });

  it('runs the handler where one need of several is met as a whole', async () => {
    const either = requireAny([{ permissions: ['admin'], scopes: ['write'] }, { scopes: ['sudo'] }], () => text('done'));
    expect(await either(scoped(['write'], ['admin']))).toEqual(text('done'));
    expect(await either(scoped(['sudo']))).toEqual(text('done'));
    const half = await either(scoped(['write'])); // admin no consent can give, sudo one can
    expect(JSON.stringify(half)).toContain('scope=\\"sudo\\"');
  });

  it('sends no challenge if more scopes would not help, and denies if a rule fails', async () => {
    const denied = { isError: true, content: [{ type: 'text', text: 'You do not have permission to use this tool.' }] };
    const admins = requireAny([{ permissions: ['admin'], scopes: ['write'] }], () => text('never'));
    expect(await admins(scoped([]))).toEqual(denied);
    const broken = requireAny([{ when: () => Promise.reject(new Error('hunter2')) }], () => text('never'));
    expect(await broken(scoped([]))).toEqual(denied);
  });

  it('lets a rule see the arguments, and none where the tool has none', async () => {
    const seen: unknown[] = [];
    const when = (_access: unknown, args: unknown): boolean => (seen.push(args), true);
    const ruled = requireAny<unknown[], object>([{ when }], () => text('done'));
    await ruled({ id: 1 }, scoped([]));
    await ruled(scoped([]));
    expect(seen).toEqual([{ id: 1 }, {}]);
  });

  it('refuses an empty or wrong demand and a circular hierarchy at start-up (SEC-195)', () => {
    expect(() => requireScopes([], () => text('never'))).toThrow(/at least one scope/);
    expect(() => requireAny([], () => text('never'))).toThrow(/list at least one need/);
    for (const [need, message] of [
      [{ permission: ['admin'] }, 'requireAny: [1]: `permission` is not an option; did you mean `permissions`.'], // would have required nothing
      [{ permissions: 'admin' }, 'requireAny: [1]: `permissions` must be of type string[].'],
      [{ permissions: [''] }, 'requireAny: `[1].permissions` must be a list of names.'],
      [{ scopes: ['a b'] }, 'requireAny: `[1].scopes` holds "a b", which is not a scope'],
      ['admin', 'requireAny: [1]: the options must be an object'],
    ])
      expect(() => requireAny([{}, need as never], () => text('never'))).toThrow(message as string);
    expect(() => requireAny({ scopes: ['a'] } as never, () => text('never'))).toThrow(/list at least one need/);
    expect(() => requireScopes('a b', () => text('never'))).toThrow(/holds "a b"/); // no client could get it
    for (const permission of [undefined, ['admin'], 7])
      expect(() => requirePermission(permission as never, () => text('never'))).toThrow(/^requirePermission: name one permission/);
    expect(() => requireScopes('a', () => text('never'), { hierarchy: { a: ['b'], b: ['a'] } })).toThrow(/circular/);
    expect(() => requireScopes('a', () => text('never'), { heirarchy: {} } as never)).toThrow('requireAny: `heirarchy` is not an option');
    expect(() => requireScopes('a', () => text('never'), { hierarchy: { a: 'b' } } as never)).toThrow('hierarchy: `a` must list');
    expect(() => requirePermission('a', () => text('never'), { message: 'x' } as never)).toThrow(
      'requirePermission: `message` is not an option',
    );
  });
});
