/** The MCP SDK's own clients, old and new, through the whole chain: 401, discovery, registration, browser, tokens, call, refresh. */
import assert from 'node:assert/strict';
import { Client, type OAuthClientProvider, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import {
  UnauthorizedError as OldUnauthorizedError,
  type OAuthClientProvider as OldProvider,
} from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as OldTransportShape } from '@modelcontextprotocol/sdk/shared/transport.js';
import { listenForCallback } from '../../src/cli/callback.ts';
import { makeKeeping } from '../support/papers.ts';
import { altered } from '../support/altered.ts';

/** Which client: 2.x as it comes, 2.x negotiating, 1.x. */
export type Line = 'default' | 'auto' | 'old';

/** Goes to a page as a person and presses Allow. */
export type Visitor = (url: string) => Promise<unknown>;

type Papers = OAuthClientProvider & { accessToken: string };

/** What one run came to. */
export interface Came {
  readonly tools: readonly string[];
  readonly said: string;
  /** What the tool said after the access token was lost and refreshed. */
  readonly saidAfterRefresh: string;
  readonly protocol: string | undefined;
}

/** Runs one client against a server that it knows only the URL of. */
export async function runSdkClient(line: Line, url: string, visitor: Visitor): Promise<Came> {
  const callback = await listenForCallback(0, { after: () => () => undefined });
  const state = crypto.randomUUID();
  const answer = callback.answer(state, 60);
  const papers = makePapers(callback.redirectUri, state, visitor);
  try {
    const first = transportOf(line, url, papers);
    await assert.rejects(connectOf(line, first), line === 'old' ? OldUnauthorizedError : UnauthorizedError);
    const params = await answer;
    if (first instanceof OldTransport) await first.finishAuth(params.get('code') ?? '');
    else await first.finishAuth(params);
    const client = await connectOf(line, transportOf(line, url, papers));
    const tools = (await client.listTools()).tools.map(({ name }) => name);
    const said = textOf(await client.callTool({ name: 'whoami', arguments: {} }));
    const before = papers.accessToken;
    papers.accessToken = altered(before); // as if it had expired: the server says 401, the client refreshes
    const saidAfterRefresh = textOf(await client.callTool({ name: 'whoami', arguments: {} }));
    assert.notEqual(papers.accessToken, before);
    const protocol = client instanceof OldClient ? undefined : client.getNegotiatedProtocolVersion();
    await client.close();
    return { tools, said, saidAfterRefresh, protocol };
  } finally {
    callback.stop();
  }
}

/** A client that stays connected. */
export interface KeptClient {
  /** Calls a tool, and gives what it says. Rejects if the client has to ask its user again. */
  call(): Promise<string>;
  /** The status of a call with its access token. */
  status(): Promise<number>;
  close(): Promise<void>;
}

/** Connects a client under a name of its own. */
export async function keepSdkClient(url: string, name: string, visitor: Visitor): Promise<KeptClient> {
  const callback = await listenForCallback(0, { after: () => () => undefined });
  const state = crypto.randomUUID();
  const answer = callback.answer(state, 120);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The user did not come back.')), 900_000);
  });
  tooLate.catch(() => undefined);
  let visit = visitor;
  const papers = makePapers(callback.redirectUri, state, (page) => visit(page), name);
  try {
    const first = transportOf('default', url, papers) as StreamableHTTPClientTransport;
    await assert.rejects(connectOf('default', first), UnauthorizedError);
    await first.finishAuth(await Promise.race([answer, tooLate]));
    const client = (await connectOf('default', transportOf('default', url, papers))) as Client;
    visit = () => Promise.resolve();
    return {
      call: async () => textOf(await client.callTool({ name: 'whoami', arguments: {} })),
      status: async () => (await fetch(url, { headers: { authorization: `Bearer ${papers.accessToken}` } })).status,
      close: () => client.close(),
    };
  } finally {
    clearTimeout(timer);
    callback.stop();
  }
}

function transportOf(line: Line, url: string, papers: Papers): OldTransport | StreamableHTTPClientTransport {
  if (line === 'old') return new OldTransport(new URL(url), { authProvider: papers as OldProvider });
  return new StreamableHTTPClientTransport(new URL(url), { authProvider: papers });
}

async function connectOf(line: Line, transport: OldTransport | StreamableHTTPClientTransport): Promise<Client | OldClient> {
  const info = { name: `e2e-${line}`, version: '1.0.0' };
  if (transport instanceof OldTransport) {
    const client = new OldClient(info);
    await client.connect(transport as OldTransportShape);
    return client;
  }
  const client = new Client(info, line === 'auto' ? { versionNegotiation: { mode: 'auto' } } : {});
  await client.connect(transport);
  return client;
}

function makePapers(redirectUri: string, state: string, visitor: Visitor, name = 'SDK client'): Papers {
  const { kept, keeping } = makeKeeping();
  return {
    redirectUrl: redirectUri,
    clientMetadata: { client_name: name, redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' },
    state: () => state,
    ...keeping,
    redirectToAuthorization: async (url) => void (await visitor(url.href)),
    get accessToken() {
      return (kept.get('tokens') as { access_token: string }).access_token;
    },
    set accessToken(value) {
      kept.set('tokens', { ...(kept.get('tokens') as object), access_token: value });
    },
  };
}

function textOf(result: { readonly [member: string]: unknown }): string {
  return (result['content'] as { text?: string }[])[0]?.text ?? '';
}
