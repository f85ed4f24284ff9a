/**
 * Lists that differ from caller to caller: what a caller may not see is taken out on the way out, whatever registered it, and
 * no cache may hand the list to anybody else.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { Access } from '../model/access.ts';
import { withoutUnseen } from './gate.ts';
import type { Kind, Policy } from './policy.ts';
import { type AnyServer, onConnect } from './sdk.ts';

/** Requests for lists, by their ids. */
export type Lists = ReadonlyMap<string | number, string>;

const MEMBERS: { readonly [method: string]: readonly [member: string, kind: Kind] } = {
  'tools/list': ['tools', 'tool'],
  'resources/list': ['resources', 'resource'],
  'resources/templates/list': ['resourceTemplates', 'resource'],
  'prompts/list': ['prompts', 'prompt'],
};

/** The lists that a body asks for. */
export function listsIn(body: unknown): Lists {
  const messages = (Array.isArray(body) ? body : [body]) as readonly ({ id?: unknown; method?: unknown } | null)[];
  return new Map(
    messages.flatMap((message) => {
      const { id, method } = message ?? {};
      return (typeof id === 'string' || typeof id === 'number') && typeof method === 'string' && Object.hasOwn(MEMBERS, method)
        ? [[id, method] as const]
        : [];
    }),
  );
}

/** Makes a server's lists those of this caller. */
export function keepListsPrivate(server: AnyServer, policy: Policy, access: Access | null, lists: Lists): void {
  if (lists.size === 0) return;
  onConnect(server, (transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => send(filtered(message, policy, access, lists), options);
  });
}

function filtered(message: JSONRPCMessage, policy: Policy, access: Access | null, lists: Lists): JSONRPCMessage {
  if (!('result' in message) || message.id === undefined) return message;
  const [member, kind] = MEMBERS[lists.get(message.id) ?? ''] ?? [];
  const result = message.result as Record<string, unknown>;
  const items = member && result[member];
  if (member === undefined || kind === undefined || !Array.isArray(items)) return message;
  const seen = withoutUnseen(policy, access, kind, items).map((item) => (kind === 'tool' ? withSchemes(policy, item as ListedTool) : item));
  const privately = policy.filters && 'cacheScope' in result ? { cacheScope: 'private' } : {};
  return { ...message, result: { ...result, [member]: seen, ...privately } };
}

interface ListedTool {
  readonly name: string;
  readonly _meta?: Record<string, unknown>;
}

/** For clients that read before they call which scopes a tool needs. */
function withSchemes(policy: Policy, tool: ListedTool): ListedTool {
  const need = policy.needOf('tool', tool.name);
  if (tool._meta?.['securitySchemes'] !== undefined || (!need?.scopes?.length && need?.anonymous !== true)) return tool;
  const securitySchemes = need.anonymous === true ? [{ type: 'noauth' }] : [{ type: 'oauth2', scopes: [...(need.scopes ?? [])] }];
  return { ...tool, _meta: { ...tool._meta, securitySchemes } };
}
