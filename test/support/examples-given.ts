/**
 * What the examples of docblocks take for given, as values to run them with. What is another library's or an application's own is a stand-in that
 * answers everything, since no database and no application is here; what is ours or the MCP SDK's is real.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { memoryStore, OAuthProvider, password } from 'portcullis';
import { McpAgent } from 'portcullis/mcp';
import { guard } from 'portcullis/guard';
import { auth0Tokens } from 'portcullis/verifiers';

export { McpServer } from '@modelcontextprotocol/server';
export { default as express } from 'express';
export { createServer } from 'node:http';

/** Can be called, constructed and read without an end; `await` gives it itself. */
const anything: never = new Proxy(function anything() {} as never, {
  get: (_target, name) => (name === 'then' ? undefined : name === Symbol.toPrimitive ? () => 'anything' : anything),
  apply: () => anything,
  construct: () => anything,
}) as never;

class Agent extends McpAgent {
  server: McpServer = new McpServer({ name: 'demo', version: '1.0.0' });
  init(): void {}
}
const provider = new OAuthProvider({
  issuer: 'http://localhost:8787',
  apiRoute: '/mcp',
  apiHandler: Agent.serve('/mcp'),
  clientRegistrationEndpoint: '/register',
  logins: [password()],
  scopesSupported: { 'notes:read': 'Read your notes' },
  store: memoryStore(),
});
// Nothing is called outside: the server of the examples answers.
globalThis.fetch = ((request: Request) => provider.fetch(request, {})) as never;

const bindings: { readonly [name: string]: unknown } = {
  DB: { prepare: () => anything, batch: () => anything },
  OAUTH_PROVIDER: {
    parseAuthRequest: () => anything,
    denyConsent: () => ({ request: { redirectUri: 'https://app.example/callback', state: 's' }, headers: new Headers() }),
  },
};
/** Secrets are texts of some length, and bindings are stand-ins. */
export const env: never = new Proxy(bindings, {
  get: (target, name) => (/SECRET|PASSWORD/.test(String(name)) ? 'a secret of thirty-two characters' : (target[String(name)] ?? anything)),
}) as never;
/** The application, which is also a server. */
export const app: never = new Proxy(provider, {
  get: (target, name) => {
    const own: unknown = Reflect.get(target, name, target);
    return own === undefined ? anything : typeof own === 'function' ? own.bind(target) : own;
  },
}) as never;
export const server: McpServer = new McpServer({ name: 'demo', version: '1.0.0' });
export const check: ReturnType<typeof guard> = guard({
  resource: 'https://mcp.example/mcp',
  ...auth0Tokens({ domain: 'acme.eu.auth0.com' }),
});
export const handler = (): void => undefined;
export const [MyMCP, NotesMcp, MailMcp, TheirAgent] = [Agent, Agent, Agent, Agent];
export const [transport, db, Pool, pool, redis, createClient, sql] = [anything, anything, anything, anything, anything, anything, anything];
