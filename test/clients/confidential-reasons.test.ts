/** Why a client with a secret is refused: the answer is one, the reason that listeners are told is precise. */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseBasic } from '../../src/clients/confidential.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn, makeApp } from '../support/app.ts';
import { lastReason } from '../support/verdicts.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const about = { secret: SECRET, grantTypes: ['client_credentials'] } as const;
const CLIENTS = [
  { id: 'open', ...about },
  { id: 'header', ...about, authMethod: 'client_secret_basic' },
  { id: 'public', authMethod: 'none', redirectUris: ['https://app.example/cb'] },
  { id: 'body', ...about, authMethod: 'client_secret_post' },
] as const;

let app: App;
beforeEach(async () => {
  app = await makeApp('memory', { clients: CLIENTS });
});

/** The answer of the token endpoint: its status, and the reason of a refusal. */
async function ask(form: Record<string, string>, authorization?: string, address = '192.0.2.1'): Promise<string> {
  app.events.length = 0;
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...form });
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-test-address': address };
  const answer = await app.ask('POST', '/token', body, authorization === undefined ? headers : { ...headers, authorization });
  return [answer.status, app.events.find((event) => event.kind === 'request.refused')?.reason].filter(Boolean).join(' ');
}

const basic = (text: string): string => `Basic ${btoa(text)}`;
const ASSERTION = { client_assertion: 'x.y.z', client_assertion_type: 'x' };

describe('clients/confidential, reasons', () => {
  it('lets each client in by its method', async () => {
    expect(await ask({ client_id: 'open', client_secret: SECRET })).toBe('200');
    expect(await ask({}, basic(`open:${SECRET}`))).toBe('200');
    expect(await ask({ client_id: 'body', client_secret: SECRET })).toBe('200');
    expect(await ask({ client_id: 'header' }, basic(`header:${SECRET}`))).toBe('200');
    expect(await ask({}, `bASIC   ${btoa(`header:${SECRET}`)}`)).toBe('200');
  });

  it.each<[string, Record<string, string>, string | undefined]>([
    ['401 client_missing', {}, undefined],
    ['401 client_missing', { client_secret: SECRET }, undefined],
    ['401 secret_missing', { client_id: 'open' }, undefined],
    ['401 client_unknown', { client_id: 'other', client_secret: SECRET }, undefined],
    ['401 client_unknown', {}, basic(`other:${SECRET}`)],
    ['401 secret_wrong', { client_id: 'open', client_secret: `${SECRET}x` }, undefined],
    ['401 secret_wrong', {}, basic(`header:${SECRET.slice(1)}`)],
    ['401 method_unregistered', { client_id: 'header', client_secret: SECRET }, undefined],
    ['401 method_unregistered', {}, basic(`body:${SECRET}`)],
    ['401 method_unregistered', {}, basic('body:wrong')],
    ['401 assertion_type', { client_assertion: 'x.y.z' }, undefined],
    ['401 assertion_type', { client_assertion_type: 'x' }, undefined],
    ['400 grant_type_unregistered', { client_id: 'public' }, undefined],
    ['400 grant_type_unregistered', {}, basic('public:')],
    ['400 grant_type_unregistered', { client_id: 'public' }, basic('public:')],
    ['401 method_unregistered', { client_id: 'public', client_secret: SECRET }, undefined],
    ['401 basic_malformed', {}, basic(`:${SECRET}`)],
    ['401 secret_missing', {}, basic('header:')],
    ['401 client_unknown', {}, basic('unheard-of:')],
    ['401 secret_wrong', {}, basic('open:public:')],
    ['401 basic_malformed', {}, basic('%zz:')],
    ['400 client_ids_differ', { client_id: 'x' }, basic('header:')],
    ['400 client_methods_mixed', { client_secret: SECRET }, basic('header:')],
    ['401 basic_malformed', {}, basic('header')],
    ['401 basic_malformed', {}, basic('header\0:x')],
    ['401 basic_malformed', {}, 'Basic !'],
    ['401 basic_malformed', {}, `xBasic ${btoa(`header:${SECRET}`)}`],
    ['401 basic_malformed', {}, `Basic${btoa(`header:${SECRET}`)}`],
    ['401 basic_malformed', {}, `${basic(`header:${SECRET}`)} x`],
    ['400 client_methods_mixed', { client_secret: SECRET }, basic(`header:${SECRET}`)],
    ['400 client_methods_mixed', ASSERTION, basic(`header:${SECRET}`)],
    ['400 client_methods_mixed', { ...ASSERTION, client_secret: SECRET }, undefined],
    ['400 client_methods_mixed', { client_assertion_type: 'x', client_secret: SECRET }, undefined],
    ['400 client_ids_differ', { client_id: 'open' }, basic(`header:${SECRET}`)],
    ['401 assertion_type', ASSERTION, undefined],
  ])('says %s of %j with %j', async (verdict, form, authorization) => {
    expect(await ask(form, authorization)).toBe(verdict);
  });

  it('says so, too, of a client that is known by its document and shows a secret', async () => {
    const id = 'https://app.example/app.json';
    const document = { client_id: id, client_name: 'Notes', redirect_uris: ['http://localhost/callback'] };
    const clock = makeClock();
    app = await appOn(memoryStore(clock), clock, {}, { fetchPublic: async () => Response.json(document) });
    const form = { client_id: id, redirect_uri: 'http://localhost/callback', response_type: 'code', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }; // prettier-ignore
    await app.ask('POST', '/par', new URLSearchParams(form), { 'content-type': 'application/x-www-form-urlencoded' });
    expect(await ask({ client_id: id, client_secret: SECRET })).toBe('401 method_unregistered');
  });

  it('takes the bare id in the header for no proof of a client whose document, read only then, names keys', async () => {
    const id = 'https://app.example/app.json';
    const document = { client_id: id, client_name: 'Notes', redirect_uris: ['http://localhost/callback'], token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example/keys.json' }; // prettier-ignore
    const clock = makeClock();
    app = await appOn(memoryStore(clock), clock, {}, { fetchPublic: async () => Response.json(document) });
    const form = { redirect_uri: 'http://localhost/callback', response_type: 'code', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }; // prettier-ignore
    const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: basic(`${encodeURIComponent(id)}:`) };
    expect((await app.ask('POST', '/par', new URLSearchParams(form), headers)).status).toBe(401);
    expect(lastReason(app)).toBe('secret_missing');
  });

  it('calls two methods in one request a malformed request', async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...ASSERTION, client_secret: SECRET });
    const answer = await app.ask('POST', '/token', body, { 'content-type': 'application/x-www-form-urlencoded' });
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
  });

  it('challenges for Basic where the header was used, and nowhere else (RFC 6749 §5.2)', async () => {
    const challenged = async (form: Record<string, string>, headers: Record<string, string>): Promise<string | null> => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...form });
      const answer = await app.ask('POST', '/token', body, { 'content-type': 'application/x-www-form-urlencoded', ...headers });
      return answer.headers.get('www-authenticate');
    };
    const challenge = 'Basic realm="token endpoint", charset="UTF-8"';
    expect(await challenged({}, { authorization: basic('header:wrong') })).toBe(challenge);
    expect(await challenged({}, { authorization: 'Basic !' })).toBe(challenge);
    expect(await challenged({ client_id: 'open', client_secret: 'wrong' }, {})).toBeNull();
  });
});

describe('clients/confidential, the secret before', () => {
  it('is good for as long as it was said, and then refused with a reason of its own', async () => {
    const { clients } = app.provider.helpers(app.env);
    const { client, secret = '' } = await clients.create({ grantTypes: ['client_credentials'] });
    const next = (await clients.rotateSecret(client.id, 60)) ?? '';
    expect([await ask({ client_id: client.id, client_secret: secret }), await ask({ client_id: client.id, client_secret: next })]).toEqual(['200', '200']);
    app.clock.pass(59);
    expect(await ask({}, basic(`${client.id}:${secret}`))).toBe('200');
    app.clock.pass(1);
    expect(await ask({}, basic(`${client.id}:${secret}`))).toBe('401 secret_former');
    expect(await ask({}, basic(`${client.id}:${secret}x`))).toBe('401 secret_wrong');
    expect(await ask({}, basic(`${client.id}:${next}`))).toBe('200');
  }); // prettier-ignore
});

describe('clients/confidential, guesses (S-029)', () => {
  it('limits guesses at one client to thirty in five minutes for each network', async () => {
    const guess = (id = 'open', address?: string): Promise<string> => ask({ client_id: id, client_secret: 'guess' }, undefined, address);
    for (let at = 0; at < 30; at++) expect(await guess()).toBe('401 secret_wrong');
    expect(await guess()).toBe('429 secret_limited');
    expect([await guess('header'), await guess('open', '198.51.100.1')]).toEqual(['401 method_unregistered', '401 secret_wrong']);
    app.clock.pass(300);
    expect(await guess()).toBe('401 secret_wrong');
  });

  it('counts made-up ids of a network together', async () => {
    for (let at = 0; at < 30; at++) expect(await ask({}, basic(`made-up-${at}:x`))).toBe('401 client_unknown');
    expect(await ask({}, basic('made-up:x'))).toBe('429 secret_limited');
    expect(await ask({}, basic('header:x'))).toBe('401 secret_wrong');
  });
});

describe('clients/confidential, the header', () => {
  it('is read up to 4096 characters of base64', () => {
    const header = (length: number): string => `Basic ${btoa(`id:${'x'.repeat((length / 4) * 3 - 3)}`)}`;
    expect(parseBasic(header(4096))?.id).toBe('id');
    expect(parseBasic(header(4100))).toBeNull();
  });

  it('has one way to write its padding, and no sign besides', () => {
    expect(parseBasic('Basic YTpi')).toEqual({ id: 'a', secret: 'b' });
    expect(parseBasic('Basic YTpiYw==')).toEqual({ id: 'a', secret: 'bc' });
    for (const text of ['YTpi=', 'YTpiYw=', 'YTpiYw', 'YTpiYw===', 'YT pi', 'YTp-']) expect(parseBasic(`Basic ${text}`)).toBeNull();
  });
});
