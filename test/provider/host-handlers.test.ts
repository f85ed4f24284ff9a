import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/model/context.ts';
import { fetchOf } from '../../src/provider/host.ts';

const ctx: Context = { waitUntil() {}, props: { who: 'alice' } };
const ask = async (handler: Parameters<typeof fetchOf>[0]): Promise<string> =>
  (await fetchOf(handler)(new Request('https://x.example/p'), { name: 'env' } as never, ctx)).text();

describe('provider/host', () => {
  it('calls every form of handler as Workers do', async () => {
    const answer = (env: unknown, context: Context): Response =>
      new Response(`${(env as { name: string }).name} ${(context.props as { who: string }).who}`);
    class Entry {
      readonly ctx: Context;
      readonly env: unknown;
      constructor(context: Context, env: unknown) {
        this.ctx = context;
        this.env = env;
      }
      fetch(): Response {
        return answer(this.env, this.ctx);
      }
    }
    const object = {
      prefix: '',
      fetch(_request: Request, env: unknown, context: Context): Response {
        return new Response(this.prefix + (env as { name: string }).name + ' ' + (context.props as { who: string }).who);
      },
    };
    function old(_request: Request, env: unknown, context: Context): Response {
      return answer(env, context);
    }
    for (const handler of [object, old, (_request: Request, env: unknown, context: Context) => answer(env, context), Entry])
      expect(await ask(handler as never)).toBe('env alice');
  });
});
