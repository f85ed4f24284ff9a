/** What only workerd has: a `WorkerEntrypoint` class as a handler, its own execution context, and the environment of a Worker. */
import { createExecutionContext, env } from 'cloudflare:test';
import { WorkerEntrypoint } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { password } from '../../../src/logins/password.ts';
import type { Access } from '../../../src/model/access.ts';
import type { Context, Handler } from '../../../src/model/context.ts';
import { makeBrowser } from '../../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../../src/testing/oauth-client.ts';
import { OAuthProvider } from '../../../src/worker/main.ts';

const ACCOUNT = { username: 'grace-of-the-entrypoint', password: 'correct horse battery', name: 'Grace' };

class Api extends WorkerEntrypoint {
  override fetch(): Response {
    const { auth, props } = this.ctx as unknown as { auth: Access; props: unknown };
    return Response.json({ auth, props });
  }
}

describe('in workerd', () => {
  it('runs the provider as a Worker exports it: Durable Object by binding, WorkerEntrypoint as handler, scrypt of the machine', async () => {
    const app = new OAuthProvider({
      apiRoute: '/mcp',
      apiHandler: Api as unknown as Handler,
      logins: [password({ accounts: () => [ACCOUNT] })],
      clientRegistrationEndpoint: '/register',
    });
    const send = (request: Request): Promise<Response> => app.fetch(request, env, createExecutionContext() as unknown as Context);
    const issuer = 'http://localhost:8788'; // loopback: no configuration needed
    const client = await registerClient({ send, issuer });
    const tokens = tokensOf(await client.redeem(await client.signIn(makeBrowser(send), ACCOUNT)));
    const called = await send(new Request(`${issuer}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${tokens.access}` } }));
    expect(await called.json()).toMatchObject({ auth: { clientId: client.id }, props: { claims: { name: 'Grace' } } });
  });

  it('refuses to guess its public address from the Host of a request', async () => {
    const app = new OAuthProvider({ apiRoute: '/mcp', apiHandler: Api as unknown as Handler, logins: [password()] });
    const sent = app.fetch(new Request('https://evil.example/mcp'), env, createExecutionContext() as unknown as Context);
    await expect(sent).rejects.toThrow('`issuer` is missing');
  });
});
