/** What is behind the guard, if the doctor has a token or the server needs none: the handshake of each protocol era, and the tools. */
import { common, ERA_2025, type Exchange, initialize, message, modern, OLDER, type Sending } from './ask.ts';
import { type Level, quoted } from './findings.ts';
import { checkCharset } from './resource-metadata.ts';
import { type Document, insteadOfJson, isTrouble, type Run, textOf } from './run.ts';

/** A tool, as the server lists it. */
export type ListedTool = Document;

/** Checks the handshakes. @returns the tools; null if they could not be listed. */
export async function checkSessions(run: Run, isOpen: boolean): Promise<readonly ListedTool[] | null> {
  const { url, options, ask, findings } = run;
  const sending: Sending = { url, token: options.token ?? undefined };
  const first = await ask(initialize(sending));
  findings.made('session-2025');
  if (isTrouble(first, 'session-2025', findings)) return null;
  if (first.status === 401 || first.status === 403) {
    findings.add('session-2025', 'problem', { url }, `HTTP ${first.status} for the token of ${options.tokenFrom}`, 'Use a token that has not expired and was issued for this very URL.'); // prettier-ignore
    return null;
  }
  const result = resultOf(first);
  if (result === null) {
    findings.add('session-2025', 'problem', { url }, told(first), 'Answer `initialize` with protocolVersion, capabilities and serverInfo.');
    return await listModern(run, sending);
  }
  const version = typeof result['protocolVersion'] === 'string' ? result['protocolVersion'] : ERA_2025;
  if (!/^\d{4}-\d\d-\d\d$/.test(version))
    findings.add('session-2025', 'problem', { url, field: 'protocolVersion' }, quoted(version), `Answer with a version of the protocol, such as ${ERA_2025}.`); // prettier-ignore
  if (!first.headers.get('content-type')?.includes('event-stream')) checkCharset(first, findings);
  await checkRequestCharset(run, sending);
  const session = first.headers.get('mcp-session-id');
  const headers = { 'mcp-protocol-version': version, ...(session !== null && { 'mcp-session-id': session }) };
  const noted = await ask(message({ ...sending, headers }, { method: 'notifications/initialized' }));
  if (noted.status >= 300 || noted.status === 0)
    findings.add(
      'session-2025',
      'problem',
      { url },
      `notifications/initialized: ${told(noted)}`,
      'Answer a notification with HTTP 202 and no body.',
    );
  const tools = await list(run, (cursor) =>
    message({ ...sending, headers }, { id: 2, method: 'tools/list', params: cursor === null ? {} : { cursor } }),
  );
  if (session !== null) await endSession(run, sending, headers, session);
  await checkOlder(run, sending);
  const newer = await listModern(run, sending);
  findings.made('tools');
  if (tools === null && newer === null && isOpen) return null;
  return tools ?? newer;
}

/** A server that does not speak the version of a client answers with one that it speaks, and the client decides (MCP lifecycle). */
async function checkOlder({ ask, findings, url }: Run, sending: Sending): Promise<void> {
  findings.made('session-older');
  for (const version of OLDER) {
    const answer = await ask(initialize(sending, version));
    const session = answer.headers.get('mcp-session-id');
    if (resultOf(answer) === null)
      findings.add('session-older', 'warning', { url, field: 'protocolVersion' }, `initialize of ${version}: ${told(answer)}`, 'Answer `initialize` of any version with a version that you speak.'); // prettier-ignore
    if (session !== null) await ask({ url, method: 'DELETE', headers: { ...common(sending), 'mcp-session-id': session } });
  }
}

async function checkRequestCharset({ ask, findings, url }: Run, sending: Sending): Promise<void> {
  const { status } = await ask(initialize({ ...sending, headers: { 'content-type': 'application/json; charset=utf-8' } }));
  if (status === 415 || status === 400)
    findings.add('charset', 'problem', { url, header: 'Content-Type' }, `HTTP ${status} for application/json; charset=utf-8`, 'Accept a content type with parameters: several clients send the charset.'); // prettier-ignore
}

async function list(run: Run, question: (cursor: string | null) => Parameters<Run['ask']>[0]): Promise<readonly ListedTool[] | null> {
  const tools: ListedTool[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 10; page++) {
    const answer = await run.ask(question(cursor));
    if (isTrouble(answer, 'tools', run.findings)) return null;
    const result = resultOf(answer);
    const listed = result?.['tools'];
    if (!result || !Array.isArray(listed)) {
      // A server without tools may not know the method.
      const isUnknown = (answer.json?.['error'] as Document | undefined)?.['code'] === -32_601;
      if (!isUnknown)
        run.findings.add('tools', 'problem', { url: run.url }, `tools/list: ${told(answer)}`, 'Answer `tools/list` with a list of tools.');
      return isUnknown ? [] : null;
    }
    tools.push(...listed.filter((tool) => typeof tool === 'object' && tool !== null));
    cursor = typeof result['nextCursor'] === 'string' ? result['nextCursor'] : null;
    if (cursor === null) return tools;
  }
  return tools;
}

/** The stateless era. A server that does not know it has to say so, so that clients fall back to the handshake of 2025. */
async function listModern({ ask, findings, url }: Run, sending: Sending): Promise<readonly ListedTool[] | null> {
  const answer = await ask(modern(sending, 'server/discover'));
  findings.made('session-2026');
  if (isTrouble(answer, 'session-2026', findings)) return null;
  if (resultOf(answer) === null) {
    const isSaid = answer.status >= 400 && answer.status < 500 && answer.status !== 401 && answer.status !== 403;
    if (!isSaid && answer.json?.['error'] === undefined)
      findings.add('session-2026', 'warning', { url }, `server/discover: ${told(answer)}`, 'Answer a version that you do not speak with HTTP 400 and a JSON-RPC error, so that clients fall back.'); // prettier-ignore
    return null;
  }
  const listed = resultOf(await ask(modern(sending, 'tools/list')))?.['tools'];
  if (Array.isArray(listed)) return listed.filter((tool) => typeof tool === 'object' && tool !== null);
  findings.add('session-2026', 'warning', { url }, 'server/discover is answered, tools/list is not', 'Serve every method in the era that server/discover announces.'); // prettier-ignore
  return null;
}

async function endSession(run: Run, sending: Sending, headers: { readonly [name: string]: string }, session: string): Promise<void> {
  const { ask, url, findings } = run;
  const unknown = { ...headers, 'mcp-session-id': `${session.slice(0, -4)}none` };
  const { status } = await ask(message({ ...sending, headers: unknown }, { id: 3, method: 'tools/list', params: {} }));
  findings.made('unknown-session');
  if (status !== 404)
    findings.add('unknown-session', 'warning', { url, header: 'Mcp-Session-Id' }, `HTTP ${status}`, 'Answer 404 to a session that is not there: clients then start a new one, and with another status they stay stuck after a restart.'); // prettier-ignore
  await ask({ url, method: 'DELETE', headers: { ...common(sending), ...headers } }); // ends the session
}

function resultOf({ status, json }: Exchange): Document | null {
  const result = json?.['result'];
  return status === 200 && typeof result === 'object' && result !== null ? { ...result } : null;
}

function told(exchange: Exchange): string {
  const error = exchange.json?.['error'];
  if (typeof error === 'object' && error !== null) return `HTTP ${exchange.status}, ${quoted(error)}`;
  return exchange.failure ?? insteadOfJson(exchange);
}

const MAX_NAME = 64;
/** Words of scopes that let a client change something. */
const CHANGES = /(^|[^a-z])(write|create|update|edit|delete|remove|admin|manage|send|full)([^a-z]|$)/i;

/** Checks each tool as the directories of Claude and ChatGPT require: a plain name, a title, hints that fit its scopes. For a directory every fault is a problem, else a warning. */
export function checkTools({ url, findings, options }: Run, tools: readonly ListedTool[]): void {
  const level: Level = options.directory ? 'problem' : 'warning';
  for (const check of ['tool-name', 'tool-title', 'tool-hints', 'tool-scopes', 'tool-schema'] as const) findings.made(check);
  const seen = new Set<string>();
  for (const tool of tools) {
    const name = textOf(tool, 'name') ?? '';
    const field = `tools[${quoted(name)}]`;
    if (name.length > MAX_NAME)
      findings.add('tool-name', level, { url, field }, `${name.length} characters`, `Shorten the name to ${MAX_NAME} characters.`);
    else if (!/^[A-Za-z0-9_-]+$/.test(name))
      findings.add('tool-name', level, { url, field }, quoted(name), 'Use letters, digits, _ and - only.');
    if (seen.has(name)) findings.add('tool-name', 'problem', { url, field }, 'listed twice', 'Give each tool a unique name.');
    seen.add(name);
    const schema = asDocument(tool['inputSchema']);
    if (schema['type'] !== 'object')
      findings.add('tool-schema', 'problem', { url, field: `${field}.inputSchema` }, quoted(tool['inputSchema']), 'Send {"type":"object"}, with "properties" if it takes arguments. One tool without it, and clients made with the MCP SDK refuse the whole list.'); // prettier-ignore
    const annotations = asDocument(tool['annotations']);
    if (textOf(tool, 'title') === null && textOf(annotations, 'title') === null)
      findings.add(
        'tool-title',
        level,
        { url, field: `${field}.title` },
        'no title',
        'Add a title that people read, such as "List notes".',
      );
    checkHints({ annotations, scopes: scopesOf(tool), field }, (check, at, found, fix) =>
      findings.add(check, level, { url, field: at }, found, fix),
    );
  }
}

function checkHints(
  { annotations, scopes, field }: { readonly annotations: Document; readonly scopes: readonly string[]; readonly field: string },
  add: (check: 'tool-hints' | 'tool-scopes', field: string, found: string, fix: string) => void,
): void {
  const { readOnlyHint, destructiveHint } = annotations;
  const at = `${field}.annotations`;
  if (typeof readOnlyHint !== 'boolean' && typeof destructiveHint !== 'boolean')
    add(
      'tool-hints',
      at,
      quoted(annotations),
      'Add readOnlyHint: true to a tool that changes nothing, destructiveHint: true or false to one that does.',
    );
  if (readOnlyHint === true && destructiveHint === true)
    add('tool-hints', at, 'read-only and destructive', 'A tool is one or the other: remove the wrong hint.');
  const changing = scopes.filter((scope) => CHANGES.test(scope));
  if (readOnlyHint === true && changing.length > 0)
    add(
      'tool-scopes',
      at,
      `read-only, with the scope ${quoted(changing.join(' '))}`,
      'Ask for a scope that only reads, or remove readOnlyHint.',
    );
  const reading = scopes.length > 0 && scopes.every((scope) => /(^|[^a-z])(read|view|list)([^a-z]|$)/i.test(scope));
  if (destructiveHint === true && reading)
    add('tool-scopes', at, `destructive, with no scope but ${quoted(scopes.join(' '))}`, 'Require a separate scope for what destroys something, or correct the hint.'); // prettier-ignore
}

/** The scopes that a tool declares (`securitySchemes`, in the tool or in its `_meta`). */
function scopesOf(tool: ListedTool): readonly string[] {
  const schemes = tool['securitySchemes'] ?? asDocument(tool['_meta'])['securitySchemes'];
  if (!Array.isArray(schemes)) return [];
  return schemes.flatMap((scheme) => {
    const scopes = asDocument(scheme)['scopes'];
    return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [];
  });
}

function asDocument(value: unknown): Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
