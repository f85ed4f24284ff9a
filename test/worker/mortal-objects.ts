/** The server of `test/support/object-server`: its store's objects can be made to die at any moment, as an eviction or a crash would have it. */
import { password } from '../../src/logins/password.ts';
import { OAuthProvider } from '../../src/worker/main.ts';
import { PortcullisStore } from '../../src/worker/store-object.ts';

/** An object that dies when it is told: whatever it was just doing is not answered, and its memory is gone. */
export class MortalStore extends PortcullisStore {
  die(): void {
    this.ctx.abort('This object was told to die.');
  }
}

interface Env {
  readonly PORTCULLIS: DurableObjectNamespace<MortalStore>;
}

const provider = new OAuthProvider<Env>({
  issuer: 'http://localhost:9999', // tests go to the port that it has
  apiRoute: '/mcp',
  apiHandler: (_request, _env, ctx) => Response.json({ user: ctx.auth?.userId }),
  logins: [password({ accounts: () => [{ username: 'alice', password: 'correct horse battery' }] })],
  clientRegistrationEndpoint: '/register',
});

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, search, searchParams } = new URL(request.url);
    if (pathname !== '/die') return provider.fetch(new Request(`http://localhost:9999${pathname}${search}`, request), env, ctx);
    const object = env.PORTCULLIS.get(env.PORTCULLIS.idFromName(`store-${searchParams.get('shard') ?? ''}`));
    const survived = await object.die().then(
      () => true,
      () => false, // the call breaks off with the object
    );
    return Response.json({ survived });
  },
};
