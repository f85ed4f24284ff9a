import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import OAuthProvider from '../../src/worker/workers-oauth-provider.ts';

const handler = { fetch: (_request: Request, env: { OAUTH_PROVIDER?: object }) => Response.json(typeof env.OAUTH_PROVIDER) };
const options = {
  apiRoute: '/mcp',
  apiHandler: handler,
  defaultHandler: handler,
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  resourceMetadata: { resource: 'https://mcp.example/mcp' },
};
const ask = (provider: OAuthProvider<object>, env: object): Promise<Response> =>
  provider.fetch(new Request('https://mcp.example/'), env, { waitUntil() {} });

describe('worker/workers-oauth-provider', () => {
  it('puts the helpers on the environment once, as there, and leaves what is there (W-03)', async () => {
    const provider = new OAuthProvider<object>(options);
    const env: { PORTCULLIS: unknown; OAUTH_PROVIDER?: object } = { PORTCULLIS: memoryStore() };
    expect(await (await ask(provider, env)).json()).toBe('object');
    const { OAUTH_PROVIDER: helpers } = env;
    expect(helpers).toHaveProperty('lookupClient');
    await ask(provider, env);
    await ask(new OAuthProvider<object>(options), env);
    expect(env.OAUTH_PROVIDER).toBe(helpers);
  });

  it('rejects, and throws nothing, where the binding is missing', async () => {
    await expect(ask(new OAuthProvider<object>(options), {})).rejects.toThrow('the binding PORTCULLIS is missing');
  });
});
