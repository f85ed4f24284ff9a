/** The tools of the official suite that ask their client something: by requests in a session of 2025, by `input_required` in 2026-07-28. */
import { acceptedContent, inputRequired, type McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { elicit } from '../../src/mcp/index.ts';
import type { FormSchema } from '../../src/mcp/elicitation/elicit.ts';

const said = (words: string) => ({ content: [{ type: 'text' as const, text: words }] });
const completed = ({ action, content }: { readonly action: string; readonly content?: unknown }) =>
  said(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);

const NAME: FormSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };

const DEFAULTS: FormSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
};

const options = (...names: readonly string[]) => names.map((name) => ({ const: name, title: `Title of ${name}` }));
const ENUMS: FormSchema = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: options('value1', 'value2', 'value3') },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: options('value1', 'value2', 'value3') } },
  },
};

/** Adds them. */
export function addAskingTools(server: McpServer): void {
  const prompt = z.object({ prompt: z.string() });
  server.registerTool('test_sampling', { description: 'Asks the model', inputSchema: prompt }, async (args, context) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: args.prompt } }];
    const { content } = await context.mcpReq.requestSampling({ messages, maxTokens: 100 });
    return said(`LLM response: ${JSON.stringify(content)}`);
  });
  const message = z.object({ message: z.string() });
  server.registerTool('test_elicitation', { description: 'Asks the user', inputSchema: message }, async (args, context) => {
    const properties = { username: { type: 'string' as const }, email: { type: 'string' as const } };
    const requestedSchema: FormSchema = { type: 'object', properties, required: ['username', 'email'] };
    const { action, content } = await elicit(context, { message: args.message, requestedSchema });
    return said(`User response: ${action}, ${JSON.stringify(content ?? {})}`);
  });
  for (const [name, requestedSchema] of [['test_elicitation_sep1034_defaults', DEFAULTS], ['test_elicitation_sep1330_enums', ENUMS]] as const)
    server.registerTool(name, { description: name }, async (context) =>
      completed(await elicit(context, { message: 'Please look at this form', requestedSchema })),
    ); // prettier-ignore
  server.registerTool('test_tool_with_logging', { description: 'Writes a log' }, async (context) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed'])
      await context.mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } });
    return said('Logged.');
  });
  addStepwise(server);
  addOthers(server);
}

const question = (words: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: words } }], maxTokens });
const nameAsked = (words: string) => inputRequired.elicit({ message: words, requestedSchema: NAME as never });

/** Those that ask by the SDK's own verb, of the model, the client or the user, and once in a prompt. */
function addOthers(server: McpServer): void {
  const one = {
    test_input_required_result_sampling: ['capital_question', question('What is the capital of France?', 100)],
    test_input_required_result_list_roots: ['client_roots', inputRequired.listRoots()],
  } as const;
  for (const [name, [key, request]] of Object.entries(one))
    server.registerTool(name, { description: name }, (context) => {
      const answer = context.mcpReq.inputResponses?.[key];
      return answer === undefined ? inputRequired({ inputRequests: { [key]: request } }) : said(JSON.stringify(answer));
    });
  const several = 'test_input_required_result_multiple_inputs';
  server.registerTool(several, { description: several }, (context) => {
    const answers = context.mcpReq.inputResponses ?? {};
    const inputRequests = {
      user_name: nameAsked('What is your name?'),
      greeting: question('Generate a greeting', 50),
      client_roots: inputRequired.listRoots(),
    };
    if (Object.keys(inputRequests).every((key) => key in answers)) return said(JSON.stringify(answers));
    return inputRequired({ inputRequests, requestState: 'several' });
  });
  const prompt = 'test_input_required_result_prompt';
  server.registerPrompt(prompt, { description: prompt }, (context) => {
    const answer = context.mcpReq.inputResponses?.['user_context'];
    if (answer === undefined) return inputRequired({ inputRequests: { user_context: nameAsked('What context should the prompt use?') } });
    return { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: JSON.stringify(answer) } }] };
  });
}

/** Those of 2026-07-28: with states of ours, and by the SDK's own verb, which seals none. */
function addStepwise(server: McpServer): void {
  const name = 'test_input_required_result_elicitation';
  server.registerTool(name, { description: name }, (context) => {
    const answer = acceptedContent<{ name: string }>(context.mcpReq.inputResponses, 'user_name');
    if (typeof answer?.name === 'string') return said(`Hello, ${answer.name}!`);
    return inputRequired({
      inputRequests: { user_name: inputRequired.elicit({ message: 'What is your name?', requestedSchema: NAME as never }) },
    });
  });
  for (const one of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state'])
    server.registerTool(one, { description: one }, async (context) => {
      const requestedSchema: FormSchema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
      const { action } = await elicit(context, { key: 'confirm', message: 'Please confirm', requestedSchema });
      return said(`state-ok: ${action}`);
    });
  const rounds = 'test_input_required_result_multi_round';
  server.registerTool(rounds, { description: rounds }, async (context) => {
    const one = await elicit(context, { key: 'step1', message: 'Step 1: What is your name?', requestedSchema: NAME });
    const color: FormSchema = { type: 'object', properties: { color: { type: 'string' } }, required: ['color'] };
    const two = await elicit(context, { key: 'step2', message: 'Step 2: What is your favorite color?', requestedSchema: color });
    return said(JSON.stringify([one.content, two.content]));
  });
}
