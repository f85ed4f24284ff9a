import { describe, expect, it } from 'vitest';
import { json, mediaType, quoted, readBody } from '../../src/lib/http.ts';

const post = (body: BodyInit, headers: Record<string, string> = {}): Request =>
  new Request('https://x.example', { method: 'POST', body, headers });

describe('lib/http', () => {
  it('reads a body up to its limit, to the byte', async () => {
    expect(await readBody(post('ünï'), 5)).toEqual({ text: 'ünï' });
    expect(await readBody(post('ünïc'), 5)).toEqual({ problem: 'too-large' });
    expect(await readBody(new Request('https://x.example', { method: 'POST' }), 5)).toEqual({ text: '' });
    expect(await readBody(post('x', { 'content-length': '6' }), 5)).toEqual({ problem: 'too-large' });
  });

  it('reads UTF-8 alone, and leaves a byte order mark where it is', async () => {
    expect(await readBody(post(new Uint8Array([0xff])), 5)).toEqual({ problem: 'malformed' });
    expect(await readBody(post('\ufeffx'), 5)).toEqual({ text: '\ufeffx' });
  });

  it('names a media type without its parameters, and two for neither (SEC-168)', () => {
    expect(mediaType(post('x', { 'content-type': 'Application/JSON ; charset=utf-8' }))).toBe('application/json');
    expect(mediaType(post('x', { 'content-type': 'application/json, text/plain' }))).toBe('application/json, text/plain');
    expect(mediaType(post(new Uint8Array(1)))).toBe('');
  });

  it('lets no cache keep JSON, and no sign split a header (SEC-166)', () => {
    expect(json({}).headers.get('cache-control')).toBe('no-store');
    expect(quoted('a"b\\c\r\nd\te\u00e9\0 f')).toBe('"abcde f"');
  });
});
