/** MCP messages of both protocol eras, as the doctor sends them: the handshake of 2025 and the self-contained requests of 2026. */
import { version } from '../version.ts';
import type { Question } from './ask.ts';

/** The protocol versions of the doctor. */
export const ERA_2025 = '2025-11-25';
/** The stateless era. */
const ERA_2026 = '2026-07-28';

/** Headers of every message. */
export interface Sending {
  readonly url: string;
  readonly token?: string | undefined;
  readonly headers?: { readonly [name: string]: string };
}

/** Versions of clients that are still in use. */
export const OLDER: readonly string[] = ['2025-06-18', '2025-03-26', '2024-11-05'];

/** The first message of a client of 2025, or of an older one. */
export function initialize(sending: Sending, protocolVersion: string = ERA_2025): Question {
  const clientInfo = { name: 'portcullis-doctor', version: version() };
  return message(sending, { id: 1, method: 'initialize', params: { protocolVersion, capabilities: {}, clientInfo } });
}

/** A request or notification within the session of 2025. */
export function message(sending: Sending, body: { readonly id?: number; readonly method: string; readonly params?: object }): Question {
  return {
    url: sending.url,
    method: 'POST',
    headers: { ...common(sending), 'content-type': 'application/json', ...sending.headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...body }),
  };
}

/** A request of 2026: it says in itself, and in headers, which version and method it is of. */
export function modern(sending: Sending, method: string): Question {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': ERA_2026,
    'io.modelcontextprotocol/clientInfo': { name: 'portcullis-doctor', version: version() },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = { 'mcp-protocol-version': ERA_2026, 'mcp-method': method, ...sending.headers };
  return message({ ...sending, headers }, { id: 1, method, params: { _meta } });
}

/** Headers without a message, for GET and HEAD. */
export function common({ token }: Sending): { readonly [name: string]: string } {
  return {
    accept: 'application/json, text/event-stream',
    'user-agent': `portcullis-doctor/${version()}`,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
}
