/** Requirements of the directories of Claude and ChatGPT for every tool: a plain name, a title, and hints that fit its scopes. */
import type { Level } from './findings.ts';
import { quoted } from './findings.ts';
import { type Document, type Run, textOf } from './run.ts';
import type { ListedTool } from './sessions.ts';

const MAX_NAME = 64;
/** Words of scopes that let a client change something. */
const CHANGES = /(^|[^a-z])(write|create|update|edit|delete|remove|admin|manage|send|full)([^a-z]|$)/i;

/** Checks each tool. For a directory every fault is a problem, else a warning. */
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
