/**
 * Races: what several at once may come to, whichever servers and store they meet on. Each race runs many rounds over the doors of an
 * arena: the servers of one issuer, in this process or in others, in turn. No round may end in a 5xx.
 */
import { expect } from 'vitest';
import type { Seconds } from '../../src/model/store.ts';
import { type Browser, makeBrowser, type Send } from '../../src/testing/browser.ts';
import { type JsonAnswer, registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { clientClaims, makeSigner, shown } from './signer.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether counts are the long ones: PORTCULLIS_TEST_FULL=1. */
    readonly full: boolean;
  }
}

/** Servers of one issuer on one store. */
export interface Arena {
  readonly issuer: string;
  readonly doors: readonly Send[];
  readonly now: () => Seconds;
  readonly person: { readonly username: string; readonly password: string };
}

/** What every race begins with. */
export interface Ring extends Arena {
  /** Goes to each door in turn, and takes no 5xx for an answer. */
  readonly send: Send;
  /** A browser in which the person is signed in already. */
  browser(): Browser;
  client(metadata?: Record<string, unknown>): Promise<TestClient>;
  call(token: string): Promise<number>;
}

/** Every request comes from somewhere else, so that the limits of one address are not what is met. */
export function fromEverywhere(send: Send): Send {
  let asked = 0;
  return (request) => {
    const headers = new Headers(request.headers);
    headers.set('x-test-address', `10.${(asked >> 16) & 255}.${(asked >> 8) & 255}.${asked++ & 255}`);
    return send(new Request(request, { headers }));
  };
}

/** How many come at once in each round. */
export const RACERS = 4;

/** Opens the ring: one sign-in, whose cookie all browsers share. */
export async function openRing(arena: Arena): Promise<Ring> {
  let turn = 0;
  const send: Send = async (request) => {
    const door = arena.doors[turn++ % arena.doors.length] as Send;
    const response = await door(request);
    if (response.status >= 500) throw new Error(`${request.method} ${request.url} came to ${response.status}: ${await response.text()}`);
    return response;
  };
  const client: Ring['client'] = (metadata) => registerClient({ send, issuer: arena.issuer, ...(metadata ? { metadata } : {}) });
  const first = makeBrowser(send);
  await (await client()).signIn(first, arena.person);
  const signedIn = [...first.cookies];
  return {
    ...arena,
    send,
    client,
    browser() {
      const browser = makeBrowser(send);
      for (const [name, value] of signedIn) browser.cookies.set(name, value);
      return browser;
    },
    call: async (token) =>
      (await send(new Request(`${arena.issuer}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' })))
        .status,
  };
}

/** A race: its name as a sentence, and so many rounds of it. */
export interface Race {
  readonly name: string;
  readonly run: (ring: Ring, rounds: number) => Promise<void>;
}

/** All of them. */
export const RACES: readonly Race[] = [
  {
    name: 'FLT-14 SEC-030 R-22 of several that redeem one code at once one gets tokens, and these live',
    run: (ring, rounds) =>
      inLanes(rounds, async () => {
        const [client, browser] = [await ring.client(), ring.browser()];
        return async () => {
          const code = await client.signIn(browser, {});
          const answers = await atOnce(() => client.redeem(code));
          const won = answers.filter(({ status }) => status === 200);
          expect(answers.map(verdictOf).toSorted()).toEqual(['200', ...refused('400 invalid_grant')]);
          expect(await ring.call(tokensOf(won[0] as JsonAnswer).access)).toBe(200);
        };
      }),
  },
  {
    name: 'FLT-14 SEC-044 several that refresh with one token get one successor, and nobody is signed out',
    run: (ring, rounds) =>
      inLanes(rounds, async () => {
        const client = await ring.client();
        let live = tokensOf(await client.redeem(await client.signIn(ring.browser(), {})));
        return async () => {
          const answers = await atOnce(() => client.refresh(live.refresh));
          expect(answers.map(verdictOf)).toEqual(Array.from({ length: RACERS }, () => '200'));
          const [one, ...others] = answers.map(tokensOf);
          for (const other of others) expect(other).toEqual(one);
          live = one ?? live;
          expect(await ring.call(live.access)).toBe(200);
        };
      }),
  },
  {
    name: 'FLT-14 what is revoked while others refresh stays revoked (I1, I4)',
    run: (ring, rounds) =>
      inLanes(rounds, async () => {
        const [client, browser] = [await ring.client(), ring.browser()];
        return async () => {
          const tokens = tokensOf(await client.redeem(await client.signIn(browser, {})));
          const refresh = (): Promise<JsonAnswer> => client.refresh(tokens.refresh);
          const [one, revoked, two, three] = await Promise.all([refresh(), client.revoke(tokens.refresh), refresh(), refresh()]);
          expect(revoked?.status).toBe(200);
          expect(await ring.call(tokens.access)).toBe(401);
          for (const answer of [one, two, three]) {
            expect(['200', '400 invalid_grant']).toContain(verdictOf(answer));
            if (answer.status !== 200) continue;
            expect(await ring.call(tokensOf(answer).access)).toBe(401);
            expect(verdictOf(await client.refresh(tokensOf(answer).refresh))).toBe('400 invalid_grant');
          }
        };
      }),
  },
  {
    name: 'FLT-14 SEC-223 of several that send one consent form one gets a code, the others the same, and it is good',
    run: (ring, rounds) =>
      inLanes(rounds, async () => {
        const [client, browser] = [await ring.client(), ring.browser()];
        return async () => {
          const page = await browser.get(await client.authorizeUrl());
          const answers = await atOnce(() => browser.submit(page, { decision: 'approve' }));
          const codes = answers.flatMap(({ location }) => (location && new URL(location).searchParams.get('code')) ?? []);
          expect(codes).toHaveLength(RACERS);
          expect(new Set(codes).size).toBe(1);
          expect((await client.redeem(codes[0] ?? '')).status).toBe(200);
        };
      }),
  },
  {
    name: 'FLT-14 S-253 of several that show one assertion one is let in',
    run: (ring, rounds) =>
      inLanes(rounds, async () => {
        const signer = await makeSigner();
        const client = await ring.client({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [signer.publicKey] } });
        const proof = async (): Promise<Record<string, string | null>> => ({
          ...shown(await signer.sign(clientClaims(client.id, ring.now(), { aud: ring.issuer }))),
          client_id: null,
        });
        let live = tokensOf(await client.redeem(await client.signIn(ring.browser(), {}), await proof()));
        return async () => {
          const same = await proof();
          const answers = await atOnce(() => client.refresh(live.refresh, same));
          expect(answers.map(verdictOf).toSorted()).toEqual(['200', ...refused('401 invalid_client')]);
          live = tokensOf(answers.find(({ status }) => status === 200) as JsonAnswer);
        };
      }),
  },
];

const LANES = 4;

/** Runs the rounds in a few lanes at once, each prepared once, so that rounds meet each other too. */
async function inLanes(rounds: number, prepare: () => Promise<() => Promise<void>>): Promise<void> {
  let left = rounds;
  await Promise.all(
    Array.from({ length: Math.min(LANES, rounds) }, async () => {
      const round = await prepare();
      while (left-- > 0) await round();
    }),
  );
}

function atOnce<T>(run: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: RACERS }, run));
}

function verdictOf({ status, body }: JsonAnswer): string {
  return status === 200 ? '200' : `${status} ${String(body['error'])}`;
}

function refused(verdict: string): string[] {
  return Array.from({ length: RACERS - 1 }, () => verdict);
}
