/** A client that holds a stream open for news of its rights, and what it must come to when they change elsewhere. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, vi } from 'vitest';
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';

/** What the servers of these tests believe to be called. */
export const RIGHTS_ISSUER = 'http://localhost:9999';
const ALICE = { username: 'alice', password: 'correct horse battery' };

/** A client of each era: of 2025 with the stream of its session (GET), of 2026 with `subscriptions/listen`. */
export const ERAS = { '2025-11-25': {}, '2026-07-28': { versionNegotiation: { mode: 'auto' } } } as const;

/** One client that listens. */
export interface Listening {
  readonly client: Client;
  /** The tools that it saw, each time it heard that they changed. */
  readonly heard: string[][];
}

/** A server process by its port; the processes share an issuer, as behind a load balancer. */
export function doorAt(port: string | number): Send {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = request.method === 'POST' ? await request.text() : null;
    const { method, headers, signal } = request;
    return fetch(`http://127.0.0.1:${port}${pathname}${search}`, { method, headers, body, redirect: 'manual', signal });
  };
}

/** Alice's permissions are other ones from now on, and this process is told so. */
export async function change(door: Send, permissions: readonly string[]): Promise<void> {
  const body = JSON.stringify(permissions);
  expect((await door(new Request(`${RIGHTS_ISSUER}/rights`, { method: 'POST', body }))).status).toBe(204);
}

/** Signs Alice in at one process, and gives her token. */
export async function signAliceIn(door: Send): Promise<string> {
  const signing = await registerClient({ send: door, issuer: RIGHTS_ISSUER });
  return tokensOf(await signing.redeem(await signing.signIn(makeBrowser(door), ALICE))).access;
}

/** A client that lists the tools anew whenever it hears that they changed. */
export async function listen(door: Send, token: string, era: keyof typeof ERAS): Promise<Listening> {
  const heard: string[][] = [];
  const onChanged = (_error: unknown, tools: { name: string }[] | null): void => void heard.push((tools ?? []).map(({ name }) => name));
  const client = new Client({ name: 't', version: '1' }, { ...ERAS[era], listChanged: { tools: { debounceMs: 0, onChanged } } });
  const fetcher: typeof fetch = (input, init) => door(new Request(input as string | URL, init));
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${RIGHTS_ISSUER}/mcp`), { fetch: fetcher, requestInit }));
  expect(client.getNegotiatedProtocolVersion()).toBe(era);
  return { client, heard };
}

/** Changes rights at one process until the client, at another, has heard of it and listed its tools anew. */
export async function told({ heard }: Listening, here: Send, permissions: readonly string[], tools: readonly string[]): Promise<void> {
  const before = heard.length;
  // The stream answers before the engine has noted its listener: news that come too early are told again.
  await vi.waitFor(
    async () => {
      await change(here, permissions);
      await vi.waitFor(() => expect(heard.slice(before).at(-1)).toEqual(tools), { timeout: 500, interval: 5 });
    },
    { timeout: 120_000, interval: 5 },
  );
}

/** Rights that are taken away and given back at one process, as a client sees it at the other: refused at the very next call, and told. */
export async function seesItsRightsGo(listening: Listening, here: Send): Promise<void> {
  const { client } = listening;
  const wipe = { name: 'wipe', arguments: {} };
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['look', 'wipe']);
  expect(await client.callTool(wipe)).not.toHaveProperty('isError');
  await change(here, []);
  expect(await client.callTool(wipe)).toMatchObject({ isError: true });
  await told(listening, here, [], ['look']);
  await told(listening, here, ['admin'], ['look', 'wipe']);
  expect(await client.callTool(wipe)).not.toHaveProperty('isError');
}
