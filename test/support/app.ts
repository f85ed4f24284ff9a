/** A whole server in the test's own process, on a store of the runtime at hand, with a clock that the test moves. */
import { makeRuntime, makeStores } from '#under-test';
import { withStoreRetry } from '../../src/core/store-retry.ts';
import { password } from '../../src/logins/password.ts';
import type { Access } from '../../src/model/access.ts';
import type { Event } from '../../src/model/event.ts';
import type { Context } from '../../src/model/context.ts';
import type { Place } from '../../src/model/token.ts';
import type { Runtime } from '../../src/model/runtime.ts';
import type { Seconds, Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { ClientInfo } from '../../src/model/client.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { type Browser, makeBrowser } from '../../src/testing/browser.ts';
import { type Clock, makeClock } from '../../src/testing/clock.ts';
import { type JsonAnswer, registerClient, type TestClient, type Tokens, tokensOf } from '../../src/testing/oauth-client.ts';
import { ISSUER, RESOURCE } from './addresses.ts';
import { attempting } from './attempting.ts';

export { ISSUER, RESOURCE };
export const ALICE = { username: 'alice', password: 'correct horse battery' } as const;

/** Counts what a store is asked. */
export interface Counts {
  reads: number;
  writes: number;
  removes: number;
  lists: number;
}

/** A server under test. */
export interface App {
  readonly send: (request: Request) => Promise<Response>;
  readonly clock: Clock;
  readonly store: Store;
  /** The store below, uncounted. */
  readonly inner: Store;
  readonly events: Event[];
  /** The machine below it. */
  readonly machine: Runtime;
  readonly counts: Counts;
  readonly provider: OAuthProvider;
  readonly env: Record<string, unknown>;
  readonly aliceId: string;
  browser(): Browser;
  client(metadata?: Record<string, unknown>): Promise<TestClient>;
  /** Sends one request to a path of the server. */
  ask(method: string, path: string, body?: BodyInit | null, headers?: Record<string, string>): Promise<Response>;
  /** Resolves when all work that went on behind answers is done. */
  settled(): Promise<void>;
  /** Registers whatever is given, raw. */
  register(metadata: unknown): Promise<JsonAnswer>;
  /** Brings Alice to a code with a fresh client and browser. */
  toCode(metadata?: Record<string, unknown>): Promise<{ client: TestClient; browser: Browser; code: string }>;
  /** Signs in Alice with a fresh client and browser. */
  signedIn(metadata?: Record<string, unknown>): Promise<{ client: TestClient; browser: Browser; tokens: Tokens }>;
  /** A guarded call: the status, and who the handler was told. */
  call(
    token: string | null,
    path?: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; access: Access | null; response: Response }>;
}

/** Wraps a store so that its verbs are counted. */
export function counting(store: Store, counts: Counts): Store {
  return {
    atomic: store.atomic,
    ...(store.mayLose === undefined ? {} : { mayLose: store.mayLose }),
    ...(store.placed === undefined ? {} : { placed: store.placed }),
    read: (key, known) => (counts.reads++, store.read(key, known)),
    ...(store.readStale ? { readStale: async (key) => (counts.reads++, (await store.readStale?.(key)) ?? null) } : {}),
    write: (key, value, when, options) => (counts.writes++, store.write(key, value, when, options)),
    remove: (key, when) => (counts.removes++, store.remove(key, when)),
    ...(store.increment ? { increment: async (key, per) => (counts.writes++, (await store.increment?.(key, per)) ?? null) } : {}),
    ...(store.attempt && {
      async attempt(...all) {
        counts.reads++;
        const made = await (store.attempt as NonNullable<Store['attempt']>)(...all);
        if (made.isDone) counts.writes++;
        return made;
      },
    }),
    list: (...all) => (counts.lists++, store.list(...all)),
  };
}

/** All registered clients, page by page. */
export async function clientsOf(app: App): Promise<readonly ClientInfo[]> {
  const { clients } = app.provider.helpers(app.env);
  const found: ClientInfo[] = [];
  let after: string | undefined;
  do {
    const page = await clients.list(after);
    found.push(...page.clients);
    after = page.next;
  } while (after !== undefined);
  return found;
}

/** What the protected handler of these tests answers: who called. */
const whoami = (_request: Request, _env: unknown, ctx: Context): Response => Response.json({ auth: ctx.auth, props: ctx.props });

/** The options of these tests. */
export function optionsFor(events: Event[], more: Partial<OAuthProviderOptions> = {}): OAuthProviderOptions {
  return {
    issuer: ISSUER,
    apiRoute: '/mcp',
    apiHandler: whoami,
    logins: [password()],
    clientRegistrationEndpoint: '/register',
    scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
    on: (event) => void events.push(event),
    ...more,
  };
}

/** Every store of this runtime, by name, for `describe.each`. */
export const storeNames: readonly string[] = (await makeStores(() => 0)).map(({ name }) => name);

/** A store in memory to which each request comes from another place than the one before it, so that grants move at each refresh. */
export const TRAVELLING = 'memory, from everywhere';

/** A store in memory that issues tokens where the grant is, as Durable Objects do. */
export const IN_PLACE = 'memory, changed where it is';

/** The runtime at hand on the test's clock, with a password hash that costs little, and without a way to the world outside. */
function cheap(clock: Clock): Runtime {
  const { fetchPublic: _, ...runtime } = makeRuntime();
  return { ...runtime, now: clock.now, scrypt: (password, salt, cost) => runtime.scrypt!(password, salt, { ...cost, ln: 4, p: 1 }) };
}

/** Stores of another process or object, as `storeNamed` made them. */
const remote = new WeakSet<Store>();

/** The named store, fresh and empty; memory is there in every runtime. */
export async function storeNamed(name: string, now: () => Seconds): Promise<Store> {
  if (name === 'memory') return memoryStore({ now });
  const store = (await makeStores(now)).find((one) => one.name === name)?.store;
  if (!store) throw new Error(`There is no store called ${name}.`);
  remote.add(store);
  return store;
}

/**
 * The same store with minutes instead of five seconds for an operation: on a busy machine, D1 needs seconds for the crowds of some journeys.
 * A local store gets no second deadline from the server.
 */
const patient = (store: Store): Store => ({ ...withStoreRetry(store, { deadline: 240_000 }), local: true });

/** Makes a server on the named store. */
export async function makeApp(storeName: string, more: Partial<OAuthProviderOptions> = {}): Promise<App> {
  const clock = makeClock();
  if (storeName === IN_PLACE) return appOn(attempting(memoryStore(clock)), clock, more);
  if (storeName === TRAVELLING) return appOn(Object.assign(memoryStore(clock), { placed: true }), clock, more, {}, {}, fromEverywhere());
  return appOn(await storeNamed(storeName, clock.now), clock, more);
}

function fromEverywhere(): () => Place {
  let requests = 0;
  return () => (['oc', 'weur', 'enam', 'me'] as const)[requests++ % 4] ?? 'oc';
}

/** Makes a server on a given store. @param where requests come from that do not say so. */
export async function appOn(
  inner: Store,
  clock: Clock,
  more: Partial<OAuthProviderOptions> = {},
  machine: Partial<Runtime> = {},
  variables: Record<string, unknown> = {},
  where: () => string = () => (inner.placed ? 'oc' : 'none'),
): Promise<App> {
  const counts: Counts = { reads: 0, writes: 0, removes: 0, lists: 0 };
  const events: Event[] = [];
  const store = counting(inner, counts);
  const runtime = { ...cheap(clock), ...machine };
  const provider = new OAuthProvider(optionsFor(events, more), {
    runtime,
    address: (request) => request.headers.get('x-test-address') ?? '192.0.2.1',
    // Every journey on Durable Objects comes from somewhere; a test says where else by the header.
    place: (request) => {
      const place = request.headers.get('x-test-place') ?? where();
      return place === 'none' ? null : (place as Place);
    },
  });
  const env = { PORTCULLIS: remote.has(inner) ? patient(store) : store, ...variables };
  const afterwards: Promise<unknown>[] = [];
  const send = (request: Request): Promise<Response> => provider.fetch(request, env, { waitUntil: (work) => void afterwards.push(work) });
  const { accounts } = provider.helpers(env, provider.tenants[0]);
  const alice =
    (await accounts.findByUsername(ALICE.username)) ?? (await accounts.create({ ...ALICE, name: 'Alice', permissions: ['admin'] }));
  const client = (metadata?: Record<string, unknown>): Promise<TestClient> =>
    registerClient({ send, issuer: ISSUER, ...(metadata ? { metadata } : {}) });
  const ask: App['ask'] = (method, path, body = null, headers = {}) =>
    send(new Request(ISSUER + path, { method, headers, ...(body === null ? {} : { body }) }));
  const toCode: App['toCode'] = async (metadata) => {
    const [made, browser] = [await client(metadata), makeBrowser(send)];
    return { client: made, browser, code: await made.signIn(browser, ALICE) };
  };
  return {
    ask, toCode, send, clock, machine: runtime, store, inner, events, counts, provider, env, client,
    aliceId: alice.id,
    async settled() {
      while (afterwards.length > 0) await Promise.all(afterwards.splice(0));
    },
    browser: () => makeBrowser(send),
    async register(metadata) {
      const response = await ask('POST', '/register', JSON.stringify(metadata), { 'content-type': 'application/json' });
      return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
    },
    async signedIn(metadata) {
      const { client: made, browser, code } = await toCode(metadata);
      return { client: made, browser, tokens: tokensOf(await made.redeem(code)) };
    },
    async call(token, path = '/mcp', headers = {}) {
      const auth = token === null ? {} : { authorization: `Bearer ${token}` };
      const response = await send(new Request(ISSUER + path, { method: 'POST', headers: { ...auth, ...headers }, body: '{}' }));
      const body = response.status === 200 ? ((await response.clone().json()) as { auth: Access }) : null;
      return { status: response.status, access: body?.auth ?? null, response };
    },
  }; // prettier-ignore
}
