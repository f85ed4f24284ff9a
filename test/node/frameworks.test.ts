/** The set-ups of docs/guide/verifiers.md, word for word, each with the SDK's client, which knows the URL alone, and a person's browser. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OAuthProvider } from '../../src/node/main.ts';
import { password } from '../../src/logins/password.ts';
import { nodeListener, type NodeListener } from '../../src/node/middleware.ts';
import { type ProviderServer, serve } from '../../src/node/serve.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { connectTo } from '../examples/client.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guide = readFileSync(`${root}docs/guide/verifiers.md`, 'utf8');
/** Inside the package, so that its own name is known; left out of what is packed. */
const folder = `${root}dist/.frameworks`;
const ADA = { username: 'ada', password: 'a long passphrase' };

/** Whichever framework is under test answers at one address, which is the name of the resource. */
let listener: (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let issuer: ProviderServer;
let mcp = '';
let userId = '';

beforeAll(async () => {
  server = createServer((request, response) => listener(request, response));
  await new Promise<void>((done) => void server.listen(0, 'localhost', done));
  mcp = `http://localhost:${(server.address() as AddressInfo).port}/mcp`;
  const app = new OAuthProvider({
    apiRoute: '/own',
    apiHandler: () => new Response(),
    logins: [password()],
    clientRegistrationEndpoint: '/register',
    resources: { [mcp]: {} },
    accessTokenSigning: 'ES256',
    secret: btoa('a key of 32 bytes, for this test.'),
    store: memoryStore(),
  });
  issuer = (await serve(app, { port: 0, env: { PORTCULLIS_LIMITS: 'off' } })) as ProviderServer;
  ({ id: userId } = await issuer.helpers.accounts.create(ADA));
  process.env['MCP_URL'] = mcp;
  process.env['ISSUER'] = issuer.url;
  mkdirSync(folder, { recursive: true });
  for (const [, code = '', name = ''] of guide.matchAll(/^```ts\n(\/\/ ([\w-]+\.ts)\n[\s\S]*?)^```$/gm))
    writeFileSync(`${folder}/${name}`, code);
});
afterAll(async () => {
  delete process.env['MCP_URL'];
  delete process.env['ISSUER'];
  server.close();
  server.closeAllConnections();
  await issuer.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** How each framework takes a request of `node:http`. */
const FRAMEWORKS: Readonly<Record<string, (app: never) => NodeListener | Promise<NodeListener>>> = {
  hono: (app: { fetch(request: Request): Promise<Response> }) => nodeListener((request) => app.fetch(request)),
  express: (app: NodeListener) => app,
  'express-sdk': (app: NodeListener) => app,
  fastify: async (app: { ready(): Promise<unknown>; routing: NodeListener }) => {
    await app.ready();
    return app.routing;
  },
};

describe('the guard in a framework, as docs/guide/verifiers.md shows it', () => {
  it.each(Object.entries(FRAMEWORKS))('lets a real client find the way from a 401 to a tool in %s (N-06)', async (name, listenerOf) => {
    const { app } = (await import(`${folder}/${name}.ts`)) as { app: never };
    listener = await listenerOf(app);
    const browser = makeBrowser((request) => fetch(request));
    const connected = await connectTo(mcp, fetch, async (url) => {
      const page = await browser.get(url);
      return (await browser.submit(page, { decision: 'approve', ...ADA })).location ?? '';
    });
    expect(await connected.say('whoami')).toBe(`You are ${userId}.`);
    await connected.client.close();
  });
});
