/** Whose client an id names: one of the configuration, a registered one, or a document. */
import { describe, expect, it } from 'vitest';
import type { Key } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn, makeApp } from '../support/app.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const REDIRECT = 'https://app.example/cb';
const CLIENTS = [
  { id: 'agent', secret: SECRET, grantTypes: ['client_credentials'] },
  { id: 'https://app.example/agent.json', secret: SECRET, grantTypes: ['client_credentials'] },
  { id: 'page', authMethod: 'none', redirectUris: [REDIRECT] },
] as const;

/** The status of an answer, with the reason of a refusal. */
async function post(app: App, path: string, form: Record<string, string>): Promise<string> {
  app.events.length = 0;
  const answer = await app.ask('POST', path, new URLSearchParams(form), { 'content-type': 'application/x-www-form-urlencoded' });
  return [answer.status, app.events.flatMap((event) => ('reason' in event ? [event.reason] : []))[0]].filter(Boolean).join(' ');
}
const token = (app: App, id: string, secret = SECRET): Promise<string> =>
  post(app, '/token', { grant_type: 'client_credentials', client_id: id, client_secret: secret });
const push = (app: App, id: string): Promise<string> =>
  post(app, '/par', { client_id: id, redirect_uri: REDIRECT, response_type: 'code', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }); // prettier-ignore

describe('clients/find', () => {
  it('finds clients of the configuration by any id, with their secret or without one, and reads nothing for it', async () => {
    const app = await makeApp('memory', { clients: CLIENTS });
    expect([await token(app, 'agent'), await token(app, 'https://app.example/agent.json')]).toEqual(['200', '200']);
    expect([await token(app, 'agent', 'wrong'), await push(app, 'page')]).toEqual(['401 secret_wrong', '201']);
    app.counts.reads = 0;
    await token(app, 'agent', 'wrong');
    expect(app.counts.reads).toBeLessThanOrEqual(1); // the count of wrong secrets
  });

  it('finds registered clients, and none by another id', async () => {
    const app = await makeApp('memory');
    const { id } = await app.client({ redirect_uris: [REDIRECT] });
    expect(await push(app, 'https://app.example/app.json')).toBe('400 client_documents_off'); // nothing fetches here
    expect([await push(app, id), await push(app, `${id.slice(0, -1)}!`), await push(app, id.toLowerCase().padEnd(40, 'x'))]).toEqual([
      '201',
      '400 client_id_malformed',
      '400 client_unknown',
    ]);
  });

  it('looks for what is registered before what a document says, and asks no copy of lately where tokens are given', async () => {
    const clock = makeClock();
    const late: string[] = [];
    const store = memoryStore(clock);
    const readStale = async (key: Key): ReturnType<typeof store.read> => (late.push(key), store.read(key));
    const app = await appOn(Object.assign(store, { readStale }), clock);
    const { client, secret = '' } = await app.provider.helpers(app.env).clients.create({ grantTypes: ['client_credentials'] });
    late.length = 0;
    expect(await token(app, client.id, secret)).toBe('200');
    expect(late).toEqual([]);
  });

  it('finds the client of a document that is kept, and fetches none for it', async () => {
    const clock = makeClock();
    const id = 'https://app.example/app.json';
    const fetched: string[] = [];
    const welcome = { isWelcome: true };
    const fetchPublic = async (url: string): Promise<Response> => {
      fetched.push(url);
      return Response.json({ client_id: id, client_name: 'Notes', redirect_uris: [REDIRECT] });
    };
    const app = await appOn(memoryStore(clock), clock, { clientIdMetadataPolicy: () => welcome.isWelcome }, { fetchPublic });
    const find = async (): Promise<string | undefined> => (await app.provider.helpers(app.env).clients.find(id))?.name;
    expect([await find(), await push(app, id), await find(), fetched]).toEqual([undefined, '201', 'Notes', [id]]);
    welcome.isWelcome = false;
    expect(await find()).toBeUndefined();
    welcome.isWelcome = true;
    clock.pass(300);
    expect([await find(), fetched.length]).toEqual([undefined, 1]);
  });

  it('reads nothing for an id that cannot be one', async () => {
    const app = await makeApp('memory');
    app.counts.reads = 0;
    expect([await app.provider.helpers(app.env).clients.find('a b'), app.counts.reads]).toEqual([null, 0]);
  });
});
