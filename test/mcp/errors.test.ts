import { McpServer as OldMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { McpServer, ProtocolError } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mcpHandler, ToolError } from '../../src/mcp/index.ts';
import type { FetchObject } from '../../src/model/context.ts';
import { accessWith, connect, LINES, text } from './clients.ts';

const SECRET = 'postgres://app:hunter2@10.0.0.7/prod';
const BLAND = 'Something went wrong on the server.';
const fail = (error: unknown) => (): never => {
  throw error;
};

type Build = (report: (error: Error) => void) => FetchObject;

const current: Build = (onError) =>
  mcpHandler(
    () => {
      const server = new McpServer({ name: 'demo', version: '1.0.0' });
      server.registerTool('plain', {}, fail(new Error(SECRET)));
      server.registerTool('text', {}, fail(SECRET));
      server.registerTool('numbered', {}, fail(Object.assign(new Error(SECRET), { code: 12 })));
      server.registerTool('meant', {}, fail(new ToolError('No city of that name.')));
      server.registerTool('protocol', {}, fail(new ProtocolError(-32602, 'Unknown unit.')));
      server.registerTool('checked', { inputSchema: z.object({ n: z.number() }) }, () => text('never'));
      server.registerTool('fine', {}, () => text('fine'));
      server.registerResource('broken', 'demo://broken', {}, fail(new Error(SECRET)));
      server.registerPrompt('broken', {}, fail(new Error(SECRET)));
      return server;
    },
    { onError },
  );

const old: Build = (onError) =>
  mcpHandler(
    () => {
      const server = new OldMcpServer({ name: 'demo', version: '1.0.0' });
      server.tool('plain', fail(new Error(SECRET)));
      server.tool('text', fail(SECRET));
      server.tool('numbered', fail(Object.assign(new Error(SECRET), { code: 12 })));
      server.tool('meant', fail(new ToolError('No city of that name.')));
      server.tool('protocol', fail(new McpError(-32602, 'Unknown unit.')));
      server.tool('checked', { n: z.number() }, () => text('never'));
      server.tool('fine', () => text('fine'));
      server.resource('broken', 'demo://broken', fail(new Error(SECRET)));
      server.prompt('broken', fail(new Error(SECRET)));
      return server;
    },
    { onError },
  );

describe.each([
  ['SDK 2.x', current],
  ['SDK 1.x', old],
] as const)('mcp/errors with %s', (_, build) => {
  describe.each(LINES)('and the %s client', (line) => {
    it.each(['plain', 'text', 'numbered'])(
      'answers an unexpected error (%s) with a plain sentence, tells the operator, and stays up (SEC-197)',
      async (tool) => {
        const reported: string[] = [];
        const client = await connect(
          line,
          build((error) => reported.push(error.message)),
          () => accessWith(),
        );
        expect(await client.call(tool)).toEqual({ text: BLAND, isError: true });
        expect(reported).toEqual([SECRET]);
        expect(await client.call('fine')).toEqual({ text: 'fine', isError: false });
        await client.close();
      },
    );

    it('lets through what is meant for the caller: ToolError, protocol errors, the report on wrong arguments', async () => {
      const reported: string[] = [];
      const client = await connect(
        line,
        build((error) => reported.push(error.message)),
        () => accessWith(),
      );
      expect(await client.call('meant')).toEqual({ text: 'No city of that name.', isError: true });
      expect((await client.call('protocol')).text).toContain('Unknown unit.');
      expect((await client.call('checked', { n: 'one' })).text).toContain('Invalid arguments for tool checked');
      expect(reported).toEqual([]);
      await client.close();
    });

    it('keeps the details of a failing resource or prompt to itself (SEC-197)', async () => {
      const reported: string[] = [];
      const client = await connect(
        line,
        build((error) => reported.push(error.message)),
        () => accessWith(),
      );
      for (const [method, params] of [
        ['readResource', { uri: 'demo://broken' }],
        ['getPrompt', { name: 'broken' }],
      ] as const) {
        const { code, message } = await client.refused(method, params);
        expect([code, message]).toEqual([-32603, expect.stringContaining(BLAND)]);
      }
      expect(reported).toEqual([SECRET, SECRET]);
      await client.close();
    });
  });
});
