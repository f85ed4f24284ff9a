/**
 * Lists that differ by caller: removes from the response what a caller may not see, however it was registered, and
 * prevents caches from serving the list to other callers.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { Access } from '../../model/access.ts';
import { withoutUnseen } from './gate.ts';
import type { Kind, Policy } from './policy.ts';
import { type AnyServer, onConnect } from '../sdk.ts';

/** The members of a result that list primitives. */
const MEMBERS: readonly (readonly [member: string, kind: Kind])[] = [
  ['tools', 'tool'],
  ['resources', 'resource'],
  ['resourceTemplates', 'resource'],
  ['prompts', 'prompt'],
];

/** Filters a server's lists for this caller. Lists are recognized by the members of a result, not by the method of the request. */
export function keepListsPrivate(server: AnyServer, policy: Policy, access: Access | null): void {
  onConnect(server, (transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => send(filtered(message, policy, access), options);
  });
}

function filtered(message: JSONRPCMessage, policy: Policy, access: Access | null): JSONRPCMessage {
  if (!('result' in message)) return message;
  const result = message.result as Record<string, unknown>;
  const lists = MEMBERS.flatMap(([member, kind]) => {
    const items = result[member];
    if (!Array.isArray(items)) return [];
    const seen = withoutUnseen(policy, access, kind, items);
    return [[member, kind === 'tool' ? seen.map((item) => withSchemes(policy, item as ListedTool)) : seen] as const];
  });
  if (lists.length === 0) return message;
  const privately = policy.filters && 'cacheScope' in result ? { cacheScope: 'private' } : {};
  return { ...message, result: { ...result, ...Object.fromEntries(lists), ...privately } };
}

interface ListedTool {
  readonly name: string;
  readonly _meta?: Record<string, unknown>;
}

/** Adds the scopes that a tool needs, for clients that read them before a call. */
function withSchemes(policy: Policy, tool: ListedTool): ListedTool {
  if (typeof tool?.name !== 'string') return tool;
  const need = policy.needOf('tool', tool.name);
  if (tool._meta?.['securitySchemes'] !== undefined || (!need?.scopes?.length && need?.anonymous !== true)) return tool;
  const securitySchemes = need.anonymous === true ? [{ type: 'noauth' }] : [{ type: 'oauth2', scopes: [...(need.scopes ?? [])] }];
  return { ...tool, _meta: { ...tool._meta, securitySchemes } };
}
