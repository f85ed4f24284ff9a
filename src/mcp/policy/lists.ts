/**
 * Lists that differ from caller to caller: what a caller may not see is taken out on the way out, whatever registered it, and
 * no cache may hand the list to anybody else.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { Access } from '../../model/access.ts';
import { withoutUnseen } from './gate.ts';
import type { Kind, Policy } from './policy.ts';
import { type AnyServer, onConnect } from '../sdk.ts';

/** The members that results list primitives in. */
const MEMBERS: readonly (readonly [member: string, kind: Kind])[] = [
  ['tools', 'tool'],
  ['resources', 'resource'],
  ['resourceTemplates', 'resource'],
  ['prompts', 'prompt'],
];

/** Makes a server's lists those of this caller. They are known by what is in a result, whatever was asked for. */
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

/** For clients that read before they call which scopes a tool needs. */
function withSchemes(policy: Policy, tool: ListedTool): ListedTool {
  if (typeof tool?.name !== 'string') return tool;
  const need = policy.needOf('tool', tool.name);
  if (tool._meta?.['securitySchemes'] !== undefined || (!need?.scopes?.length && need?.anonymous !== true)) return tool;
  const securitySchemes = need.anonymous === true ? [{ type: 'noauth' }] : [{ type: 'oauth2', scopes: [...(need.scopes ?? [])] }];
  return { ...tool, _meta: { ...tool._meta, securitySchemes } };
}
