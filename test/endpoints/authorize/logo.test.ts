/** Logos of clients: fetched by us, checked by their bytes, served from our own origin. The world outside is one answer. */
import { describe, expect, it } from 'vitest';
import type { ConfiguredClient } from '../../../src/model/client-spec.ts';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { type App, appOn, ISSUER } from '../../support/app.ts';

const LOGO = 'https://client.example/logo.png';
const REDIRECT = 'https://app.example/callback';
const bytes = (text: string, size = 40): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: size }, (_, at) => (at < text.length ? text.charCodeAt(at) : 0));
const PNG = bytes('\x89PNG\r\n\x1a\n');

interface World extends App {
  readonly fetched: string[];
  answer: () => Response | Promise<Response>;
  /** Asks for the logo of a client. */
  logo(id: string, address?: string): Promise<Response>;
}

async function setUp(more: Partial<OAuthProviderOptions> = {}): Promise<World> {
  const clock = makeClock();
  const fetched: string[] = [];
  const fetchPublic = async (url: string): Promise<Response> => {
    fetched.push(url);
    return world.answer();
  };
  const app = await appOn(memoryStore(clock), clock, more, { fetchPublic });
  const world: World = {
    ...app,
    fetched,
    answer: () => new Response(PNG),
    logo: (id, address = '192.0.2.1') =>
      app.ask('GET', `/authorize/logo?${new URLSearchParams({ client_id: id })}`, null, { 'x-test-address': address }),
  };
  return world;
}
const registered = async (world: World, logo = LOGO): Promise<string> => {
  const { body } = await world.register({ redirect_uris: [REDIRECT], client_name: 'Example Chat', logo_uri: logo });
  return String(body['client_id']);
};
const entered: readonly ConfiguredClient[] = [{ id: 'known', redirectUris: [REDIRECT], authMethod: 'none', logoUri: LOGO }];

describe('endpoints/authorize/logo', () => {
  it('serves the image from our own origin, where it can do nothing, and fetches it once a day', async () => {
    const world = await setUp();
    const id = await registered(world);
    const answer = await world.logo(id);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect([answer.headers.get('x-content-type-options'), answer.headers.get('cross-origin-resource-policy')]).toEqual([
      'nosniff',
      'same-origin',
    ]);
    expect(answer.headers.get('cache-control')).toBe('private, max-age=86400');
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(PNG);
    expect((await world.logo(id)).status).toBe(200);
    expect(world.fetched).toEqual([LOGO]);
    world.clock.pass(86_401);
    expect((await world.logo(await registered(world))).status).toBe(200);
    expect(world.fetched).toEqual([LOGO, LOGO]);
  });

  it.each([
    ['image/jpeg', bytes('\xff\xd8\xff\xe0')],
    ['image/gif', bytes('GIF89a')],
    ['image/webp', bytes('RIFF\x01\x02\x03\x04WEBP')],
  ])('knows %s by its first bytes, whatever its sender calls it', async (type, image) => {
    const world = await setUp();
    world.answer = () => new Response(image, { headers: { 'content-type': 'text/html' } });
    expect((await world.logo(await registered(world))).headers.get('content-type')).toBe(type);
  });

  it.each<[string, () => Response]>([
    ['an SVG, which can hold scripts', () => new Response('<svg xmlns="http://www.w3.org/2000/svg"/>', { headers: { 'content-type': 'image/svg+xml' } })],
    ['a page that calls itself a PNG', () => new Response('<script>alert(1)</script>', { headers: { 'content-type': 'image/png' } })],
    ['more than 64 kB', () => new Response(bytes('\x89PNG\r\n\x1a\n', 64 * 1024 + 1))],
    ['a redirect', () => new Response(PNG, { status: 302, headers: { location: 'http://169.254.169.254/' } })],
    ['nothing', () => new Response(null)],
    ['half a signature', () => new Response(bytes('\x89PNG'))],
  ])('shows no logo for %s, and asks again after an hour', async (_what, answer) => {
    const world = await setUp();
    world.answer = answer;
    const id = await registered(world);
    for (let time = 0; time < 2; time++) expect((await world.logo(id)).status).toBe(404);
    expect(world.fetched).toEqual([LOGO]);
    world.clock.pass(3601);
    world.answer = () => new Response(PNG);
    expect((await world.logo(id)).status).toBe(200);
  }); // prettier-ignore

  it('is not broken by a host that cannot be reached', async () => {
    const world = await setUp();
    world.answer = () => Promise.reject(new Error('unreachable'));
    expect((await world.logo(await registered(world))).status).toBe(404);
  });

  it('fetches only for clients that it knows, and never a metadata document', async () => {
    const world = await setUp();
    for (const id of ['unknown', '', 'https://client.example/app.json']) {
      const { status, headers } = await world.logo(id);
      expect([status, headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
        404,
        'private, max-age=300',
        'nosniff',
      ]);
    }
    expect(world.fetched).toEqual([]);
  });

  it.each([
    'https://10.0.0.1/logo.png', 'https://[::1]/logo.png', 'http://client.example/logo.png', 'https://localhost/logo.png', `${ISSUER}/logo.png`,
    'https://client.example/a/../logo.png', 'https://client.example./logo.png', 'data:image/png;base64,AAAA',
  ])('does not fetch %s (SEC-103)', async (url) => {
    const world = await setUp();
    expect((await world.logo(await registered(world, url))).status).toBe(404);
    expect(world.fetched).toEqual([]);
  }); // prettier-ignore

  it('fetches only from hosts whose documents are accepted, except for clients of the operator', async () => {
    const world = await setUp({ clientIdMetadataPolicy: ['claude.ai'], clients: entered });
    expect((await world.logo(await registered(world))).status).toBe(404);
    expect(world.fetched).toEqual([]);
    expect((await world.logo('known')).status).toBe(200);
    const off = await setUp({ clientIdMetadataDocumentEnabled: false, clients: entered });
    expect((await off.logo('known')).status).toBe(404);
    expect(off.fetched).toEqual([]);
  });

  it('limits fetches for each network and from each host', async () => {
    const world = await setUp();
    const tryOne = async (at: number, address: string, host = `h${at}.example`): Promise<number> => {
      const { body } = await world.ask('POST', '/register', JSON.stringify({ redirect_uris: [REDIRECT], logo_uri: `https://${host}/${at}.png` }), {
        'content-type': 'application/json', 'x-test-address': `2001:db8:${at.toString(16)}::1`,
      }).then(async (answer) => ({ body: (await answer.json()) as { client_id: string } }));
      return (await world.logo(body.client_id, address)).status;
    }; // prettier-ignore
    for (let at = 0; at < 60; at++) expect(await tryOne(at, '192.0.2.7')).toBe(200);
    expect(await tryOne(60, '192.0.2.7')).toBe(404);
    expect(await tryOne(61, '192.0.2.8')).toBe(200);
    for (let at = 100; at < 220; at++) expect(await tryOne(at, `198.51.100.${at}`, 'victim.example')).toBe(200);
    expect(await tryOne(220, '198.51.100.220', 'victim.example')).toBe(404);
    expect(await tryOne(221, '198.51.100.221', 'victim.example:8443')).toBe(404);
  });

  it('is on the consent page as a path of ours, with the initials below it', async () => {
    const world = await setUp();
    const client = await world.client({ client_name: 'example chat', logo_uri: LOGO });
    const page = await world.browser().get(await client.authorizeUrl());
    expect(page.text).toMatch(/>EC<img src="\/authorize\/logo\?client_id=[\w-]{22}" alt="" ?\/>/);
    expect(world.fetched).toEqual([]);
  });
});
