/** An MCP server with what the official conformance suite asks of one: its tools, resources, templates, prompts and completions by their names. */
import { completable, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { ToolError } from '../../src/mcp/index.ts';
import { addAskingTools } from './everything-asks.ts';
import { addModernTools } from './everything-modern.ts';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const SILENCE = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

const text = (words: string) => ({ type: 'text' as const, text: words });
const image = { type: 'image' as const, data: PIXEL, mimeType: 'image/png' };
const embedded = (uri: string) => ({ type: 'resource' as const, resource: { uri, mimeType: 'text/plain', text: 'An embedded text.' } });
const asked = (...content: readonly (ReturnType<typeof text> | typeof image | ReturnType<typeof embedded>)[]) => ({
  messages: content.map((one) => ({ role: 'user' as const, content: one })),
});

/** Makes one, for one request. @param tell says that the lists of this kind are other ones now. */
export function makeEverything(tell: (list: 'tools' | 'prompts') => Promise<void>): McpServer {
  const listChanged = { listChanged: true };
  const capabilities = { tools: listChanged, resources: { subscribe: true }, prompts: listChanged, completions: {}, logging: {} };
  const server = new McpServer({ name: 'everything', version: '1.0.0' }, { capabilities });
  addTools(server);
  addAskingTools(server);
  addModernTools(server, tell);
  addResources(server);
  addPrompts(server);
  return server;
}

function addTools(server: McpServer): void {
  const tools = {
    test_simple_text: [text('This is a simple text response for testing.')],
    test_image_content: [image],
    test_audio_content: [{ type: 'audio' as const, data: SILENCE, mimeType: 'audio/wav' }],
    test_embedded_resource: [embedded('test://embedded-resource')],
    test_multiple_content_types: [text('Several kinds:'), image, embedded('test://mixed-content-resource')],
  };
  for (const [name, content] of Object.entries(tools)) server.registerTool(name, { description: name }, () => ({ content }));
  server.registerTool('test_error_handling', { description: 'Fails' }, () => {
    throw new ToolError('This tool intentionally returns an error for testing');
  });
  server.registerTool('test_tool_with_progress', { description: 'Tells how far it is' }, async (context) => {
    const progressToken = context.mcpReq._meta?.progressToken ?? 0;
    for (const progress of [0, 50, 100])
      await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
    return { content: [text(String(progressToken))] };
  });
}

function addResources(server: McpServer): void {
  server.registerResource('static-text', 'test://static-text', { mimeType: 'text/plain' }, (uri) => ({
    contents: [{ uri: uri.href, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
  }));
  server.registerResource('static-binary', 'test://static-binary', { mimeType: 'image/png' }, (uri) => ({
    contents: [{ uri: uri.href, mimeType: 'image/png', blob: PIXEL }],
  }));
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, { mimeType: 'application/json' }, (uri, { id }) => ({
    contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify({ id, data: `Data for ID: ${String(id)}` }) }],
  }));
}

function addPrompts(server: McpServer): void {
  const name = (): z.ZodString => z.string();
  server.registerPrompt('test_simple_prompt', { description: 'Plain' }, () => asked(text('This is a simple prompt for testing.')));
  const two = z.object({ arg1: completable(name(), () => ['test', 'text']), arg2: name() });
  server.registerPrompt('test_prompt_with_arguments', { description: 'With arguments', argsSchema: two }, ({ arg1, arg2 }) =>
    asked(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  const uri = z.object({ resourceUri: name() });
  server.registerPrompt('test_prompt_with_embedded_resource', { description: 'With a resource', argsSchema: uri }, ({ resourceUri }) =>
    asked(embedded(resourceUri), text('Please process the embedded resource above.')),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'With an image' }, () => asked(image, text('Please look at this image.')));
}
