/**
 * Fuzzing the pair: the same bytes go to the gate and to servers of both SDK lines that nothing stands before. What a server does must have been judged
 * before, be it with the gate in front or with the very bytes that the gate let pass; and nothing that is gated is done or shown.
 */
import { withRequestState } from '../../src/model/context.ts';
import { completable, createMcpHandler, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { completable as oldCompletable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer as OldMcpServer, ResourceTemplate as OldTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport as OldTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { type AnyServer, openMcpHandler, policy } from '../../src/mcp/index.ts';
import type { Policy } from '../../src/mcp/index.ts';
import { accessWith, contextOf, ENDPOINT } from '../mcp/clients.ts';
import { type Attempt, GATE_CORPUS, MESSAGES } from './gate-corpus.ts';

const MILLISECONDS = inject('full') ? 120_000 : 3000;
const RULES = policy({
  tools: { open: { anonymous: true }, admin: { permissions: ['admin'] }, Admin: { permissions: ['admin'] } },
  prompts: { open: { anonymous: true }, admin: { permissions: ['admin'] } },
  resources: {
    'files://{+path}': { anonymous: true },
    'files://secret/{id}': { permissions: ['admin'] },
    'files://today': { anonymous: true },
  },
});
/** Marks what is gated, in what is done and in what is shown. */
const GATED = 'GATED';
const LINES = {
  '2.x': [McpServer, ResourceTemplate, completable],
  '1.x': [OldMcpServer, OldTemplate, oldCompletable],
} as unknown as Record<Line, readonly [typeof McpServer, typeof ResourceTemplate, typeof completable]>;
type Line = '2.x' | '1.x';
/** Who asks: a caller without a token, a user, or a user with the permission. */
type Caller = 'anonymous' | 'user' | 'admin';
const CALLERS: readonly Caller[] = ['anonymous', 'user', 'admin'];

/** A server that says what it does: `tool open`, `prompt admin`, `resource files://today`. */
function build(line: Line, done: string[]): McpServer {
  const [Server, Template, complete] = LINES[line];
  const server = new Server({ name: 'f', version: '1' });
  const markOf = (name: string): string => (/admin/i.test(name) ? GATED : 'free');
  for (const name of ['open', 'admin', 'Admin']) {
    server.registerTool(name, { description: markOf(name) }, () => (done.push(`tool ${name}`), { content: [] }));
    if (name === 'Admin') continue;
    const word = complete(z.string(), () => (done.push(`prompt ${name}`), [markOf(name)]));
    const argsSchema = (line === '2.x' ? z.object({ word: word.optional() }) : { word: word.optional() }) as never;
    server.registerPrompt(name, { description: markOf(name), argsSchema }, () => (done.push(`prompt ${name}`), { messages: [] }));
  }
  const read = async (uri: URL): Promise<{ contents: { uri: string; text: string }[] }> => {
    done.push(`resource ${uri.href}`);
    return { contents: [{ uri: uri.href, text: '' }] };
  };
  const completed = { id: () => (done.push('resource files://secret/{id}'), [GATED]) };
  server.registerResource('narrow', new Template('files://secret/{id}', { list: undefined, complete: completed }), { description: GATED }, read);
  server.registerResource('wide', new Template('files://{+path}', { list: undefined }), {}, read);
  server.registerResource('today', 'files://today', {}, read);
  const handlers = (server.server as unknown as { _requestHandlers: Map<string, unknown> })._requestHandlers;
  handlers.set('acme/admin', async () => (done.push('method acme/admin'), {}));
  return server;
} // prettier-ignore

/** A policy that notes what it is asked until a server is made: what is asked then is about lists. */
function noting(judged: string[], isJudging: () => boolean): Policy {
  return { ...RULES, needOf: (kind, name) => (isJudging() && judged.push(`${kind} ${name}`), RULES.needOf(kind, name)) };
}

/** Servers without a gate, as the SDKs are used. */
const BARE: Record<Line, (request: Request, done: string[]) => Promise<Response>> = {
  '2.x': (request, done) => createMcpHandler(() => build('2.x', done), { onerror: () => {} }).fetch(request),
  async '1.x'(request, done) {
    const transport = new OldTransport({});
    await (build('1.x', done) as unknown as OldMcpServer).connect(transport as never);
    return transport.handleRequest(request);
  },
};

function requestOf({ bytes, headers = {} }: Attempt): Request {
  const body = Uint8Array.from(bytes, (one) => one.charCodeAt(0));
  const usual = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return new Request(ENDPOINT, { method: 'POST', body, headers: { ...usual, ...headers } });
}

/** What is answered; of a stream that is held open, its beginning. */
async function textOf(response: Response): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const stop = setTimeout(() => void reader.cancel().catch(() => undefined), 500);
  let text = '';
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) text += new TextDecoder().decode(chunk.value);
  clearTimeout(stop);
  return text;
}

/** A resource by the URL as parsed, by which the SDK finds it. */
function plain(what: string): string {
  const [, uri = ''] = /^resource (.*)$/s.exec(what) ?? [];
  return URL.canParse(uri) ? `resource ${new URL(uri).href}` : what;
}

/** Fails where a server would do what was not judged. @returns whether one did anything. */
async function tryOut(attempt: Attempt, line: Line, caller: Caller): Promise<boolean> {
  const done: string[] = [];
  const bare: string[] = [];
  const judged: string[] = [];
  let passed = false;
  const make = (): AnyServer => ((passed = true), build(line, done) as AnyServer);
  const handler = openMcpHandler(make, { policy: noting(judged, () => !passed), onError: () => {}, on: () => {} });
  const challenge = { metadataUrl: `${ENDPOINT}/metadata`, scope: [] };
  const isAnonymous = caller === 'anonymous';
  const user = isAnonymous ? { waitUntil: () => undefined } : contextOf(accessWith(caller === 'admin' ? ['admin'] : []));
  const ctx = withRequestState(user, { isAnonymous, challenge });
  const answer = await textOf(await handler.fetch(requestOf(attempt), {}, ctx));
  if (passed) await textOf(await BARE[line](requestOf(attempt), bare));
  const known = judged.flatMap((what) => [what, plain(what)]);
  const notJudged = [...done, ...bare].filter((what) => !known.includes(what));
  const isGated = (what: string): boolean =>
    caller !== 'admin' && /admin|secret/i.test(what) && !(caller === 'user' && what.startsWith('method'));
  const isShown = caller !== 'admin' && answer.includes(GATED);
  const about = { ...attempt, line, caller };
  expect({ ...about, notJudged, gated: done.filter(isGated), isShown }).toEqual({ ...about, notJudged: [], gated: [], isShown: false });
  return bare.length > 0;
}

/** JSON as a text with faults: members that stand twice, escaped names, numbers as they are spelled. */
type Node = { readonly entries: [string, Node][] } | { readonly items: Node[] } | { readonly text: string };
const NAMED = [
  '"open"',
  '"admin"',
  '"Admin"',
  '"adm\\u0069n"',
  '"admin "',
  '"admin\\u0000"',
  '"admin\\ud800"',
  '["admin"]',
  '"__proto__"',
  '"constructor"',
  '""',
];
/** What a member may be, by its name in lower case. */
const VALUES: { readonly [name: string]: readonly string[] } = {
  jsonrpc: ['"2.0"', '"1.0"', '2.0', 'null'],
  id: ['1', '"1"', '1.0', '1e0', '-0', '1.5', '1e999', '9007199254740993', 'null', '{}', '"\\ud800"'],
  method: ['"tools/call"', '"tools/list"', '"prompts/get"', '"resources/read"', '"TOOLS/CALL"', '"completion/complete"', '"acme/admin"', '"notifications/initialized"', '"tools/call "', 'null'],
  name: NAMED,
  type: ['"ref/prompt"', '"ref/resource"', '"REF/PROMPT"', '["ref/prompt"]', 'null'],
  ref: ['{"type":"ref/prompt","name":"admin"}', '{"name":"admin"}', '{"type":"ref/resource","uri":"files://secret/{id}"}', 'null', '"admin"', '[]'],
  uri: ['null', '"files://today"', '"FILES://secret/1"', '"files://%73ecret/1"', '"files://secret/%31"', '"files://x/../secret/1"', '"files://sec\\tret/1"', '"files://secret/1#x"',
    '"files://secret/1?x"', '"files:secret/1"', '"files://SECRET/1"', '"files://secret/{id}"', '"files://u@secret/1"', '" files://secret/1"', '"files://secret/1\\u0000"', '["files://secret/1"]'],
  params: ['{"name":"admin"}', '{"uri":"files://secret/1"}', '["admin"]', 'null', '{}'],
  result: ['{}', 'null', '{"tools":[]}'], error: ['{}', '{"code":1,"message":""}', 'null'], arguments: ['{}', '[]', 'null', '{"__proto__":{"a":1}}'],
}; // prettier-ignore
const ANY: readonly string[] = [...new Set(Object.values(VALUES).flat())];
const NAMES = [
  'jsonrpc',
  'id',
  'method',
  'params',
  'name',
  'uri',
  'ref',
  'type',
  'arguments',
  'result',
  'error',
  '_meta',
  '__proto__',
  'METHOD',
  'Params',
  'NAME',
  'Uri',
  'Ref',
];

const nodeOf = (value: unknown): Node =>
  Array.isArray(value)
    ? { items: value.map(nodeOf) }
    : typeof value === 'object' && value !== null
      ? { entries: Object.entries(value).map(([name, member]) => [JSON.stringify(name), nodeOf(member)]) }
      : { text: JSON.stringify(value) };
const textIn = (node: Node): string =>
  'text' in node
    ? node.text
    : 'items' in node
      ? `[${node.items.map(textIn).join(',')}]`
      : `{${node.entries.map(([name, member]) => `${name}:${textIn(member)}`).join(',')}}`;
const objectsIn = (node: Node): { readonly entries: [string, Node][] }[] =>
  'text' in node
    ? []
    : 'items' in node
      ? node.items.flatMap(objectsIn)
      : [node, ...node.entries.flatMap(([, member]) => objectsIn(member))];

type Change = { readonly how: string; readonly at: number; readonly which: number; readonly name: string; readonly value: number | string };
const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom('twice', 'before', 'add', 'add', 'replace', 'replace', 'replace', 'escape', 'case', 'drop', 'wrap'),
  at: fc.nat(9),
  which: fc.nat(9),
  name: fc.constantFrom(...NAMES),
  value: fc.oneof({ weight: 6, arbitrary: fc.nat(99) }, { weight: 1, arbitrary: fc.constantFrom(...ANY) }, { weight: 1, arbitrary: fc.json({ maxDepth: 2 }) }),
}); // prettier-ignore

/** Changes one object of a message. */
function changed(node: Node, { how, at, which, name, value }: Change): Node {
  const objects = objectsIn(node);
  const entries = objects[at % Math.max(1, objects.length)]?.entries;
  if (!entries || how === 'wrap') return { items: [node] };
  const index = which % Math.max(1, entries.length);
  const [own = JSON.stringify(name), member = { text: 'null' }] = entries[index] ?? [];
  const valueOf = (of: string): Node => {
    const fitting = VALUES[of.replaceAll('"', '').toLowerCase()] ?? ANY;
    return { text: typeof value === 'string' ? value : (fitting[value % fitting.length] ?? 'null') };
  };
  if (how === 'twice') entries.push([own, valueOf(own)]);
  if (how === 'before') entries.unshift([own, valueOf(own)]);
  if (how === 'add') entries.push([JSON.stringify(name), valueOf(name)]);
  if (how === 'replace') entries.splice(index, 1, [own, valueOf(own)]);
  if (how === 'drop') entries.splice(index, 1);
  if (how === 'escape') entries.splice(index, 1, [own.replace(/[a-z]/, (one) => `\\u00${one.charCodeAt(0).toString(16)}`), member]);
  if (how === 'case') entries.push([own.toUpperCase(), valueOf(own)]);
  return node;
}

const bytesOf = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text.toWellFormed()));
/** Ways to put a text into bytes. */
const ENCODINGS: readonly ((text: string) => string)[] = [
  bytesOf,
  (text) => `\u00ef\u00bb\u00bf${bytesOf(text)}`,
  (text) => [...text].map((one) => `${one}\0`).join(''),
  (text) => `\u00ff\u00fe${[...text].map((one) => `${one}\0`).join('')}`,
  (text) => `\u00fe\u00ff${[...text].map((one) => `\0${one}`).join('')}`,
  (text) => bytesOf(text).replace('admin', '\u00c1\u00a1dmin'), // overlong
  (text) => `${bytesOf(text)}\u00ff`,
  (text) => bytesOf(text).slice(0, -1),
]; // prettier-ignore
const AROUND = [' ', '\n', '\u00a0', '\ufeff', '\u2028', '\0', '/**/', '{}', ','];
/** Mostly the first: what is refused at once finds nothing. */
const rarely = <T>(usual: T, others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const HEADERS: readonly Record<string, string>[] = [
  { 'content-type': 'application/json; charset=utf-16' }, { 'content-type': 'text/plain' }, { 'content-type': 'Application/JSON ; x=y' },
  { 'mcp-protocol-version': '2025-11-25' }, { 'mcp-protocol-version': '2026-07-28' },
  { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'admin' }, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'ping' },
  { 'mcp-method': 'tools/call', 'mcp-name': 'open' }, { 'mcp-session-id': 'x' }, { 'content-encoding': 'gzip' }, { 'x-http-method-override': 'GET' },
]; // prettier-ignore

const attempts: fc.Arbitrary<Attempt> = fc
  .record({
    messages: fc.array(fc.tuple(fc.constantFrom(...MESSAGES), fc.array(change, { maxLength: 2 })), { minLength: 1, maxLength: 2 }),
    isBatch: rarely(false, [true]),
    encode: rarely(bytesOf, ENCODINGS),
    around: fc.tuple(rarely('', AROUND), rarely('', AROUND)),
    headers: rarely({}, HEADERS),
  })
  .map(({ messages, isBatch, encode, around: [before, after], headers }) => {
    const nodes = messages.map(([message, changes], at) =>
      changes.reduce(changed, nodeOf(at === 0 ? message : { ...message, ...('id' in message && { id: `${at}` }) })),
    );
    const text = isBatch || nodes.length > 1 ? `[${nodes.map(textIn).join(',')}]` : textIn(nodes[0] as Node);
    return { bytes: encode(before + text + after), headers };
  });

describe('the gate and the SDK', { timeout: 2 * MILLISECONDS + 300_000 }, () => {
  it.each(['2.x', '1.x'] as const)('see the same calls in the same bytes, SDK %s (F-01, F-02, F-03)', async (line) => {
    for (const attempt of GATE_CORPUS) for (const caller of CALLERS) await tryOut(attempt, line, caller);
    const all = fc.tuple(attempts, fc.constantFrom(...CALLERS));
    let served = 0;
    for (const [attempt, caller] of fc.sample(all, { seed: 1, numRuns: 100 })) if (await tryOut(attempt, line, caller)) served += 1;
    expect(served).toBeGreaterThan(5); // a fuzzer that is always turned away finds nothing; of few runs it may be, by chance
    const property = fc.asyncProperty(all, async ([attempt, caller]) => void (await tryOut(attempt, line, caller)));
    await fc.assert(property, { numRuns: 100_000, interruptAfterTimeLimit: MILLISECONDS });
  });

  it.each(['2.x', '1.x'] as const)('do what is allowed: what the fuzzer starts from is served, SDK %s', async (line) => {
    for (const message of MESSAGES) await tryOut({ bytes: JSON.stringify(message) }, line, 'user');
    const done: string[] = [];
    const handler = openMcpHandler(() => build(line, done) as AnyServer, { policy: RULES, onError: () => {}, on: () => {} });
    for (const message of MESSAGES)
      await textOf(await handler.fetch(requestOf({ bytes: JSON.stringify(message) }), {}, contextOf(accessWith(['admin']))));
    for (const what of ['tool open', 'tool admin', 'prompt admin', 'resource files://secret/1', 'resource files://secret/{id}', 'method acme/admin'])
      expect(done).toContain(what);
  }); // prettier-ignore
});
