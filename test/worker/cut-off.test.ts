/**
 * One request is cut off at each place where work is shared by all requests of an isolate; the next one is answered. In workerd a request
 * that is cut off never settles what others wait for.
 */
import { describe, expect, it, vi } from 'vitest';
import { makeKeyring } from '../../src/core/records/keyring.ts';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { lazy } from '../../src/lib/async.ts';
import { makeSingleFlight, makeOnce } from '../../src/lib/single-flight.ts';
import type { Access } from '../../src/model/access.ts';
import { cachedPermissions } from '../../src/model/live-permissions.ts';
import type { Store } from '../../src/model/store.ts';
import { d1Store } from '../../src/stores/d1.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { McpServer } from '@modelcontextprotocol/server';
import { makeDatabases, makeStores } from '#under-test';
import { McpAgent } from '../../src/mcp/index.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { codeOf, registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { atConsent, makeUpstreamApp, throughCorp, type UpstreamApp } from '../support/upstream-app.ts';
import { tool } from '../support/vault-tool.ts';
import { makeBreaker } from '../../src/upstreams/ask.ts';
import { UpstreamError } from '../../src/upstreams/contract.ts';
import { googleTokens } from '../../src/verifiers/google.ts';
import { verifyIntrospection } from '../../src/verifiers/introspection.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { workerRuntime } from '../../src/worker/runtime.ts';
import { type App, appOn, counting, ISSUER as OURS } from '../support/app.ts';
import { makeIssuer, NOW } from '../support/issuer.ts';
import { clientClaims, makeSigner, shown } from '../support/signer.ts';
import { asRequest, cutOff } from './cut-off.ts';

const RESOURCE = 'https://mcp.example/mcp';
const ISSUER = 'https://as.example';
const SECRET = 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=';
type Hang = () => Promise<never>;

const addressOf = (input: RequestInfo | URL): string => (input instanceof Request ? input.url : new URL(input).href);

/** Lets the first call that fits hang, and no other. */
function stuck(): { hang: Hang | null; reached<T>(fits: boolean, go: () => T): T | Promise<never> } {
  return {
    hang: null,
    reached(fits, go) {
      const { hang } = this;
      if (hang === null || !fits) return go();
      this.hang = null;
      return hang();
    },
  };
}

/** Looks again and again, since a promise that another request settles would go on within that request. */
async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((next) => setTimeout(next, 5));
}

/** Cuts off the work where it is stuck, and gives what the same work comes to in the next request. */
async function again<T>(place: ReturnType<typeof stuck>, work: () => Promise<T>): Promise<T> {
  await cutOff((hang) => {
    place.hang = hang;
    return work();
  });
  expect(place.hang).toBeNull(); // it was stuck where the test means
  return asRequest<T>(work);
}

describe('after a request that was cut off while it asked another server', () => {
  it.each([
    ['the keys', '/keys'],
    ['the metadata', '/.well-known/'],
  ])('verifyJwt answers the next one: %s (F-51)', async (_, at) => {
    const [as, place] = [await makeIssuer(ISSUER), stuck()];
    const fetcher: typeof fetch = async (input, init) => place.reached(addressOf(input).includes(at), () => as.fetch(input, init));
    const { verify } = verifyJwt({ issuer: ISSUER, fetch: fetcher, now: as.now });
    const token = await as.sign({ aud: RESOURCE });
    expect(await again(place, async () => verify(token, RESOURCE))).toMatchObject({ userId: 'user-1' });
  });

  it('verifyJwt finds a new key, though the look for it was cut off (F-51)', async () => {
    const [as, place] = [await makeIssuer(ISSUER), stuck()];
    const fetcher: typeof fetch = async (input, init) => place.reached(addressOf(input).includes('/keys'), () => as.fetch(input, init));
    const { verify } = verifyJwt({ issuer: ISSUER, fetch: fetcher, now: as.now });
    const token = await as.sign({ aud: RESOURCE, exp: NOW + 9000 });
    await verify(token, RESOURCE);
    as.clock += 700;
    expect(await again(place, async () => verify(token, RESOURCE))).toMatchObject({ userId: 'user-1' });
  });

  it('verifyIntrospection and google answer the next one (F-52)', async () => {
    const place = stuck();
    const answer = { active: true, sub: 'u1', client_id: 'c1', aud: RESOURCE, exp: NOW + 600 };
    const options = { now: () => NOW, fetch: (async () => place.reached(true, () => Response.json(answer))) as typeof fetch };
    const asked = verifyIntrospection({ issuer: ISSUER, endpoint: `${ISSUER}/i`, clientId: 'rs', clientSecret: 's', ...options });
    expect(await again(place, async () => asked.verify('opaque-1', RESOURCE))).toMatchObject({ userId: 'u1' });
    const info = { aud: 'app.example', azp: 'app.example', sub: 'u2', exp: String(NOW + 600) };
    const googled = googleTokens({ clientIds: ['app.example'], ...options, fetch: (async () => place.reached(true, () => Response.json(info))) as typeof fetch });
    expect(await again(place, async () => googled.verify('ya29.aaaaaaaaaaaaaaaaaaaaaaa', RESOURCE))).toMatchObject({ userId: 'u2' });
  }); // prettier-ignore

  it('a site that comes back is tried again, though the request that tried it was cut off (F-51)', async () => {
    let now = 1000;
    const [breaker, place] = [makeBreaker(() => now), stuck()];
    const down = (): Promise<never> => Promise.reject(new UpstreamError('unavailable', 'status_500'));
    for (let failures = 0; failures < 5; failures++) await breaker.run(down).catch(() => undefined);
    now += 6;
    await cutOff((hang) => breaker.run(hang));
    now += 11;
    expect(await asRequest(() => breaker.run(async () => place.reached(false, () => 'answered')))).toBe('answered');
  });
});

describe('after a request that was cut off in our own server', () => {
  const appWith = async (place: ReturnType<typeof stuck>, fits: (key: string) => boolean, more = {}, machine = {}): Promise<App> => {
    const clock = makeClock();
    const inner = memoryStore(clock);
    const store: Store = {
      ...counting(inner, { reads: 0, writes: 0, removes: 0, lists: 0 }),
      read: async (key, known) => place.reached(fits(key), () => inner.read(key, known)),
    };
    return appOn(store, clock, more, machine);
  };

  it('/jwks and /token answer the next one, though the signing keys were being read (F-52)', async () => {
    const place = stuck();
    const app = await appWith(place, (key) => key.startsWith('signing-keys:'), { accessTokenSigning: 'ES256', secret: SECRET });
    const jwks = async (): Promise<unknown> => (await app.ask('GET', '/jwks')).json();
    expect(await again(place, jwks)).toMatchObject({ keys: [{ alg: 'ES256' }] });
    const { tokens } = await app.signedIn();
    expect(tokens.access.split('.').length).toBe(3);
  });

  it('a client is known by its document, though the look at it was cut off (F-51)', async () => {
    const place = stuck();
    const id = 'https://client.example/app.json';
    const document = JSON.stringify({ client_id: id, client_name: 'Notes app', redirect_uris: ['http://localhost/callback'] });
    const fetchPublic = async (): Promise<Response> => place.reached(true, () => new Response(document, { headers: { 'content-type': 'application/json' } }));
    const app = await appWith(place, () => false, {}, { fetchPublic });
    const client = await registerClient({ send: app.send, issuer: OURS, redirectUri: 'http://localhost:3334/callback', id });
    const url = await client.authorizeUrl();
    expect(await again(place, async () => (await app.send(new Request(url))).status)).toBe(200);
  }); // prettier-ignore

  it('a client proves itself by its key, though the look at its keys was cut off (F-51)', async () => {
    const [place, signer] = [stuck(), await makeSigner()];
    const uri = 'https://client.example/keys';
    const fetchPublic = async (): Promise<Response> => place.reached(true, () => Response.json({ keys: [signer.publicKey] }));
    const app = await appWith(place, () => false, {}, { fetchPublic });
    const client = await app.client({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri });
    const code = await client.signIn(app.browser(), { username: 'alice', password: 'correct horse battery' });
    const redeem = async (): Promise<number> => {
      const assertion = shown(await signer.sign(clientClaims(client.id, app.clock.now())));
      return (await client.token({ grant_type: 'authorization_code', code, code_verifier: client.verifier, ...assertion })).status;
    };
    expect(await again(place, redeem)).toBe(200);
  });

  it('a refresh token that a site rotated is kept, though the request that fetched it was cut off (F-51, R-31)', async () => {
    let hang: Hang | null = null;
    const app: UpstreamApp = await makeUpstreamApp('memory', {
      login: { keepTokens: true },
      options: { apiHandler: tool, accessTokenTTL: 86_400 },
      oidc: {
        async fetch(url, init) {
          const answer = await app.idp.fetch(url, init); // the site has rotated by now
          if (hang !== null) {
            void hang().catch(() => undefined);
            await new Promise((next) => setTimeout(next, 1000)); // longer than it takes to cut it off
          }
          return answer;
        },
      },
    });
    const at = await atConsent(app);
    const { access } = tokensOf(await at.client.redeem(codeOf(await throughCorp(app, at))));
    const use = async (): Promise<unknown> => (await app.call(access)).response.json();
    app.clock.pass(3600);
    await cutOff((stop) => {
      hang = stop;
      return use();
    });
    hang = null;
    expect(await asRequest(use)).toMatchObject({ token: expect.stringMatching(/^upstream-/) });
    expect(app.idp.tokens.refreshes).toEqual({ asked: 1, refused: 0 });
  });

  it("a record in a Durable Object can be written by the next one, and a user's database be asked (F-51)", async () => {
    const store = (await makeStores(() => NOW)).find(({ name }) => name === 'durable object')?.store as Store;
    const database = makeDatabases();
    const ask = async (): Promise<unknown> => (await database('u', null).query('SELECT 1 AS one', []))[0];
    await cutOff(async (hang) => {
      await Promise.all([store.write('client:x', 1, 'any', { until: NOW + 60, index: ['user:1'] }), ask()]);
      void store.write('client:x', 2, 'any', { until: NOW + 60, index: ['user:1'] });
      void ask();
      return hang();
    });
    expect(await asRequest(async () => (await store.write('client:x', 3, 'any', { until: NOW + 60 })) !== null)).toBe(true);
    expect(await asRequest(ask)).toEqual({ one: 1 });
  });

  it('an agent is made for the next call, though the one that was made before was cut off in init() (F-51)', async () => {
    const place = stuck();
    class Stuck extends McpAgent {
      server = new McpServer({ name: 'stuck', version: '1.0.0' });
      async init(): Promise<void> {
        await place.reached(true, async () => undefined);
        this.server.registerTool('hello', {}, async () => ({ content: [{ type: 'text', text: 'hello' }] }));
      }
    }
    const app = await appWith(place, () => false, { apiHandler: Stuck.serve('/mcp') });
    const { tokens } = await app.signedIn();
    const call = async (): Promise<string> => {
      const headers = { authorization: `Bearer ${tokens.access}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'hello', arguments: {} } });
      return (await app.send(new Request(RESOURCE, { method: 'POST', headers, body }))).text();
    };
    expect(await again(place, call)).toContain('"text":"hello"');
  }); // prettier-ignore

  it('permissions are looked up for the next one (F-52)', async () => {
    const place = stuck();
    const lookup = cachedPermissions(async () => place.reached(true, () => ['admin']));
    const access = { userId: 'u', grantId: 'g' } as Access;
    expect(await again(place, async () => lookup(access, null))).toEqual(['admin']);
  });

  it('the keyring opens for the next one (F-52)', async () => {
    const place = stuck();
    const runtime = workerRuntime();
    const slow = { ...runtime, digest: async (data: Parameters<typeof runtime.digest>[0]) => place.reached(true, () => runtime.digest(data)) };
    const ring = makeKeyring([SECRET], slow, makeSecrets(runtime));
    expect(await again(place, async () => (await ring.seal('test', 1, 'x')).slice(0, 3))).toBe('s1.');
  }); // prettier-ignore

  it('code that is loaded when it is first used comes for the next one (F-51)', async () => {
    const place = stuck();
    const verb = lazy(async () => place.reached(true, () => () => 'loaded'));
    expect(await again(place, async () => verb())).toBe('loaded');
  });
});

describe('after a request that was cut off while a store was opened', () => {
  const place = stuck();
  /** Stand-ins: no database is needed for what happens before the first query. */
  const layout = (text: string): readonly unknown[] => {
    if (text.includes('current_schemas')) return [{ name: 'public', known: true }];
    if (/to_regclass|sqlite_master/.test(text)) return [{ known: true }];
    return /max\(layout\)|layout FROM/i.test(text) ? [{ layout: 1 }] : [];
  };
  const d1 = (text: string): unknown => ({ bind: () => d1(text), all: () => place.reached(true, async () => ({ results: layout(text) })) });
  it.each([
    ['PostgreSQL', postgresStore({ query: ({ text }) => place.reached(true, async () => ({ rows: [...layout(text)] })) })],
    ['Redis', redisStore({ call: (command) => place.reached(true, async () => (command === 'INFO' ? '' : [null, null, null])) })],
    ['D1', d1Store({ prepare: d1, batch: async () => [] } as never)],
  ])('%s answers the next one (F-52)', async (_, store) => {
    expect(await again(place, async () => store.read('client:x'))).toBeNull();
  });
});

describe('lib/single-flight', () => {
  it('waits for another request no longer than a second, and then does the work itself; a second one that is cut off costs another (F-51)', async () => {
    const join = makeSingleFlight<string>();
    await cutOff((hang) => join('key', hang));
    const started = Date.now();
    const answers = await Promise.all([1, 2, 3].map((at) => asRequest(() => join('key', async () => `by ${at}`))));
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(new Set(answers).size).toBeLessThanOrEqual(3);
  });

  it('prepares for the next request what one began and did not finish (F-51)', async () => {
    const [place, done] = [stuck(), [] as number[]];
    const once = makeOnce(async () => place.reached(true, () => void done.push(1)));
    await again(place, async () => once());
    await once();
    expect(done).toEqual([1]);
  });

  it('answers though a request that others wait for ends well and is cut off a moment later (F-51)', async () => {
    const join = makeSingleFlight<string>();
    const now = { hasBegun: false, isWaiting: false, isGone: false };
    let answered = '';
    const waiting = asRequest(async () => {
      await until(() => now.hasBegun);
      now.isWaiting = true;
      answered = await join('key', async () => 'own');
      await until(() => now.isGone); // goes on after the other one has gone
      return answered;
    });
    const time = vi.spyOn(Date, 'now').mockReturnValue(Date.now()); // it waits for no longer than a second
    await cutOff(async (hang) => {
      await join('key', async () => {
        now.hasBegun = true;
        await until(() => now.isWaiting);
        return 'shared';
      });
      return hang();
    });
    time.mockRestore();
    now.isGone = true;
    expect([await waiting, answered]).toEqual(['shared', 'shared']);
  });
});
