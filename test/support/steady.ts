/**
 * People who work on while servers die under them. Each refreshes, calls and now and then signs in anew, as a client that was written
 * with care does: what was not answered, or with a 5xx, is asked again with the same token. A user who is signed out although no one
 * revoked anything is a fault, and so is an answer that is neither good, nor a retry, nor a refusal of the specification.
 */
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { type JsonAnswer, registerClient, type TestClient, type Tokens, tokensOf } from '../../src/testing/oauth-client.ts';
import type { Chance } from './random.ts';
import { chance } from './random.ts';

/** Where they work, and who they are. */
export interface Workplace {
  readonly issuer: string;
  readonly send: Send;
  readonly person: { readonly username: string; readonly password: string };
  /** Lets time pass before something is tried again. */
  readonly pause: () => Promise<void>;
  /** Whether they still have work to do. */
  readonly isOpen: () => boolean;
}

/** What became of them. */
export interface Outcome {
  refreshed: number;
  signedIn: number;
  revoked: number;
  /** Requests that were asked again. */
  repeated: number;
  /** Sign-ins that had to be begun again: their code or form was spent, and the answer lost. */
  begunAgain: number;
  /** What must not have happened. */
  readonly faults: string[];
}

/** Nothing yet. */
export const noOutcome = (): Outcome => ({ refreshed: 0, signedIn: 0, revoked: 0, repeated: 0, begunAgain: 0, faults: [] });

/** Lets so many people work until the place closes; each ends with tokens that work, or with a fault. The outcome grows meanwhile. */
export async function work(
  place: Workplace,
  people: number,
  cookies: ReadonlyMap<string, string>,
  outcome: Outcome = noOutcome(),
): Promise<Outcome> {
  await Promise.all(
    Array.from({ length: people }, async (_, at) => {
      try {
        await workOn(place, outcome, cookies, chance(at + 1));
      } catch (error) {
        outcome.faults.push(String(error));
      }
    }),
  );
  return outcome;
}

/** The cookies of someone who has signed in, so that no one else has to type a password. */
export async function signedInCookies({ issuer, send, person }: Workplace): Promise<ReadonlyMap<string, string>> {
  const browser = makeBrowser(send);
  await (await registerClient({ send, issuer })).signIn(browser, person);
  return new Map(browser.cookies);
}

async function workOn(place: Workplace, outcome: Outcome, cookies: ReadonlyMap<string, string>, random: Chance): Promise<void> {
  const send = patient(place, outcome);
  const client = await registerClient({ send, issuer: place.issuer });
  const dead: string[] = [];
  let tokens = await signIn(place, send, client, cookies, outcome);
  while (place.isOpen()) {
    const answer = await client.refresh(tokens.refresh);
    if (answer.status !== 200) throw new Error(`Signed out by a refresh: ${answer.status} ${JSON.stringify(answer.body)}`);
    tokens = tokensOf(answer);
    outcome.refreshed++;
    await expectStatus(place, send, tokens.access, 200);
    if (random.below(8) > 0) continue;
    if ((await client.revoke(tokens.refresh)).status !== 200) throw new Error('A revocation was refused.');
    outcome.revoked++;
    dead.push(tokens.access);
    for (const one of dead.slice(-3)) await expectStatus(place, send, one, 401);
    tokens = await signIn(place, send, client, cookies, outcome);
  }
  for (const one of dead.slice(-10)) await expectStatus(place, send, one, 401);
  await expectStatus(place, send, tokensOf(await client.refresh(tokens.refresh)).access, 200);
}

/** From the consent to tokens, as often as it takes: a form or a code that was spent without an answer cannot be had back. */
async function signIn(
  place: Workplace,
  send: Send,
  client: TestClient,
  cookies: ReadonlyMap<string, string>,
  outcome: Outcome,
): Promise<Tokens> {
  for (let tries = 0; tries < 50; tries++) {
    const browser = makeBrowser(send);
    for (const [name, value] of cookies) browser.cookies.set(name, value);
    const code = await client.signIn(browser, {}).catch((error: unknown) => {
      if (/No code came: status (?:400|409)/.test(String(error))) return null;
      throw error;
    });
    const answer: JsonAnswer | null = code === null ? null : await client.redeem(code);
    if (answer?.status === 200) {
      outcome.signedIn++;
      return tokensOf(answer);
    }
    if (answer && (answer.status !== 400 || answer.body['error'] !== 'invalid_grant'))
      throw new Error(`A code was answered with ${answer.status} ${JSON.stringify(answer.body)}.`);
    outcome.begunAgain++;
  }
  throw new Error('Nobody could sign in, however often it was tried.');
}

/** Sends again what was not answered, or with 502 or 503. Any other 5xx is a fault. */
function patient({ send, pause }: Workplace, outcome: Outcome): Send {
  return async (request) => {
    const body = request.method === 'POST' ? await request.arrayBuffer() : null;
    for (let tries = 0; tries < 4000; tries++) {
      const copy = new Request(request.url, { method: request.method, headers: request.headers, body, redirect: 'manual' });
      const response = await send(copy).catch(() => null);
      if (response && response.status < 500) return response;
      if (response && response.status !== 502 && response.status !== 503)
        throw new Error(`${request.method} ${request.url}: ${response.status} ${await response.text()}`);
      if (response?.status === 503 && !response.headers.has('retry-after')) throw new Error('A 503 without Retry-After.');
      await response?.body?.cancel();
      outcome.repeated++;
      await pause();
    }
    throw new Error(`${request.method} ${request.url} was never answered.`);
  };
}

async function expectStatus({ issuer }: Workplace, send: Send, token: string, status: number): Promise<void> {
  const response = await send(new Request(`${issuer}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' }));
  await response.body?.cancel();
  if (response.status !== status) throw new Error(`A call came to ${response.status}, not to ${status}.`);
}
