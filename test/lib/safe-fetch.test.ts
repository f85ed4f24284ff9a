import { describe, expect, it } from 'vitest';
import { type FetchPublic, makeSafeFetch } from '../../src/lib/safe-fetch.ts';

const URL_OK = 'https://client.example/app.json';
const LIMITS = { bytes: 64, milliseconds: 60_000 };
const JSON_TYPE = { 'content-type': 'application/json' };
const never = (): Promise<Response> => new Promise(() => {});
const problemOf = async (fetchPublic: FetchPublic, limits = LIMITS): Promise<string> => {
  const answer = await makeSafeFetch(fetchPublic)(URL_OK, limits);
  return 'problem' in answer ? answer.problem : `text ${answer.text}`;
};
const answering = (body: BodyInit | null, status = 200, headers: Record<string, string> = JSON_TYPE): FetchPublic => {
  return () => Promise.resolve(new Response(body, { status, headers }));
};

describe('lib/safe-fetch: what an answer must be', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'application/x+json', 'application/cimd+json'])('SEC-091 reads %s', async (type) => {
    expect(await problemOf(answering('{}', 200, { 'content-type': type }))).toBe('text {}');
  }); // prettier-ignore

  it('reads JSON behind a byte order mark', async () => {
    expect(await problemOf(answering('\ufeff{}'))).toBe('text {}');
  });

  it.each(['text/html', 'text/json', 'application/jsonp', 'application/json, text/html', 'application/+json', ''])('SEC-091 refuses the content type %j', async (type) => {
    expect(await problemOf(answering('{}', 200, type === '' ? {} : { 'content-type': type }))).toBe('media_type');
  }); // prettier-ignore

  it('SEC-091 refuses an answer that names no content type', async () => {
    expect(await problemOf(answering(new TextEncoder().encode('{}'), 200, {}))).toBe('media_type');
  });

  it.each([201, 203, 206, 400, 404, 500, 503])('SEC-091 takes the status %s for no answer (S-083)', async (status) => {
    expect(await problemOf(answering('{}', status))).toBe('status');
  });

  it.each([301, 302, 303, 304, 307, 308])('SEC-090 follows no redirect: %s is an error, to the same host too (S-083)', async (status) => {
    let asked = 0;
    const headers = { ...JSON_TYPE, location: `${URL_OK}?again` };
    const fetchPublic: FetchPublic = () => Promise.resolve((asked++, new Response(null, { status, headers })));
    expect([await problemOf(fetchPublic), asked]).toEqual(['status', 1]);
  });

  it('SEC-092 stops reading at the cap, whatever Content-Length says, and hangs up (S-089)', async () => {
    let [given, signalled] = [0, false];
    const endless = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull(to) {
          to.enqueue(new TextEncoder().encode(' '.repeat(16)));
          given += 16;
        },
      });
    const fetchPublic: FetchPublic = (_url, { signal }) => {
      signal.addEventListener('abort', () => (signalled = true));
      return Promise.resolve(new Response(endless(), { headers: { ...JSON_TYPE, 'content-length': '2' } }));
    };
    expect(await problemOf(fetchPublic)).toBe('too-large');
    expect([given <= 128, signalled]).toEqual([true, true]);
    expect(await problemOf(answering('x'.repeat(65)))).toBe('too-large');
    expect(await problemOf(answering('x'.repeat(64)))).toBe(`text ${'x'.repeat(64)}`);
  });

  it('has one deadline over everything: connection, headers and body (S-089)', async () => {
    const slow: FetchPublic = () =>
      Promise.resolve(new Response(new ReadableStream({ pull: () => never().then() }), { headers: JSON_TYPE }));
    for (const fetchPublic of [never, slow]) expect(await problemOf(fetchPublic, { bytes: 64, milliseconds: 5 })).toBe('late');
  });

  it('SEC-104 turns whatever the network did into an answer, and rejects never', async () => {
    expect(await problemOf(() => Promise.reject(new Error('ECONNREFUSED 10.0.0.1')))).toBe('unreachable');
    const broken = new ReadableStream({ pull: (to) => to.error(new Error('ECONNRESET')) });
    expect(await problemOf(answering(broken))).toBe('unreachable');
    expect(await problemOf(answering(Uint8Array.of(0xff, 0xfe)))).toBe('malformed');
  });

  it('sends an Accept header and nothing that tells who we are', async () => {
    const seen: Record<string, string>[] = [];
    await makeSafeFetch((_url, { headers }) => Promise.resolve((seen.push({ ...headers }), new Response('{}'))))(URL_OK, LIMITS);
    expect(seen).toEqual([{ accept: 'application/json' }]);
  });
});
