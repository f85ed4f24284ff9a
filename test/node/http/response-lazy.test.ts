import { describe, expect, it } from 'vitest';
import { LazyResponse } from '../../../src/node/http/response.ts';

const Native = Object.getPrototypeOf(LazyResponse) as typeof Response;
const Lazy = LazyResponse as unknown as typeof Response;
const utf8 = new TextEncoder();

type Given = readonly [body?: unknown, init?: unknown];

async function seen(make: () => Response): Promise<unknown> {
  try {
    const response = make();
    const { status, statusText, ok, type, redirected, url } = response;
    return { status, statusText, ok, type, redirected, url, headers: [...response.headers], body: await response.clone().text() };
  } catch (error) {
    return (error as Error).name;
  }
}

/** What is thrown at once, before anything of the response is read. */
function thrown(make: () => Response): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}

describe('node/http/response', () => {
  it.each<Given>([
    [],
    [null],
    [''],
    ['ü \ud800'],
    ['{}', { status: 201, statusText: 'Made', headers: { 'Content-Type': 'application/json', 'x-a': '1' } }],
    ['a', { headers: { 'content-type': 'text/html', 'Content-Type': 'text/plain' } }],
    ['a', { headers: { 'x-a': ' spaces ', 'x-b': 'caf\u00e9', 'x-c': '' } }],
    ['a', { headers: { 'x-a': 1 } }],
    ['a', { headers: { 'x-a': 'one\r\nset-cookie: two' } }],
    ['a', { headers: { 'x-a': 'one\n' } }],
    ['a', { headers: { 'x-a': 'nul\0' } }],
    ['a', { headers: { 'x-a': '\u0100' } }],
    ['a', { headers: { 'x a': 'blank' } }],
    ['a', { headers: { '': 'none' } }],
    ['a', { headers: [['x-a', '1'], ['x-a', '2']] }], // prettier-ignore
    ['a', { headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2']] }], // prettier-ignore
    ['a', { headers: new Headers({ 'x-a': '1' }) }],
    ['a', { headers: null }],
    ['a', null],
    ['a', 1],
    ['a', { statusText: 'one\r\ntwo' }],
    ['a', { status: 199 }],
    ['a', { status: 600 }],
    ['a', { status: '200' }],
    ['a', { status: Number.NaN }],
    ['a', { status: 200.5 }],
    ['a', { status: 204 }],
    ['', { status: 204 }],
    ['', { status: 205 }],
    ['', { status: 304 }],
    [utf8.encode(''), { status: 204 }],
    [null, { status: 204 }],
    ['a', { status: 304 }],
    [null, { status: 304, headers: { etag: '"a"' } }],
    [utf8.encode('bytes'), { headers: { 'x-a': '1' } }],
    [utf8.encode('bytes').buffer],
    [new Blob(['blob'], { type: 'text/x' })],
    [new URLSearchParams({ a: 'b' })],
    [5],
    [{}],
  ])('is what the native one is, or throws what it throws: %o %o', async (...given) => {
    const [native, lazy] = [Native, Lazy].map((kind) => thrown(() => new kind(...(given as []))));
    expect(lazy).toBe(native);
    const expected = await seen(() => new Native(...(given as [])));
    expect(await seen(() => new Lazy(...(given as [])))).toEqual(expected);
    // What is sent without a stream has the same fields.
    if (typeof expected === 'string') return;
    const whole = LazyResponse.whole(new Lazy(...(given as [])));
    if (whole) expect([...new Headers([...whole.fields] as [string, string][])]).toEqual((expected as { headers: unknown }).headers);
  });

  it.each<Given>([
    [{ a: 1 }],
    [null],
    [undefined],
    [1n],
    [[], { status: 404, headers: { 'x-a': '1' } }],
    [[], { headers: { 'content-type': 'application/problem+json' } }],
    [[], { headers: { 'Content-Type': 'application/problem+json' } }],
    [[], { headers: new Headers({ 'content-type': 'application/problem+json' }) }],
    [[], { headers: [['content-type', 'application/problem+json']] }],
    [[], { status: 204 }],
    [[], { headers: { 'x-a': 'one\r\ntwo' } }],
  ])('has the native json: %o %o', async (...given) => {
    expect(await seen(() => Lazy.json(...(given as [unknown])))).toEqual(await seen(() => Native.json(...(given as [unknown]))));
  });

  it('keeps its arguments, also if they are changed later', async () => {
    const [bytes, headers] = [utf8.encode('one'), { 'x-a': '1' }];
    const response = new Lazy(bytes, { headers });
    bytes.fill(0);
    headers['x-a'] = '2';
    expect([await response.text(), response.headers.get('x-a')]).toEqual(['one', '1']);
  });

  it.each([Native, Lazy])('keeps what is set on headers that were taken before it was copied or read: %#', async (Response) => {
    const response = new Response('a', { headers: { 'x-a': '1', 'x-b': '1' } });
    const { headers } = response;
    const text = await response.clone().text();
    headers.set('etag', text);
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    headers.delete('x-a');
    headers.set('content-type', 'text/html');
    expect(response.headers).toBe(headers);
    for (const one of [response, response.clone(), new Response(response.body, response)]) {
      const { headers: all } = one;
      expect([all.get('etag'), all.getSetCookie(), all.get('x-a'), all.get('x-b')]).toEqual(['a', ['a=1', 'b=2'], null, '1']);
    }
    expect((await new Response('a').blob()).type).toBe('text/plain;charset=utf-8');
  });

  it('is a Response, like every native one, and can be extended', async () => {
    class Own extends Lazy {}
    const [native, lazy, own] = [new Native('a'), new Lazy('a'), new Own('a')];
    for (const one of [native, lazy, own]) {
      expect([one instanceof Native, one instanceof Lazy, one instanceof Own]).toEqual([true, true, one === own]);
      expect([await Lazy.prototype.clone.call(one).text(), Object.prototype.toString.call(one)]).toEqual(['a', '[object Response]']);
    }
    for (const one of [null, undefined, 'a', {}]) expect((one as unknown) instanceof Lazy).toBe(false);
    expect([Lazy.name, Lazy.length, Object.keys(lazy), Lazy.redirect('http://localhost/').status, Lazy.error().type]).toEqual([
      'Response',
      Native.length,
      [],
      302,
      'error',
    ]);
  });

  it('gives up its body once, and not to the server after that', async () => {
    const response = new Lazy('once');
    expect(LazyResponse.whole(response)?.body).toBe('once');
    response.headers.set('x-a', '1');
    expect([...(LazyResponse.whole(response)?.fields ?? [])]).toContainEqual(['x-a', '1']);
    expect(response.bodyUsed).toBe(false);
    expect(await new Native(response.body, response).text()).toBe('once');
    expect([response.bodyUsed, LazyResponse.whole(response)]).toEqual([true, undefined]);
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(response.headers.get('x-a')).toBe('1');
    expect(LazyResponse.whole(new Native('other'))).toBeUndefined();
  });
});
