/** When the document of a client is fetched, for how long it serves, and why it does not; asked by pushed requests, one for each look. */
import { describe, expect, it } from 'vitest';
import '../../src/clients/metadata-document.ts'; // else it is loaded by the first request
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn, ISSUER } from '../support/app.ts';
import { arrivals } from '../support/arrivals.ts';
import { whileTimeStands } from '../support/standing-clock.ts';
import { lastReason } from '../support/verdicts.ts';

const ID = 'https://client.example/app.json';
type Answer = () => Promise<Response> | Response;

/** A document as a good client publishes it. */
const documentOf = (id = ID, headers: Record<string, string> = {}, more: object = {}): Answer => {
  const text = JSON.stringify({ client_id: id, client_name: 'Notes', redirect_uris: ['http://localhost/callback'], ...more });
  return () => new Response(text, { headers: { 'content-type': 'application/json', ...headers } });
};
const down: Answer = () => new Response('', { status: 502 });

interface World extends App {
  readonly fetched: string[];
  answer: Answer | null;
  last: Response | null;
  /** What a pushed request comes to: its status, and the reason of a refusal. */
  look(id?: string, address?: string): Promise<string>;
}

async function setUp(more: Partial<OAuthProviderOptions> = {}): Promise<World> {
  const clock = makeClock();
  const fetched: string[] = [];
  const fetchPublic = async (url: string): Promise<Response> => {
    fetched.push(url);
    return (world.answer ?? documentOf(url))();
  };
  const app = await appOn(memoryStore(clock), clock, more, { fetchPublic });
  const look: World['look'] = async (id = ID, address = '192.0.2.1') => {
    app.events.length = 0;
    const form = { client_id: id, redirect_uri: 'http://localhost/callback', response_type: 'code', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }; // prettier-ignore
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-test-address': address };
    const answer = await app.ask('POST', '/par', new URLSearchParams(form), headers);
    world.last = answer;
    return [answer.status, app.events.flatMap((event) => ('reason' in event ? [event.reason] : []))[0]].filter(Boolean).join(' ');
  };
  const world: World = { ...app, fetched, answer: null, last: null, look };
  return world;
}

describe('clients/metadata-document, how long it serves (S-087)', () => {
  it('is kept for as long as its headers say, and not a second longer', async () => {
    const world = await setUp();
    world.answer = documentOf(ID, { 'cache-control': 'max-age=60' });
    const looks: unknown[] = [];
    for (const seconds of [0, 59, 1]) {
      world.clock.pass(seconds);
      looks.push([await world.look(), world.fetched.length]);
    }
    expect(looks).toEqual([['201', 1], ['201', 1], ['201', 2]]);
  }); // prettier-ignore

  it.each(['no-store', 'private', 'max-age=60, PRIVATE', 'No-Store'])('is not kept at all where its headers say %s, not even for an outage', async (value) => {
    const world = await setUp();
    world.answer = documentOf(ID, { 'cache-control': value });
    expect([await world.look(), await world.look(), world.fetched.length]).toEqual(['201', '201', 2]);
    world.answer = down;
    expect(await world.look()).toBe('503 document_status');
  }); // prettier-ignore

  it('is kept for an outage where its headers name something else', async () => {
    const world = await setUp();
    world.answer = documentOf(ID, { 'cache-control': 'no-cache, x-privately, no-storeroom' });
    expect(await world.look()).toBe('201');
    world.answer = down;
    expect(await world.look()).toBe('201');
  });

  it('serves on for seven days while its host is down, which is asked once a minute (R-03)', async () => {
    const world = await setUp();
    await world.look();
    world.answer = down;
    const looksAfter = async (seconds: number): Promise<unknown> => {
      world.clock.pass(seconds);
      return [await world.look(), world.fetched.length];
    };
    expect([await looksAfter(300), await looksAfter(59), await looksAfter(1)]).toEqual([['201', 2], ['201', 2], ['201', 3]]);
    expect([await looksAfter(7 * 86_400 - 361), await looksAfter(1)]).toEqual([['201', 4], ['503 document_status', 5]]);
  }); // prettier-ignore

  it('is dropped where the host says something else now (SEC-096)', async () => {
    const world = await setUp();
    await world.look();
    world.clock.pass(300);
    world.answer = documentOf('https://client.example/other.json');
    expect(await world.look()).toBe('400 document_of_another_client');
    world.answer = down;
    expect(await world.look()).toBe('503 document_status');
  });
});

describe('clients/metadata-document, what is not kept', () => {
  it('stays as it was where a new one could not be kept', async () => {
    const world = await setUp();
    await world.look();
    world.clock.pass(300);
    const { write } = world.store;
    world.store.write = (key, ...rest) => (key.startsWith('document:') ? Promise.reject(new Error('down')) : write(key, ...rest));
    expect(await world.look()).toMatch(/^503/);
    world.store.write = write;
    world.answer = down;
    expect(await world.look()).toBe('201');
  });

  it('names keys at an address, which are read when one is needed', async () => {
    const world = await setUp();
    world.answer = documentOf(ID, {}, { jwks_uri: 'https://client.example/keys' });
    expect([await world.look(), world.fetched]).toEqual(['201', [ID]]);
  });
});

describe('clients/metadata-document, why it cannot be had', () => {
  it.each<[string, Answer]>([
    ['503 document_status', down],
    ['503 document_status', () => new Response('', { status: 408 })],
    ['503 document_status', () => new Response('', { status: 425 })],
    ['503 document_status', () => new Response('', { status: 429 })],
    ['503 document_unreachable', () => Promise.reject(new Error('ECONNREFUSED'))],
    ['400 document_status', () => new Response('', { status: 404 })],
    ['400 document_media_type', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['400 document_too_large', () => new Response('x'.repeat(5121), { headers: { 'content-type': 'application/json' } })],
    ['400 document_metadata_not_json', () => new Response('x'.repeat(5120), { headers: { 'content-type': 'application/json' } })],
    ['400 document_malformed', () => new Response(new Uint8Array([0xff]), { headers: { 'content-type': 'application/json' } })],
  ])('says %s', async (verdict, answer) => {
    const world = await setUp();
    world.answer = answer;
    expect(await world.look()).toBe(verdict);
  });
});

describe('clients/metadata-document, accepted hosts', () => {
  it('is not the one of another issuer of this process either (SEC-103)', async () => {
    const world = await setUp({ tenants: { acme: { issuer: '/acme' }, own: { issuer: 'https://own.example' } } });
    const form = { client_id: 'https://own.example/app.json', redirect_uri: 'http://localhost/callback', response_type: 'code', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }; // prettier-ignore
    const answer = await world.ask('POST', '/acme/par', new URLSearchParams(form), { 'content-type': 'application/x-www-form-urlencoded' });
    expect([answer.status, lastReason(world), world.fetched]).toEqual([400, 'document_unwelcome', []]);
  });

  it('is not the one of this very server (SEC-103)', async () => {
    const world = await setUp();
    expect([await world.look(`${ISSUER}/app.json`), world.fetched.length]).toEqual(['400 document_unwelcome', 0]);
  });

  it('accepts documents of the hosts in the policy and their subdomains (SEC-105)', async () => {
    const world = await setUp({ clientIdMetadataPolicy: ['client.example', 'other.example'] });
    for (const host of ['client.example', 'a.b.client.example', 'other.example']) expect(await world.look(`https://${host}/app.json`)).toBe('201');
    for (const host of ['evilclient.example', 'client.example.evil.example', 'example.com'])
      expect(await world.look(`https://${host}/app.json`)).toBe('400 document_unwelcome');
    expect(world.fetched).toHaveLength(3);
  }); // prettier-ignore

  it('accepts documents of the URLs that a function accepts (SEC-105)', async () => {
    const world = await setUp({ clientIdMetadataPolicy: ({ pathname }) => pathname === '/app.json' });
    expect([await world.look(), await world.look('https://client.example/b.json')]).toEqual(['201', '400 document_unwelcome']);
    for (const said of ['no', {}, 1, undefined]) expect(await (await setUp({ clientIdMetadataPolicy: () => said as never })).look()).toBe('400 document_unwelcome');
    expect(await (await setUp({ clientIdMetadataPolicy: async () => true })).look()).toBe('201');
  }); // prettier-ignore

  it('refuses a cached document that the policy no longer allows', async () => {
    const welcome = { isAllowed: true };
    const world = await setUp({ clientIdMetadataPolicy: () => welcome.isAllowed });
    expect(await world.look()).toBe('201');
    welcome.isAllowed = false;
    expect(await world.look()).toBe('400 document_unwelcome');
  });
});

describe('clients/metadata-document, how often (F-45)', () => {
  it('looks up sixty for one network in ten minutes', async () => {
    const world = await setUp();
    const look = (at: number, address?: string): Promise<string> => world.look(`https://client${at}.example/app.json`, address);
    for (let at = 0; at < 60; at++) expect(await look(at)).toBe('201');
    expect([await look(0), await look(61, '198.51.100.1'), await look(60)]).toEqual(['201', '201', '429 document_limited']);
    expect([await world.last?.json(), Number(world.last?.headers.get('retry-after')) > 0]).toEqual([
      expect.objectContaining({ error: 'temporarily_unavailable' }),
      true,
    ]);
    world.clock.pass(600);
    expect(await look(60)).toBe('201');
  });

  it('counts the ports of one host together', async () => {
    const world = await setUp();
    const look = (at: number): Promise<string> => world.look(`https://client.example:${8000 + at}/app.json`, `198.51.100.${at}`);
    for (let at = 0; at < 120; at++) expect(await look(at)).toBe('201');
    expect(await look(120)).toBe('429 document_host_limited');
  });

  it.each([
    ['of its host', (at: number) => [`https://client.example/${at}`, `198.51.100.${at}`] as const],
    ['of the network', (at: number) => [`https://other${at}.example/app.json`, '192.0.2.1'] as const],
  ])('lets others who use up the limit %s keep no one from a client whose document was read within a day', async (_limit, another) => {
    const world = await setUp();
    expect(await world.look()).toBe('201');
    world.clock.pass(86_390);
    for (let at = 0; at < 120; at++) await world.look(...another(at));
    const count = world.fetched.length;
    expect([await world.look(), world.fetched.length]).toEqual(['201', count]);
    world.clock.pass(10);
    expect(await world.look()).toMatch(/^429/);
  });

  it('looks up a hundred and twenty of one host in ten minutes', async () => {
    const world = await setUp();
    const look = (at: number): Promise<string> => world.look(`https://client.example/${at}`, `198.51.100.${at}`);
    for (let at = 0; at < 120; at++) expect(await look(at)).toBe('201');
    expect([await world.look('https://other.example/app.json'), await look(120)]).toEqual(['201', '429 document_host_limited']);
    expect([await world.last?.json(), Number(world.last?.headers.get('retry-after')) > 0]).toEqual([
      expect.objectContaining({ error: 'temporarily_unavailable' }),
      true,
    ]);
    world.clock.pass(600);
    expect(await look(120)).toBe('201');
  });

  it('does not refuse one network because another, which has looked up too much, asks at the same time', async () => {
    const world = await setUp();
    for (let at = 0; at < 60; at++) await world.look(`https://client${at}.example/app.json`);
    expect(await Promise.all([world.look(), world.look(ID, '198.51.100.1')])).toEqual([
      '429 document_limited',
      expect.stringMatching(/^201/),
    ]);
    expect(world.fetched).toHaveLength(61);
  });

  it('fetches a bad document once for many at the same time, too', async () => {
    const world = await setUp();
    const all = arrivals(world.inner, 'document', 9 + 1); // the one that fetches looks twice
    world.answer = async () => {
      await all;
      return new Response('[]', { headers: { 'content-type': 'application/json' } });
    };
    const verdicts = await whileTimeStands(() => Promise.all(Array.from({ length: 9 }, () => world.look())));
    expect([new Set(verdicts.map((one) => one.slice(0, 3))), world.fetched]).toEqual([new Set(['400']), [ID]]);
  });

  it('fetches once for simultaneous requests, and counts one of them', async () => {
    const world = await setUp();
    world.answer = async () => {
      await new Promise((next) => setTimeout(next, 5));
      return documentOf()();
    };
    const lookAll = (): Promise<string[]> => Promise.all(Array.from({ length: 70 }, () => world.look()));
    expect(await whileTimeStands(lookAll)).toEqual(Array(70).fill('201'));
    expect(world.fetched).toEqual([ID]);
  });
});

describe('clients/find, unknown ids', () => {
  it('distinguishes an unregistered id from a malformed one and from documents that are not read', async () => {
    const world = await setUp();
    const off = await setUp({ clientIdMetadataDocumentEnabled: false });
    for (const id of ['A'.repeat(22), 'a_-9', 'x'.repeat(128)]) expect(await world.look(id)).toBe('400 client_unknown');
    for (const id of ['x'.repeat(129), 'a b', 'ä', 'http://client.example/app.json', 'https://client.example', 'https://client.example/#x'])
      expect(await world.look(id)).toBe('400 client_id_malformed');
    expect([await off.look(), await off.look('A'.repeat(22))]).toEqual(['400 client_documents_off', '400 client_unknown']);
    expect([...world.fetched, ...off.fetched]).toEqual([]);
  });
});
