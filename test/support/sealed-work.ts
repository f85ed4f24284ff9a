/** People whose work is sealed under the server's secret (secret-options.ts): notes that an agent keeps, authenticator apps. */
import { expect } from 'vitest';
import { openEmbedded } from '../../src/node/databases.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { callOf } from '../mcp/clients.ts';
import { FLEET_ISSUER as ISSUER, type Member } from './fleet.ts';
import { secretOptions } from './secret-options.ts';
import { storeAt } from './store-at.ts';
import { type Authenticator, authenticatorFor } from './totp-app.ts';

const clock = { now: () => Math.floor(Date.now() / 1000), pass: () => undefined };

/** A user name and its password. */
export interface Person {
  readonly username: string;
  readonly password: string;
}

/** One note more, through one process; all that are kept. */
export async function addNote({ send }: Member, token: string, note: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const response = await send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body: callOf(1, 'add', { note }) }));
  const text = await response.text();
  const line = text.split('\n').find((one) => one.startsWith('data: {'));
  const message = JSON.parse(line ? line.slice(6) : text) as { result?: { content: { text: string }[] } };
  return message.result?.content[0]?.text.split(',') ?? [`${response.status} ${text}`];
}

/** Sets up an authenticator app at one process. */
export async function phoneOf({ send }: Member, person: Person): Promise<{ readonly person: Person; readonly phone: Authenticator }> {
  const browser = makeBrowser(send);
  await browser.submit(await browser.get(`${ISSUER}/login`), { ...person });
  const offer = await browser.get(`${ISSUER}/account/totp`);
  const phone = authenticatorFor(offer, clock as never);
  expect((await browser.submit(offer, { decision: 'confirm', code: await phone.code() })).status).toBe(200);
  return { person, phone };
}

/** Signs in with password and app, on the server's own page. */
export async function signInByPhone({ send }: Member, { person, phone }: Awaited<ReturnType<typeof phoneOf>>): Promise<void> {
  const browser = makeBrowser(send);
  const page = await browser.submit(await browser.get(`${ISSUER}/login`), { ...person });
  expect((await browser.submit(page, { code: await phone.code(30) })).status).toBe(303);
}

/** What the operator does, in a process of their own. */
export async function operate<T>(where: string, secret: string, work: (helpers: OAuthHelpers) => Promise<T>): Promise<T> {
  const own = storeAt(where);
  const embedded = own ? null : openEmbedded(where);
  const app = new OAuthProvider(secretOptions(() => new Response()));
  try {
    return await work(app.helpers({ PORTCULLIS_SECRET: secret, PORTCULLIS: own ?? embedded?.store }));
  } finally {
    embedded?.close();
  }
}
