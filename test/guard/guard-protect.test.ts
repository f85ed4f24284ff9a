/** What a guard does around a handler: contexts, pages of other origins, browsers' questions, metadata under both names. */
import { type Context, requestState } from '../../src/model/context.ts';
import { describe, expect, it } from 'vitest';
import { guard, type GuardOptions } from '../../src/guard/guard.ts';
import { preflight, withCors } from '../../src/guard/answers.ts';
import type { Checked } from '../../src/model/access.ts';
import { access, guardOptions, RESOURCE } from '../support/guarded.ts';

const options: GuardOptions = { ...guardOptions, allowedOrigins: ['https://app.example'] };
const request = (init: RequestInit = {}, url = RESOURCE): Request => new Request(url, init);
describe('guard/guard, protect', () => {
  it('makes a context if the runtime passes none, and passes its other arguments on', async () => {
    const seen: unknown[] = [];
    const fetch = guard(options).protect<string>((_request, env, ctx) => {
      seen.push(env, typeof ctx.waitUntil, requestState(ctx).challenge);
      return new Response('ok');
    });
    await fetch(request({ headers: { authorization: 'Bearer good' } }), 'env');
    const metadataUrl = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';
    expect(seen).toEqual(['env', 'function', { metadataUrl, scope: [] }]);
  });

  it('can ask again whether the token is good, and tells an outage from a refusal', async () => {
    let verdict: () => Checked | null = () => access;
    const fetch = guard({ ...options, verify: () => verdict(), onError: () => {} }).protect(() => new Response('ok'));
    const ctx: Context = { waitUntil() {} };
    await fetch(request({ headers: { authorization: 'Bearer t' } }), {}, ctx);
    expect(await requestState(ctx).stillGood?.()).toBe(true);
    verdict = () => null;
    expect(await requestState(ctx).stillGood?.()).toBe(false);
    verdict = () => {
      throw new Error('down');
    };
    await expect(requestState(ctx).stillGood?.()).rejects.toThrow(/cannot be checked right now/);
  });

  it('records a token only if it was not in the Authorization header', async () => {
    const ask = async (more: Partial<GuardOptions>, headers: Record<string, string>): Promise<string | undefined> => {
      const ctx: Context = { waitUntil() {} };
      const response = await guard({ ...options, ...more }).protect(() => new Response('ok'))(request({ headers }), {}, ctx);
      expect(response.status).toBe(200);
      return requestState(ctx).credential?.() ?? undefined;
    };
    const tokenOf = (asked: Request): string | null => asked.headers.get('x-token');
    expect(await ask({ tokenOf }, { 'x-token': 'good' })).toBe('good');
    expect(await ask({}, { authorization: 'Bearer good' })).toBeUndefined();
    expect(await ask({ tokenOf, anonymous: true }, {})).toBeUndefined();
  });

  it('serves the metadata under both names of its resource, and nothing beside them', async () => {
    const sealed = guard({ ...options, requiredScopes: ['read', 'offline_access'], name: 'Notes', checkProof: async () => null });
    const fetch = sealed.protect(() => new Response('ok'));
    const ask = async (path: string): Promise<unknown> => {
      const response = await fetch(request({}, `https://mcp.example${path}`));
      return response.status === 200 ? await response.json() : response.status;
    };
    const path = '/.well-known/oauth-protected-resource/mcp';
    const document = {
      resource: RESOURCE,
      scopes_supported: ['read'],
      resource_name: 'Notes',
      dpop_signing_alg_values_supported: expect.any(Array),
    };
    expect(await ask(path)).toMatchObject(document);
    expect(await ask(`${path}/`)).toMatchObject({ ...document, resource: `${RESOURCE}/` });
    for (const other of [`${path}?a=b`, `${path}2`, '/.well-known/oauth-protected-resource']) expect(await ask(other)).toBe(404);
    expect(sealed.metadata).toEqual({ path, text: sealed.documents.get(path) });
    expect([...sealed.documents.keys()].sort()).toEqual([path, `${path}/`]);
    const plain = guard(options).protect(() => new Response('ok'));
    expect(await (await plain(request({}, `https://mcp.example${path}`))).json()).not.toHaveProperty('dpop_signing_alg_values_supported');
  });

  it('answers a browser that asks whether it may call (S-134)', async () => {
    const fetch = guard(options).protect(() => new Response('ok'));
    const asked = { origin: 'https://app.example', 'access-control-request-headers': 'authorization, mcp-protocol-version' };
    const answer = await fetch(request({ method: 'OPTIONS', headers: asked }));
    expect([answer.status, Object.fromEntries(answer.headers)]).toEqual([
      204,
      {
        'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
        'access-control-allow-headers': 'authorization, mcp-protocol-version',
        'access-control-allow-origin': 'https://app.example',
        'access-control-expose-headers': 'WWW-Authenticate, Mcp-Session-Id, Retry-After, DPoP-Nonce',
        'access-control-max-age': '86400',
        vary: 'Origin',
      },
    ]);
    const unasked = preflight(request({ method: 'OPTIONS', headers: { origin: 'https://app.example' } }));
    expect(unasked.headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type');
  });

  it('keeps what a handler says to other origins, and adds nothing where no page asks', async () => {
    const own = new Response('x', { headers: { 'access-control-allow-origin': '*' } });
    expect(withCors(request({ headers: { origin: 'https://app.example' } }), own)).toBe(own);
    const plain = new Response('x');
    expect(withCors(request(), plain)).toBe(plain);
    const varied = new Response('x', { status: 201, headers: { vary: 'Accept' } });
    const answer = withCors(request({ headers: { origin: 'https://app.example' } }), varied);
    expect([answer.status, answer.headers.get('vary'), await answer.text()]).toEqual([201, 'Accept, Origin', 'x']);
  });
});
