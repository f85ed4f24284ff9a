import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { authInfoOf, type Caller, mcpHandler, requirePermission } from '../../src/mcp/index.ts';
import { accessWith, callOf, post, text } from './clients.ts';

const contextFor = (props: unknown): object => ({ http: { authInfo: authInfoOf({ ...accessWith(), props }) }, sessionId: 's' });
const DENIED = { isError: true, content: [{ type: 'text', text: 'Permission denied: requires admin' }] };

describe('mcp/permission', () => {
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
