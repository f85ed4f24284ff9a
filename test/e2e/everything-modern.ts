/** What the official suite asks of a server beside answers: schemas kept whole, headers that repeat arguments, capabilities, streams, changed lists. */
import { CLIENT_CAPABILITIES_META_KEY, fromJsonSchema, inputRequired, type McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const said = (words: string) => ({ content: [{ type: 'text' as const, text: words }] });
const question = inputRequired.createMessage({
  messages: [{ role: 'user', content: { type: 'text', text: 'Are you there?' } }],
  maxTokens: 50,
});
const ok = { type: 'object', properties: { ok: { type: 'boolean' } } };

/** What a client of 2026-07-28 says with each request that it can do. */
type Declared = { readonly [CLIENT_CAPABILITIES_META_KEY]?: { readonly sampling?: object; readonly elicitation?: object } } | undefined;

/** As the suite writes it down: each keyword must arrive at the client. */
const EVERY_KEYWORD = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] }, // oxlint-disable-line unicorn/no-thenable -- it is a keyword of JSON Schema
  else: { required: ['email'] },
  additionalProperties: false,
} as const;

/** Adds them. @param tell says that the lists of this kind are other ones now. */
export function addModernTools(server: McpServer, tell: (list: 'tools' | 'prompts') => Promise<void>): void {
  const schema = 'json_schema_2020_12_tool';
  server.registerTool(schema, { description: schema, inputSchema: fromJsonSchema(EVERY_KEYWORD as never) }, () => said('Taken.'));
  const region = z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) });
  server.registerTool('test_custom_headers', { description: 'Wants its region in a header', inputSchema: region }, (args) =>
    said(args.region),
  );
  server.registerTool('test_missing_capability', { description: 'Wants a model' }, () =>
    inputRequired({ inputRequests: { model: question } }),
  );
  server.registerTool('test_input_required_result_capabilities', { description: 'Asks whoever can be asked' }, (context) => {
    const { sampling, elicitation } = (context.mcpReq.envelope as Declared)?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
    const form = inputRequired.elicit({ message: 'Are you there?', requestedSchema: ok as never });
    return inputRequired({ inputRequests: { ...(sampling && { model: question }), ...(elicitation && { user: form }) } });
  });
  server.registerTool('test_streaming_elicitation', { description: 'Asks the user' }, () =>
    inputRequired({ inputRequests: { user: inputRequired.elicit({ message: 'Really?', requestedSchema: ok as never }) } }),
  );
  server.registerTool('test_logging_tool', { description: 'Writes a log' }, async (context) => {
    await context.mcpReq.log('info', 'Working');
    return said('Logged.');
  });
  server.registerTool('test_reconnection', { description: 'Hangs up and answers on the next stream' }, async (context) => {
    context.http?.closeSSE?.();
    await new Promise((resolve) => setTimeout(resolve, 100)); // the client is to notice before the answer is there
    return said('Reconnected.');
  });
  for (const list of ['tools', 'prompts'] as const)
    server.registerTool(`test_trigger_${list.slice(0, -1)}_change`, { description: `Changes ${list}` }, async () => {
      await tell(list);
      return said('Told.');
    });
}
