import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { password } from '../../src/logins/password.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { nodeListener } from '../../src/node/middleware.ts';
import { serve, type ServeOptions } from '../../src/node/serve.ts';
import { memoryStore } from '../../src/stores/memory.ts';

afterEach(() => void vi.restoreAllMocks());

const served = (env: Record<string, unknown> = {}, more: ServeOptions = {}): ReturnType<typeof serve> => {
  const app = new OAuthProvider({ apiRoute: '/mcp', apiHandler: () => new Response(), logins: [password()], store: memoryStore() });
  return serve(app, { port: 0, env, ...more });
};

/** What the log says after requests with these headers. */
async function told(
  at: number | string,
  all: readonly Record<string, string>[],
  path = '/.well-known/oauth-authorization-server',
): Promise<string[]> {
  const lines: string[] = [];
  const place = typeof at === 'string' ? { socketPath: at } : { port: at, host: '127.0.0.1' };
  vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line));
  for (const headers of all) {
    const [answer] = (await once(request({ ...place, path, headers }).end(), 'response')) as [
      { resume(): void; once(name: 'end', done: () => void): void },
    ];
    answer.resume();
    await new Promise<void>((done) => answer.once('end', done));
  }
  return lines;
}

describe('node/serve, other names', () => {
  it('tells once which issuer to set, where a server that calls itself localhost is asked under another name (R-16)', async () => {
    const odd = ['localhost:1', 'app.localhost', '192.168.0.7:8787', 'evil', 'a.b.7', `${'a'.repeat(64)}.example`];
    const other = await served({ PORTCULLIS_ISSUER: 'https://notes.example' });
    expect(await told(other.port, [{ host: 'other.example' }])).toEqual([]);
    await other.stop();
    const server = await served();
    expect(
      await told(
        server.port,
        odd.map((host) => ({ host })),
      ),
    ).toEqual([]);
    expect(
      await told(server.port, [{ host: 'localhost', 'x-forwarded-host': 'abc-1.tunnel.example, proxy' }, { host: 'two.example' }]),
    ).toEqual(['portcullis: a request came for abc-1.tunnel.example; set PORTCULLIS_ISSUER=https://abc-1.tunnel.example']);
    await server.stop();
  });

  it('tells once which address to use, where a client reads the metadata under another name of this machine', async () => {
    const server = await served();
    const { port } = server;
    const path = '/.well-known/oauth-protected-resource/mcp';
    expect(
      await told(port, [{ host: `localhost:${port}` }, { host: `LOCALHOST:${port}` }, { host: '127.0.0.1.7' }, { host: '[::1]x' }], path),
    ).toEqual([]);
    expect(await told(port, [{ host: '127.0.0.1:1' }], '/mcp')).toEqual([]); // such as a health check
    expect(await told(port, [{ host: `127.0.0.1:${port}` }, { host: '[::1]' }], path)).toEqual([
      `portcullis: a client came for 127.0.0.1:${port}, but this server is http://localhost:${port}: connect to that, or set PORTCULLIS_ISSUER=http://127.0.0.1:${port}`,
    ]);
    await server.stop();
    const named = await served({ PORTCULLIS_ISSUER: 'http://localhost:1' });
    expect(await told(named.port, [{ host: '127.0.0.1' }], path)).toEqual([]);
    await named.stop();
  });

  it('tells once of a proxy that is not trusted, since all users then share one rate limit (SEC-154)', async () => {
    const env = { PORTCULLIS_ISSUER: 'https://notes.example' };
    const forwarded = { host: 'notes.example', 'x-forwarded-for': '203.0.113.7' };
    const server = await served(env);
    expect(await told(server.port, [{ host: 'notes.example' }])).toEqual([]);
    expect(await told(server.port, [forwarded, forwarded])).toEqual([
      'portcullis: a proxy forwards requests (X-Forwarded-For), so all users share one rate limit; give the option trustProxy: 1',
    ]);
    await server.stop();
    for (const trustProxy of [0, 1]) {
      const chosen = await served(env, { trustProxy });
      expect(await told(chosen.port, [forwarded])).toEqual([]);
      await chosen.stop();
    }
    const app = new OAuthProvider({ apiRoute: '/mcp', apiHandler: () => new Response(), logins: [password()], store: memoryStore() });
    for (const [options, count] of [
      [{}, 1],
      [{ trustProxy: 1 }, 0],
    ] as const) {
      const other = createServer(nodeListener(app, { env, ...options })); // in a server of the application
      await once(other.listen(0, '127.0.0.1'), 'listening');
      expect(await told((other.address() as AddressInfo).port, [forwarded])).toHaveLength(count);
      other.close();
    }
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-socket-'));
    const behind = createServer(nodeListener(app, { env })); // of a proxy on this machine
    await once(behind.listen(join(folder, 's')), 'listening');
    expect(await told(join(folder, 's'), [forwarded, forwarded])).toHaveLength(1);
    behind.close();
    rmSync(folder, { recursive: true });
  });
});
