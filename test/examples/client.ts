/** The SDK's own client before an example: 401, discovery, registration, a person's browser, tokens, calls, refresh. */
import { Client, type OAuthClientProvider, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { expect } from 'vitest';
import { makeKeeping } from '../support/papers.ts';

/** Goes as a person from the authorization URL to where the browser is sent at last. */
export type Person = (url: string) => Promise<string>;

/** A network: which function answers for which host. */
export type Network = { readonly [host: string]: typeof fetch };

const CALLBACK = 'http://localhost:3334/callback';

/** One `fetch` for all hosts of a network; no one else is reached. */
export function fetchOn(network: Network): typeof fetch {
  return async (input, init) => {
    const request = new Request(input as RequestInfo, init);
    const answer = network[new URL(request.url).host];
    if (!answer) throw new TypeError(`Nobody in this test is called ${request.url}.`);
    return answer(request);
  };
}

/** Someone who is connected. */
export interface Connected {
  readonly client: Client;
  tools(): Promise<string[]>;
  say(name: string, args?: Record<string, unknown>): Promise<string>;
}

/** Connects a client that knows the URL alone. */
export async function connectTo(url: string, fetch: typeof globalThis.fetch, person: Person): Promise<Connected> {
  let arrived = '';
  const papers = makePapers(async (location) => void (arrived = await person(location)));
  const transport = (): StreamableHTTPClientTransport => new StreamableHTTPClientTransport(new URL(url), { authProvider: papers, fetch });
  const client = (): Client => new Client({ name: 'example', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  const first = transport();
  await expect(client().connect(first)).rejects.toThrow(UnauthorizedError);
  expect(arrived).toMatch(/^http:\/\/localhost:3334\/callback\?/);
  await first.finishAuth(new URL(arrived).searchParams);
  const connected = client();
  await connected.connect(transport());
  return {
    client: connected,
    tools: async () => (await connected.listTools()).tools.map(({ name }) => name),
    async say(name, args = {}) {
      const { content } = await connected.callTool({ name, arguments: args });
      return (content as { text?: string }[])[0]?.text ?? '';
    },
  };
}

function makePapers(visit: (url: string) => Promise<void>): OAuthClientProvider {
  const { keeping } = makeKeeping();
  return {
    redirectUrl: CALLBACK,
    clientMetadata: { client_name: 'Example client', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' },
    state: () => 'st4te',
    ...keeping,
    redirectToAuthorization: async (url) => visit(url.href),
  };
}
