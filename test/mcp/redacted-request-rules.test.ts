/** Each way to read a request that was redacted. Requests of real calls are in `redacted-request.test.ts`. */
import { describe, expect, it } from 'vitest';
import { acceptsAnswers, redactedHeaders, redactedRequest, redactedUrl } from '../../src/mcp/redacted-request.ts';

const BOTH = 'application/json, text/event-stream';

describe('mcp/redacted-request, rules', () => {
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
