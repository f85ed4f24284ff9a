/** What people and clients ask of a server, measured request by request on virtual time. */
import { hash } from 'node:crypto';
import { password } from '../../src/logins/password.ts';
import { isPlace, type Place } from '../../src/model/token.ts';
import { RequestState, withRequestState } from '../../src/model/context.ts';
import type { Store } from '../../src/model/store.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { type Browser, type BrowserPage, makeBrowser, type Send } from '../../src/testing/browser.ts';
import { registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import type { VirtualClock } from './clock.ts';
import type { Here } from './layouts.ts';

/** What is measured, in the order of the table. */
export const OPERATIONS = [
  'guarded call',
  'refresh',
  'code',
  'register',
  'sign-in, pages of the application',
  'sign-in, signed in before',
  'sign-in with a password',
  'account page',
  'first call after the client has moved',
  'guarded call after a refresh there',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Notes how long something took. */
export type Note = (operation: Operation, took: number) => void;

/** A server that is asked from somewhere. */
export interface Served {
  readonly issuer: string;
  /** Sends requests from a place. */
  from(place: Place): Send;
  /** Finishes what goes on behind answers. */
  settle(): Promise<void>;
}

const PASSWORD = 'correct horse battery';
const ISSUER = 'https://mcp.example';
let people = 0;
/** Calls of one client with one token. */
const CALLS = 5;

/** The servers of a layout. `own` is null where it has no pages of its own. */
export interface Servers {
  readonly own: Served | null;
  readonly pages: Served;
  /** Makes the account of a person. */
  join(username: string): Promise<void>;
}

/** Our servers on one store: with our own pages, and with pages of the application. */
export async function serve(store: Store, here: Here, isPlaced: boolean): Promise<Servers> {
  const runtime = {
    ...nodeRuntime(),
    scrypt: async (text: string, salt: Uint8Array) => Uint8Array.from(Buffer.from(hash('sha256', text + salt.join(), 'hex'), 'hex')),
  };
  const platform = {
    runtime,
    address: () => here.address,
    place: (request: Request): Place | null => {
      const place = request.headers.get('x-place');
      return isPlaced && isPlace(place) ? place : null;
    },
  };
  const shared = {
    issuer: ISSUER,
    apiRoute: '/mcp',
    apiHandler: () => new Response('{}'),
    scopesSupported: { read: 'Read your notes' },
    clientRegistrationEndpoint: '/register',
    on: () => {},
  };
  const own = new OAuthProvider<unknown>({ ...shared, logins: [password()] }, platform);
  const pages = new OAuthProvider<unknown>({ ...shared, defaultHandler: ownPages }, platform);
  const env = { PORTCULLIS: store };
  const { accounts } = own.helpers(env);
  const served = (provider: OAuthProvider): Served => {
    const behind: Promise<unknown>[] = [];
    return {
      issuer: ISSUER,
      from: (place) => (request) => {
        here.place = place;
        const placed = new Request(request);
        placed.headers.set('x-place', place);
        const ctx = { waitUntil: (work: Promise<unknown>) => void behind.push(work) };
        withRequestState(ctx, new RequestState({ answered: () => Promise.resolve() }));
        return provider.fetch(placed, env, ctx);
      },
      async settle() {
        while (behind.length > 0) await Promise.allSettled(behind.splice(0));
      },
    };
  };
  return {
    own: served(own),
    pages: served(pages),
    join: async (username) => void (await accounts.create({ username, password: PASSWORD })),
  };
}

/** An application that shows its own consent page and knows its user. */
async function ownPages(request: Request, env: unknown): Promise<Response> {
  const oauth = (env as { OAUTH_PROVIDER: OAuthHelpers }).OAUTH_PROVIDER;
  if (request.method === 'GET') {
    const asked = await oauth.parseAuthRequest(request);
    await oauth.describeConsent(asked);
    const { handle, headers } = await oauth.beginConsent(asked);
    return new Response(`<form action="/authorize"><input type="hidden" name="handle" value="${handle}"></form>`, { headers });
  }
  const handle = new URLSearchParams(await request.clone().text()).get('handle') ?? '';
  const { request: approved } = await oauth.approveConsent(request, handle);
  const { redirectTo } = await oauth.completeAuthorization({ request: approved, userId: 'u-7', scope: approved.scope, props: {} });
  return Response.redirect(redirectTo, 303);
}

/** One person and one client, each at a place, from the registration to work and the day after. */
export async function play(
  { own, pages, join }: Servers,
  clock: VirtualClock,
  { person, client: at, elsewhere }: { readonly person: Place; readonly client: Place; readonly elsewhere: Place },
  note: Note,
): Promise<void> {
  const timed = async <T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly took: number }> => {
    const done = await clock.run(work);
    await clock.run(async () => (await own?.settle(), pages.settle()));
    return done;
  };
  const enter = async (served: Served): Promise<TestClient> => {
    const { result } = await timed(() =>
      registerClient({ send: (request) => place(request), issuer: served.issuer, redirectUri: 'http://localhost:3334/callback' }),
    );
    return result;
  };
  let place: Send = pages.from(at);
  const body = JSON.stringify({ redirect_uris: ['http://localhost:3334/callback'], token_endpoint_auth_method: 'none' });
  const registration = (): Request =>
    new Request(`${pages.issuer}/register`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  const made = await timed(() => place(registration()));
  if (made.result.status !== 201) throw new Error(`Registration: ${made.result.status} ${await made.result.text()}`);
  note('register', made.took);
  /** From the client's link to its tokens. */
  const signIn = async (
    served: Served,
    client: TestClient,
    browser: Browser,
    fields: Record<string, string>,
  ): Promise<{ access: string; refresh: string; took: number; code: number }> => {
    const url = await client.authorizeUrl();
    const shown = await timed(() => browser.get(url));
    const answered = await timed(() => browser.submit(shown.result, { decision: 'approve', ...fields }));
    const code = new URL(answered.result.location ?? failed(answered.result)).searchParams.get('code') ?? failed(answered.result);
    place = served.from(at);
    const redeemed = await timed(() => client.redeem(code));
    return { ...tokensOf(redeemed.result), took: shown.took + answered.took + redeemed.took, code: redeemed.took };
  };
  const visitor = await enter(pages);
  const first = await signIn(
    pages,
    visitor,
    makeBrowser((request) => pages.from(person)(request)),
    {},
  );
  note('sign-in, pages of the application', first.took);
  note('code', first.code);
  const call = (from: Place, access: string) => (): Promise<Response> =>
    pages.from(from)(
      new Request(`${pages.issuer}/mcp`, {
        method: 'POST',
        body: '{}',
        headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' },
      }),
    );
  for (let n = 0; n < CALLS; n++) note('guarded call', (await good(timed(call(at, first.access)))).took);
  place = pages.from(at);
  const renewed = await timed(() => visitor.refresh(first.refresh));
  tokensOf(renewed.result);
  note('refresh', renewed.took);
  if (own === null) return;
  place = own.from(at);
  const browser = makeBrowser((request) => own.from(person)(request));
  const [one, two] = [await enter(own), await enter(own)];
  const username = `person-${++people}`;
  await clock.run(() => join(username));
  const tokens = await signIn(own, one, browser, { username, password: PASSWORD });
  note('sign-in with a password', tokens.took);
  note('sign-in, signed in before', (await signIn(own, two, browser, {})).took);
  note('account page', (await timed(() => browser.get(`${own.issuer}/account`))).took);
  place = own.from(at);
  const refreshed = await timed(() => one.refresh(tokens.refresh));
  const next = tokensOf(refreshed.result);
  note('first call after the client has moved', (await good(timed(call(elsewhere, next.access)))).took);
  place = own.from(elsewhere);
  const moved = tokensOf((await timed(() => one.refresh(next.refresh))).result);
  await timed(call(elsewhere, moved.access));
  note('guarded call after a refresh there', (await good(timed(call(elsewhere, moved.access)))).took);
}

async function good(working: Promise<{ readonly result: Response; readonly took: number }>): Promise<{ readonly took: number }> {
  const { result, took } = await working;
  if (result.status !== 200) throw new Error(`A guarded call was answered with ${result.status}.`);
  return { took };
}

function failed({ status, text }: BrowserPage): never {
  throw new Error(`No code came: ${status} ${text.replace(/<[^>]+>/g, ' ').slice(0, 300)}`);
}
