import { McpServer as OldMcpServer, McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import { accessOf, authInfoOf, mcpHandler } from '../../src/mcp/index.ts';
import { acceptsAnswers, callerOf, redactedHeaders, redactedRequest, redactedUrl } from '../../src/mcp/tool-context.ts';
import type { Access, AuthContext } from '../../src/model/access.ts';
import { accessWith, connect, contextOf, ENDPOINT, LINES, text } from './clients.ts';

describe('mcp/tool-context, auth-info', () => {
  it('tells the SDK who calls, and keeps the token to itself', () => {
    const access = accessWith(['admin']);
    expect(authInfoOf(access)).toEqual({
      token: '',
      clientId: 'c1',
      scopes: ['mcp'],
      expiresAt: 2_000_000_000,
      resource: new URL(ENDPOINT),
      extra: { access, props: access.props },
    });
  });

  it('leaves out a resource that is no URL, as some authorization servers name one', () => {
    expect(authInfoOf({ ...accessWith(), resource: 'project-1' })).not.toHaveProperty('resource');
  });

  it('finds the caller in the context of either SDK line', () => {
    const access = accessWith();
    const authInfo = authInfoOf(access);
    expect(accessOf({ http: { authInfo } })).toBe(access);
    expect(accessOf({ authInfo })).toBe(access);
  });

  it('finds no caller on a context without a guard', () => {
    expect(callerOf({ waitUntil: () => undefined })).toBeNull();
  });

  it.each([
    undefined,
    null,
    'x',
    {},
    { http: {} },
    { authInfo: { token: '', clientId: 'c', scopes: [] } },
    { authInfo: { extra: { access: 'x' } } },
  ])('finds no caller in %j', (context) => {
    expect(accessOf(context)).toBeNull();
  });

  it.each(LINES)('reaches a handler of SDK 1.x as extra.authInfo, with the request but not the token (%s client)', async (line) => {
    const seen: unknown[] = [];
    const handler = mcpHandler(() => {
      const server = new OldMcpServer({ name: 'demo', version: '1.0.0' });
      server.tool('look', ({ authInfo, requestInfo }) => {
        seen.push(authInfo?.clientId, accessOf({ authInfo })?.userId, requestInfo?.headers['content-type'], requestInfo?.url?.pathname);
        return text(JSON.stringify({ authInfo, requestInfo }));
      });
      return server;
    });
    const guarded: typeof handler = {
      fetch: (request, env, ctx) => {
        const headers = new Headers(request.headers);
        headers.set('authorization', 'Bearer at_g1.secret');
        return handler.fetch(new Request(request, { headers }), env, ctx);
      },
    };
    const client = await connect(line, guarded, () => accessWith());
    const answer = await client.call('look');
    expect(seen).toEqual(['c1', 'u1', 'application/json', '/mcp']);
    expect(answer.text).not.toContain('secret');
    await client.close();
  });

  it.each(LINES)('reaches a handler of SDK 2.x as ctx.http.authInfo (%s client)', async (line) => {
    const handler = mcpHandler(() => {
      const server = new McpServer({ name: 'demo', version: '1.0.0' });
      server.registerTool('look', {}, ({ http }) => text(`${http?.authInfo?.clientId} ${accessOf({ http })?.userId}`));
      return server;
    });
    const client = await connect(line, handler, () => accessWith());
    expect(await client.call('look')).toEqual({ text: 'c1 u1', isError: false });
    await client.close();
  });
});

const HEADERS = { authorization: 'Bearer s3cret', dpop: 's3cret-proof', 'x-trace': 't1', accept: 'application/json, text/event-stream', 'content-type': 'application/json' }; // prettier-ignore

describe('mcp/tool-context, redacted-request', () => {
  it('S-125 shows a tool of SDK 2.x the request that called it, and nothing that proves who called', async () => {
    const seen: string[] = [];
    const handler = mcpHandler(() => {
      const server = new McpServer({ name: 'x', version: '1' });
      server.registerTool('look', {}, ({ http }) => {
        const { req } = http ?? {};
        seen.push(JSON.stringify([req?.method, req?.url, req?.headers.get('X-Trace'), req?.headers.get('Authorization'), [...(req?.headers ?? [])]]));
        return text('looked');
      });
      return server;
    });
    const call = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'look' } };
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const asked: [Record<string, string>, unknown][] = [
      [{ 'mcp-protocol-version': '2025-11-25' }, { ...call, id: 1 }],
      [{ 'mcp-protocol-version': '2025-03-26' }, [{ ...call, id: 1 }, { ...call, id: 2 }]],
      [{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'look' }, { ...call, id: 1, params: { ...call.params, _meta } }],
    ];
    for (const [more, body] of asked) {
      const request = new Request(ENDPOINT, { method: 'POST', headers: { ...HEADERS, ...more }, body: JSON.stringify(body) });
      const response = await handler.fetch(request, {}, contextOf(accessWith()));
      expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('looked')]);
    }
    expect(seen).toHaveLength(4);
    for (const one of seen) {
      expect(one).toContain(`["POST","${ENDPOINT}","t1",null,`);
      expect(one).not.toContain('s3cret');
    }
  }); // prettier-ignore

  const HIDDEN = [
    'Authorization', 'Proxy-Authorization', 'Cookie', 'DPoP', 'X-API-Key', 'Api-Key', 'X-Auth-Token', 'X-Access-Token', 'X-Forwarded-Access-Token',
    'X-Auth-Request-Access-Token', 'X-Forwarded-Authorization', 'Cf-Access-Jwt-Assertion', 'Cf-Access-Client-Id', 'Cf-Access-Client-Secret', 'Cf-Access-Token',
    'X-Amzn-Oidc-Data', 'X-Amzn-Oidc-Accesstoken', 'X-Goog-Iap-Jwt-Assertion', 'X-Ms-Token-Aad-Access-Token', 'X-Vercel-Oidc-Token', 'X-Gitlab-Token',
  ]; // prettier-ignore

  it.each(HIDDEN)('hides %s, which can carry a credential (F-08)', (name) => {
    const { headers } = redactedRequest(new Request(ENDPOINT, { headers: { [name]: 's3cret', accept: 'text/html' } }));
    expect([headers.get(name), headers.has(name.toLowerCase()), [...headers]]).toEqual([null, false, [['accept', 'text/html']]]);
  });

  it('shows what tools and the SDK need (F-08)', () => {
    const names = [
      'accept',
      'mcp-session-id',
      'mcp-param-page-token',
      'mcp-protocol-version',
      'traceparent',
      'user-agent',
      'x-request-id',
      'x-forwarded-for',
    ];
    const { headers } = redactedRequest(new Request(ENDPOINT, { headers: Object.fromEntries(names.map((name) => [name, 'v'])) }));
    expect([...headers.keys()].toSorted()).toEqual(names.toSorted());
  });

  it('hides the token wherever else it stands: in a header of any name, and in the address (F-08)', () => {
    const token = 'tok-123456789';
    const request = new Request(`${ENDPOINT}/${token}/x?access_token=${token}&q=${token}&api_key=k&sessionId=s&page=2`, { headers: { 'x-acme': `id ${token}`, accept: 't' } }); // prettier-ignore
    const shown = redactedRequest(request, token);
    expect([...shown.headers]).toEqual([['accept', 't']]);
    expect(shown.url).toBe(`${ENDPOINT}/-/x?sessionId=s&page=2`);
    expect(redactedRequest(new Request(`${ENDPOINT}?access_token=x&page=2`)).url).toBe(`${ENDPOINT}?page=2`);
  });

  it.each(['current', 'old'])('hides the header in which a guard found the token, from tools of either SDK (%s) and in their context (F-08)', async (line) => {
    let seen = '';
    const handler = mcpHandler((_access, ctx) => {
      const server = line === 'old' ? new OldServer({ name: 'x', version: '1' }) : new McpServer({ name: 'x', version: '1' });
      const look = (context: { http?: { req?: Request } }): ReturnType<typeof text> => {
        const { req } = context.http ?? {};
        seen = JSON.stringify([context, ctx, req?.url, [...(req?.headers ?? [])]]);
        return text('looked');
      };
      (server as McpServer).registerTool('look', {}, look as never);
      return server;
    });
    const tokenOf = (request: Request): string | null => request.headers.get('x-acme')?.slice(3) ?? null;
    const verify = (): Access<AuthContext> => accessWith();
    const { protect } = guard({ resource: ENDPOINT, authorizationServers: ['https://as.example'], verify, tokenOf });
    const headers = { 'x-acme': 'v1 s3cret-token', 'x-trace': 't1', accept: HEADERS.accept, 'content-type': HEADERS['content-type'] };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look' } });
    const served = protect(handler.fetch as never);
    const response = await served(new Request(`${ENDPOINT}?k=s3cret-token`, { method: 'POST', headers, body }), {}, { waitUntil: () => undefined });
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('looked')]);
    expect(seen).toContain('t1');
    expect(seen).not.toContain('s3cret');
  }); // prettier-ignore

  it('has headers that read as any others, in every way but the hidden ones', () => {
    const { headers } = redactedRequest(new Request(ENDPOINT, { headers: HEADERS }));
    expect(headers).toBeInstanceOf(Headers);
    const names = ['accept', 'content-type', 'x-trace'];
    expect([[...headers.keys()].toSorted(), [...headers].map(([name]) => name).toSorted()]).toEqual([names, names]);
    const each: string[] = [];
    headers.forEach((value, name) => void each.push(`${name}=${value}`));
    expect([each.length, each.includes('x-trace=t1'), [...headers.values()].includes('t1')]).toEqual([3, true, true]);
    expect([headers.has('DPoP'), headers.has('x-trace'), headers.get('authorization')]).toEqual([false, true, null]);
    expect(new Headers([...headers]).get('x-trace')).toBe('t1');
    expect(() => headers.set('authorization', 'x')).toThrow(TypeError);
  });
});

const BOTH = 'application/json, text/event-stream';

describe('mcp/tool-context, rules', () => {
  it('knows a client that accepts both answers, in any way that HTTP has', () => {
    for (const accept of [BOTH, '*/*', 'text/*, application/*', 'text/event-stream;q=0.5,application/json']) expect(acceptsAnswers(accept)).toBe(true);
    for (const accept of ['application/json', 'text/event-stream', 'text/html', `${BOTH};q=0`]) expect(acceptsAnswers(accept)).toBe(false);
  }); // prettier-ignore

  it('shows method, address, signal and a body that was read', () => {
    const stop = new AbortController();
    const request = new Request('https://a.example/mcp', { method: 'POST', body: 'x', signal: stop.signal });
    const shown = redactedRequest(request);
    expect([shown.method, shown.url, shown.body, shown.bodyUsed]).toEqual(['POST', 'https://a.example/mcp', null, true]);
    expect(shown.signal.aborted).toBe(false);
    stop.abort();
    expect(shown.signal.aborted).toBe(true);
  });

  it('says `accept` as the SDK looks for it, and shows another `accept` as it is', () => {
    const shown = (accept: string) => redactedHeaders(new Headers({ accept, 'x-a': '1' }));
    const all = shown('*/*');
    expect([all.get('accept'), all.get('Accept'), all.has('accept'), [...all]]).toEqual([BOTH, BOTH, true, [['x-a', '1'], ['accept', BOTH]]]); // prettier-ignore
    const one = shown('text/html');
    expect([one.get('accept'), [...one].filter(([name]) => name === 'accept')]).toEqual(['text/html', [['accept', 'text/html']]]);
    const none = redactedHeaders(new Headers()); // it accepts anything (RFC 9110 §12.5.1)
    expect([none.get('accept'), none.has('accept'), [...none]]).toEqual([BOTH, true, [['accept', BOTH]]]);
  });

  it('reads as headers do: by keys, values, entries and each, without cookies', () => {
    const headers = redactedHeaders(new Headers({ 'x-a': '1', 'x-token': 's3cret', 'set-cookie': 's3cret', accept: 'tok-1' }), 'tok-1');
    const seen: unknown[] = [];
    headers.forEach(function (this: unknown, value, name, all) {
      seen.push([this, value, name, all === headers]);
    }, 'self');
    expect([[...headers.keys()], [...headers.values()], [...headers.entries()], seen]).toEqual([['x-a'], ['1'], [['x-a', '1']], [['self', '1', 'x-a', true]]]); // prettier-ignore
    expect(headers.getSetCookie()).toEqual([]);
  });

  it('hides a value with the credential, and no header of the protocol by its name', () => {
    const headers = redactedHeaders(
      new Headers({ 'x-own': 'v1 tok-1', 'mcp-param-token': 'page', 'mcp-x': 'tok-1', 'x-mcp-token': 'x', accept: 'x/tok-1' }),
      'tok-1',
    );
    expect([...headers]).toEqual([['mcp-param-token', 'page']]);
    expect([headers.get('x-own'), headers.get('mcp-param-token'), headers.get('x-none')]).toEqual([null, 'page', null]);
  });

  it('hides names that carry a credential by the parts that say so, and no other', () => {
    const shown = (name: string): boolean => redactedHeaders(new Headers({ [name]: 'v' })).has(name);
    for (const name of ['x-apikey', 'x-api-key', 'x-api_key', 'dpop', 'cf-access-x', 'x-amzn-oidc-x', 'x-auth', 'x-auth-x']) expect([name, shown(name)]).toEqual([name, false]);
    for (const name of ['x-dpop', 'x-cf-access-x', 'y-x-amzn-oidc-x', 'y-x-auth', 'x-api']) expect([name, shown(name)]).toEqual([name, true]);
  }); // prettier-ignore

  it('hides the keys of the gateways of Azure, and nothing that only looks like one (F-08)', () => {
    const headers = redactedHeaders(new Headers({ 'x-functions-key': 'k', 'ocp-apim-subscription-key': 'k', 'idempotency-key': 'i' }));
    expect([...headers.keys()]).toEqual(['idempotency-key', 'accept']);
    expect(redactedUrl('https://a.example/mcp?subscription-key=k&page=2')).toBe('https://a.example/mcp?page=2');
  });

  it('takes no text for a credential where there is none', () => {
    expect(redactedHeaders(new Headers({ 'x-a': 'undefined' })).get('x-a')).toBe('undefined');
    expect(redactedUrl('HTTPS://A.example/undefined')).toBe('HTTPS://A.example/undefined');
    expect(redactedUrl('https://a.example/undefined?b=undefined')).toBe('https://a.example/undefined?b=undefined');
  });

  it('leaves an address without a query and without the credential as it is written', () => {
    for (const url of ['https://a.example/mcp', 'HTTPS://A.example/%7emcp']) expect([redactedUrl(url), redactedUrl(url, 'tok-1')]).toEqual([url, url]);
    expect(redactedUrl('https://a.example/tok-1/tok-1', 'tok-1')).toBe('https://a.example/-/-');
    expect(redactedUrl('https://a.example/tok-1?b=2')).toBe('https://a.example/tok-1?b=2');
    expect(redactedUrl('https://a.example/?b=tok-1&a=1&c=xtok-1x', 'tok-1')).toBe('https://a.example/?a=1');
    expect(redactedUrl('https://a.example/?token=1&token=2&mcp-token=3')).toBe('https://a.example/?mcp-token=3');
  }); // prettier-ignore
});
