/** `portcullis doctor` against whole servers: ours, one of the MCP SDK's own router, and ours behind a proxy that hides where it is. */
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import type { OAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/provider.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import type { OAuthClientInformationFull } from '@modelcontextprotocol/sdk/shared/auth.js';
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/server';
import express from 'express';
import { createServer, request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../../src/cli/commands.ts';
import { examine } from '../../../src/cli/doctor/doctor.ts';
import type { DoctorOptions } from '../../../src/cli/doctor/run.ts';
import { McpAgent, policy } from '../../../src/mcp/index.ts';
import type { AuthContext } from '../../../src/model/access.ts';
import { makeBrowser } from '../../../src/testing/browser.ts';
import { ALICE, startServer } from '../served.ts';
import { onlyHere, PATIENT } from './small-server.ts';

const given = (url: string, more: Partial<DoctorOptions> = {}): DoctorOptions => ({
  url, format: 'text', directory: null, registers: false, origin: null, token: null, tokenFrom: 'PORTCULLIS_TOKEN', ...more,
}); // prettier-ignore
const look = (url: string, more?: Partial<DoctorOptions>) =>
  examine(given(url, more), () => undefined, { limits: PATIENT, reach: onlyHere });

async function listen(server: Server): Promise<string> {
  await new Promise<void>((next) => server.listen(0, '127.0.0.1', next));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

class Notes extends McpAgent<unknown, unknown, AuthContext> {
  static override policy = policy({ tools: { list_notes: { scopes: ['read'] }, delete_note: { scopes: ['write'] } } });
  server = new McpServer({ name: 'notes', version: '1' });
  init(): void {
    const say = () => ({ content: [{ type: 'text' as const, text: 'done' }] });
    this.server.registerTool('list_notes', { title: 'List notes', annotations: { readOnlyHint: true } }, say);
    this.server.registerTool('delete_note', { title: 'Delete a note', annotations: { destructiveHint: true } }, say);
  }
}

describe('cli/doctor, of whole servers', () => {
  it('finds nothing wrong with our own server, with and without a token, for each directory', async () => {
    const served = await startServer({ apiHandler: Notes.serve('/mcp') } as never);
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-doctor-'));
    try {
      const browser = makeBrowser((request) => fetch(request));
      const signIn = async (url: string): Promise<void> => {
        const back = await browser.submit(await browser.get(url), { ...ALICE, decision: 'approve', scope: ['read', 'write'] });
        await browser.get(back.location ?? '');
      };
      let acting = Promise.resolve();
      const terminal = { out: () => undefined, err: () => undefined, open: (url: string) => void (acting = signIn(url)), after: () => () => undefined };
      const file = join(folder, 'session.json');
      expect(await runCommand(['connect', `${served.url}/mcp`, '--save', file], terminal)).toBe(0);
      await acting;
      const { tokens } = JSON.parse(readFileSync(file, 'utf8')) as { tokens: { access_token: string } };
      for (const directory of ['claude', 'chatgpt'] as const) {
        const report = await look(`${served.url}/mcp`, { token: tokens.access_token, directory, registers: true });
        expect(report.findings).toEqual([]);
        expect(report).toMatchObject({ outcome: 'fine', tools: 2 });
        expect(JSON.stringify(report)).not.toContain(tokens.access_token);
      }
    } finally {
      await served.stop();
      rmSync(folder, { recursive: true });
    }
  }); // prettier-ignore

  it('says what the router of the MCP SDK lacks, and nothing that is false', async () => {
    const app = express();
    const server = createServer(app);
    const origin = await listen(server);
    const clients = new Map<string, OAuthClientInformationFull>();
    const provider: OAuthServerProvider = {
      clientsStore: {
        getClient: (id) => clients.get(id),
        registerClient: (client) => {
          const full = { ...client, client_id: crypto.randomUUID() };
          clients.set(full.client_id, full);
          return full;
        },
      },
      authorize: async (_client, _params, response) => void response.send('<h1>Sign in</h1>'),
      challengeForAuthorizationCode: async () => '',
      exchangeAuthorizationCode: async () => ({ access_token: 'a', token_type: 'bearer' }),
      exchangeRefreshToken: async () => ({ access_token: 'a', token_type: 'bearer' }),
      verifyAccessToken: async (token) => {
        if (token !== 'good') throw new InvalidTokenError('unknown');
        return { token, clientId: 'c', scopes: [], expiresAt: Math.floor(Date.now() / 1000) + 60 };
      },
    };
    const resourceServerUrl = new URL(`${origin}/mcp`);
    app.use(mcpAuthRouter({ provider, issuerUrl: new URL(origin), resourceServerUrl, scopesSupported: ['notes'] }));
    const resourceMetadataUrl = `${origin}/.well-known/oauth-protected-resource/mcp`;
    app.post('/mcp', requireBearerAuth({ verifier: provider, resourceMetadataUrl }), express.json(), async (request, response) => {
      const mcp = new OldServer({ name: 'old', version: '1' });
      mcp.registerTool('look', { title: 'Look', annotations: { readOnlyHint: true } }, () => ({ content: [] }));
      const transport = new StreamableHTTPServerTransport({});
      await mcp.connect(transport as never);
      await transport.handleRequest(request, response, request.body);
    });
    const report = await look(`${origin}/mcp`, { token: 'good', registers: true });
    server.closeAllConnections();
    server.close();
    expect(report.findings.map(({ check, level, where }) => [check, level, where.url.replace(origin, '')])).toEqual([
      ['challenge-get', 'warning', '/mcp'], // 404, where clients expect 405
      ['resource-metadata-root', 'warning', '/.well-known/oauth-protected-resource'],
      ['client-registration', 'warning', '/.well-known/oauth-authorization-server'],
      ['iss', 'warning', '/.well-known/oauth-authorization-server'],
    ]);
    expect(report).toMatchObject({ outcome: 'fine', tools: 1 });
  }); // prettier-ignore

  it('names the public URL to a server behind a proxy that does not forward it', async () => {
    const served = await startServer({ issuer: 'http://localhost:1' } as never);
    const inside = new URL(served.url);
    const proxy = createServer((request, response) => {
      const { method, url: path, headers } = request;
      const onward = ask({ host: inside.hostname, port: inside.port, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    const origin = await listen(proxy);
    const report = await look(`${origin}/mcp`);
    proxy.closeAllConnections();
    proxy.close();
    await served.stop();
    expect(report.outcome).toBe('problems');
    const resource = report.findings.find(({ check }) => check === 'resource');
    expect(resource).toMatchObject({ level: 'problem', found: expect.stringContaining('localhost:1'), fix: expect.stringContaining('which is what the server calls itself') });
    expect(report.clients.every(({ verdict }) => verdict === 'stopped')).toBe(true);
  }); // prettier-ignore

  it('looks at a server that asks for no token, too', async () => {
    const server = createServer((request, response) => {
      void (async () => {
        const mcp = new OldServer({ name: 'open', version: '1' });
        mcp.registerTool('look', { title: 'Look', annotations: { readOnlyHint: true } }, () => ({ content: [] }));
        const transport = new StreamableHTTPServerTransport({});
        await mcp.connect(transport as never);
        await transport.handleRequest(request, response);
      })();
    });
    const origin = await listen(server);
    const report = await look(`${origin}/mcp`);
    server.closeAllConnections();
    server.close();
    expect(report).toMatchObject({ isOpen: true, tools: 1 });
    expect(report.findings.map(({ check, level }) => [check, level])).toEqual([['origin', 'problem']]);
  });
});
