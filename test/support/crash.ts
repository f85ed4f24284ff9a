/**
 * A server that dies in the middle of what it does, and is started again on what it left: before and after each operation of the
 * store, one death at a time.
 */
import { expect } from 'vitest';
import type { Seconds, Store } from '../../src/model/store.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { type Clock, makeClock } from '../../src/testing/clock.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { registerClient, type TestClient, type Tokens, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER } from './app.ts';

/** What is left of the process that died. */
export interface Mortal {
  readonly clock: Clock;
  /** What lasts. */
  readonly inner: Store;
  /** The process that lives just now. */
  app(): App;
  client(metadata?: Record<string, unknown>): Promise<TestClient>;
  browser(): Browser;
  /** Alice on a fresh client. */
  signedIn(metadata?: Record<string, unknown>): Promise<{ client: TestClient; browser: Browser; tokens: Tokens }>;
  /** Counts as known: may stand nowhere in the store. */
  secret(...texts: readonly string[]): void;
  readonly secrets: ReadonlySet<string>;
}

/** Something that takes several steps. */
export interface Flow {
  readonly name: string;
  readonly options?: () => Promise<Partial<OAuthProviderOptions>>;
  /** Gets ready; gives what dies, which gives what must hold afterwards, in the process that was started again. */
  readonly prepare: (mortal: Mortal) => Promise<{ act: () => Promise<unknown>; after: () => Promise<unknown> }>;
}

/** Kills the flow before and after every operation that it has; tells how many operations that were. */
export async function dieEverywhere(flow: Flow): Promise<number> {
  for (let at = 1; at < 80; at++) {
    for (const fault of ['kill-before', 'kill-after'] as const) {
      if (await dieAt(flow, fault, at)) continue;
      return at - 1;
    }
  }
  throw new Error('The flow never passed.');
}

/** False where the flow ended before that operation. */
async function dieAt(flow: Flow, fault: 'kill-before' | 'kill-after', at: number): Promise<boolean> {
  const clock = makeClock();
  const inner = memoryStore(clock);
  const options = (await flow.options?.()) ?? {};
  const faulty = faultyStore(inner);
  let app = await appOn(faulty.store, clock, options);
  const send = (request: Request): Promise<Response> => app.send(request);
  const secrets = new Set<string>([ALICE.password]);
  const mortal: Mortal = {
    clock,
    inner,
    secrets,
    app: () => app,
    browser: () => makeBrowser(send),
    client: (metadata) => registerClient({ send, issuer: ISSUER, ...(metadata ? { metadata } : {}) }),
    async signedIn(metadata) {
      const [client, browser] = [await mortal.client(metadata), mortal.browser()];
      const tokens = tokensOf(await client.redeem(await client.signIn(browser, ALICE)));
      mortal.secret(tokens.access, tokens.refresh, client.verifier, client.secret ?? client.verifier, ...browser.cookies.values());
      return { client, browser, tokens };
    },
    secret: (...texts) => texts.forEach((text) => secrets.add(text)),
  };
  const { act, after } = await flow.prepare(mortal);
  faulty.plan(fault, at);
  const died = await Promise.race([act().then(() => false), faulty.killed.then(() => true)]);
  if (!died) return false;
  app = await appOn(inner, clock, options); // started again: another process on the same records
  await after();
  await expectWhole(mortal);
  return true;
}

/** Kinds that have no end of their own (docs/reference/storage.md). */
const LASTING: ReadonlySet<string> = new Set(['account', 'username', 'email', 'identity', 'passkey', 'quota', 'removed', 'totp']);
const YEARS: Seconds = 3 * 366 * 86_400;

/** I3: one can start over. I5: nothing in clear. I6: what is left over goes. */
async function expectWhole(mortal: Mortal): Promise<void> {
  const { client, tokens } = await mortal.signedIn();
  expect((await mortal.app().call(tokens.access)).status).toBe(200);
  expect((await client.refresh(tokens.refresh)).status).toBe(200);
  const dump = JSON.stringify(await everything(mortal.inner));
  for (const secret of mortal.secrets)
    expect([secret, dump.includes(secret), dump.includes(secret.split('.').at(-1) ?? '')]).toEqual([secret, false, false]);
  mortal.clock.pass(YEARS);
  const left = await everything(mortal.inner);
  expect(left.map(({ key }) => key.split(':', 1)[0] ?? '').filter((kind) => !LASTING.has(kind))).toEqual([]);
}

/** All live records. */
export async function everything(store: Store): Promise<readonly { readonly key: string; readonly value: unknown }[]> {
  const found: { key: string; value: unknown }[] = [];
  for (let after: string | undefined, more = true; more;) {
    const page = await store.all?.(after);
    if (!page) throw new Error('This store cannot tell all its records.');
    found.push(...page.records.map(({ key, value }) => ({ key, value })));
    after = page.next;
    more = after !== undefined;
  }
  return found;
}
