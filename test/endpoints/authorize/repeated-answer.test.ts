/** The answer to a request that is sent twice: who gets it, until when, and how long the second request waits for the first. */
import { describe, expect, it } from 'vitest';
import { findAnswer, keepAnswer } from '../../../src/core/records/sign-in-flow.ts';
import { type Call, makeCall } from '../../../src/endpoints/endpoint.ts';
import { flowCookie } from '../../../src/endpoints/sign-in/browser-context.ts';
import { type Decision, decisionOf, redirectBack, withdrawApproval } from '../../../src/endpoints/authorize/issue-code.ts';
import {
  isSameBrowser,
  keepReturn,
  repeatDecision,
  repeatedReturn,
  repeatedStep,
} from '../../../src/endpoints/authorize/repeated-answer.ts';
import { html } from '../../../src/lib/html.ts';
import { OAuthError } from '../../../src/model/error.ts';
import type { Grant } from '../../../src/model/grant.ts';
import type { PendingAuthorization } from '../../../src/model/pending-authorization.ts';
import type { ValidRedirect } from '../../../src/model/redirect.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { formatToken } from '../../../src/model/token.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { ENGLISH } from '../../../src/words/words.ts';
import { openGrant } from '../../support/grants.ts';
import { makeServer } from '../../support/server.ts';

const START = 1_790_000_000;
const REDIRECT = 'https://app.example/cb' as ValidRedirect;
const CLIENT = { id: 'c1', name: 'App', redirectUris: [REDIRECT], grantTypes: ['authorization_code'], authMethod: 'none' };
const [OWN, SESSION] = ['own-cookie', 'A'.repeat(43)];

function makeWorld(machine: object = {}) {
  const clock = makeClock(START);
  const pauses: number[] = [];
  const paths = { login: '/login', account: '/account', device: '/device' } as Settings['paths'];
  const logins = [{ id: 'door', kind: 'form', fields: () => html`<input name="word" />` }] as unknown as Settings['logins'];
  const { as, store } = makeServer({
    clock,
    machine: { pause: async (time) => void pauses.push(time), ...machine },
    settings: {
      paths,
      logins,
      scopesSupported: [{ name: 'write', description: 'Write', sensitive: true }] as never,
      clients: new Map([['c1', { client: CLIENT }]]) as never,
      clientRegistration: {} as never,
      languages: { of: () => ENGLISH } as never,
      brand: {} as never,
      name: 'Acme',
      secondFactor: null,
    },
  });
  const call = (cookies: Record<string, string> = {}): Call => {
    const cookie = Object.entries(cookies).map(([name, value]) => `__Host-portcullis-${name}=${value}`).join('; '); // prettier-ignore
    return makeCall(new Request('https://as.example/approve', { method: 'POST', headers: { cookie } }), as, {}, { network: () => 'net', waitUntil: () => undefined }); // prettier-ignore
  };
  /** An answer that was given, and the calls of the browser that got it, before and after it did, and of others. */
  const answered = async (answer: Partial<Decision> = {}) => {
    const secret = as.secrets.secret();
    const hash = await as.secrets.recordId(secret);
    const kept: Decision = { redirect: REDIRECT, at: START, session: await as.secrets.recordId(SESSION), ...answer };
    await keepAnswer(as, { hash, secret }, { answer: kept, browserHash: await as.secrets.hash(OWN) });
    const flow = flowCookie(hash);
    const browsers = { before: call({ [flow]: OWN }), after: call({ session: SESSION }), none: call(), other: call({ [flow]: 'other', session: 'B'.repeat(43) }) }; // prettier-ignore
    return { secret, hash, kept, ...browsers };
  };
  /** A code with its grant. */
  const granted = async (more: Partial<Grant> = {}) => {
    const id = as.secrets.id();
    const code = formatToken('code', id, as.secrets.secret());
    await as.records.openGrant(openGrant({ id, createdAt: START, expiresAt: START + 9000, ...more }));
    return { id, code };
  };
  return { as, clock, store, pauses, call, answered, granted };
}
const SPENT: Partial<Grant> = { code: { ...openGrant().code!, spent: true }, refresh: { hash: 'h', wrappedKey: 'w', familyHash: 'f', expiresAt: START + 9000 } as never }; // prettier-ignore
const over = async (response: Response | null): Promise<unknown> => response && [response.status, response.headers.get('location'), (await response.text()).includes(ENGLISH.message.doneTitle)]; // prettier-ignore

describe('endpoints/authorize/issue-code: what is stored of a decision', () => {
  const call = makeWorld().call();
  const pending = { state: 'xyz' } as PendingAuthorization;

  it('is where it goes and when it was made, and what the decision was', () => {
    const yes = { code: 'c', said: 's', session: 'h', cookie: 'k' };
    expect(decisionOf(call, pending, REDIRECT, yes)).toEqual({ redirect: REDIRECT, at: START, state: 'xyz', ...yes });
    const error = new OAuthError('access_denied', 'user_denied');
    const no = decisionOf(call, { device: { hash: 'h', userCode: 'u' } } as PendingAuthorization, REDIRECT, { error });
    expect(Object.entries(no)).toEqual(Object.entries({ redirect: REDIRECT, at: START, isDevice: true, error: 'access_denied', reason: 'user_denied' })); // prettier-ignore
  });

  it('becomes a redirect that ends the flow', () => {
    const back = (answer: Partial<Decision>): Response => redirectBack(call, '0123456789abcdefghij', { redirect: REDIRECT, at: START, ...answer });
    const { headers } = back({ code: 'c', state: 'x y', cookie: 'a=1' });
    expect(headers.get('location')).toBe(`${REDIRECT}?code=c&state=x%20y&iss=https%3A%2F%2Fas.example`);
    expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-portcullis-flow-0123456789abcdef=; .*Max-Age=0/), 'a=1']);
    expect(back({}).headers.getSetCookie()).toHaveLength(1);
    const errorOf = (answer: Partial<Decision>): string | null => new URL(back(answer).headers.get('location') ?? '').searchParams.get('error');
    expect([errorOf({}), errorOf({ error: 'invalid_scope' })]).toEqual(['access_denied', 'invalid_scope']);
    const pageOf = (answer: Partial<Decision>): string | null => back({ isDevice: true, ...answer }).headers.get('location');
    expect([pageOf({ code: 'c' }), pageOf({})]).toEqual(['/device?result=done', '/device?result=refused']);
  }); // prettier-ignore
});

describe('endpoints/authorize/repeated-answer: a decision that is sent twice', () => {
  const codeOf = (response: Response | null): string | null => response && new URL(response.headers.get('location') ?? 'x:').searchParams.get('code'); // prettier-ignore

  it('gets the same code in the browser that it was for, before and after the first answer has reached it, and in no other', async () => {
    const { answered, granted, call } = makeWorld();
    const { code } = await granted();
    const { secret, before, after, none, other } = await answered({ code });
    for (const browser of [before, after]) expect(codeOf(await repeatDecision(browser, secret, 'approve'))).toBe(code);
    for (const browser of [none, other]) expect(await repeatDecision(browser, secret, 'approve')).toBeNull();
    const { secret: unknown } = { secret: 'of-no-answer' };
    expect(await repeatDecision(call(), unknown)).toBeNull();
    const device = await answered({ code: 'redeemed by the device long ago', isDevice: true });
    expect((await repeatDecision(device.before, device.secret))?.headers.get('location')).toBe('/device?result=done');
    expect(await repeatDecision(device.other, device.secret)).toBeNull();
  });

  it('gets a denial again everywhere, unless it is an approval', async () => {
    const { answered } = makeWorld();
    const { secret, before, other } = await answered({ error: 'access_denied', reason: 'user_denied' });
    for (const [browser, decision] of [[before, undefined], [other, 'deny']] as const) expect((await repeatDecision(browser, secret, decision))?.headers.get('location')).toContain('error=access_denied'); // prettier-ignore
    for (const browser of [before, other]) expect(await repeatDecision(browser, secret, 'approve')).toBeNull();
  });

  it('gets no code of a grant that has ended, has expired or is gone', async () => {
    const { as, clock, answered, granted } = makeWorld();
    const [ended, expired] = [await granted({ ended: { reason: 'revoked', at: START } }), await granted({ expiresAt: START + 5 })];
    const gone = formatToken('code', as.secrets.id(), as.secrets.secret());
    const answers = await Promise.all([ended.code, expired.code, gone, 'malformed'].map((code) => answered({ code })));
    clock.pass(5);
    for (const { secret, before } of answers) expect(await repeatDecision(before, secret, 'approve')).toBeNull();
  });

  it('gets a code that was redeemed for ten seconds, as the answer to the client may be lost, and then a page', async () => {
    const { clock, answered, granted } = makeWorld();
    const { code } = await granted(SPENT);
    const { secret, before } = await answered({ code });
    clock.pass(10);
    expect(codeOf(await repeatDecision(before, secret, 'approve'))).toBe(code);
    const without = await answered({ code: (await granted({ ...SPENT, code: null })).code });
    expect(codeOf(await repeatDecision(without.before, without.secret, 'approve'))).toBe(without.kept.code);
    const fresh = await granted({ ...SPENT, code: { ...openGrant().code!, expiresAt: START + 60 } });
    const unspent = await answered({ code: fresh.code });
    clock.pass(1);
    expect(await over(await repeatDecision(before, secret, 'approve'))).toEqual([400, null, true]);
    expect(codeOf(await repeatDecision(unspent.before, unspent.secret, 'approve'))).toBe(fresh.code);
  });

  it('is withdrawn by a denial that follows, in the browser that it was for alone', async () => {
    const { as, answered, granted } = makeWorld();
    const { id, code } = await granted();
    const { secret, before, other, kept } = await answered({ code, state: 'xyz' });
    expect(await repeatDecision(other, secret, 'deny')).toBeNull();
    expect((await as.records.findGrant(id))?.ended).toBeNull();
    const denied = await repeatDecision(before, secret, 'deny');
    expect(denied?.headers.get('location')).toMatch(/^https:\/\/app\.example\/cb\?error=access_denied&error_description=.*&state=xyz&iss=/);
    expect((await as.records.findGrant(id))?.ended).toEqual({ reason: 'revoked', at: START });
    const { code: _, ...rest } = kept;
    const gone = { ...kept, code: formatToken('code', as.secrets.id(), as.secrets.secret()) };
    for (const one of [kept, gone, rest]) expect(await withdrawApproval(before, one)).toEqual({ ...rest, error: 'access_denied', reason: 'user_denied' }); // prettier-ignore
  });
});

describe('endpoints/authorize/repeated-answer: whose an answer is', () => {
  it('is told by the flow cookie or by the session, and never by the lack of both', async () => {
    const { as, answered } = makeWorld();
    const { hash, before, after, none, other } = await answered();
    const browserHash = await as.secrets.hash(OWN);
    const session = await as.secrets.recordId(SESSION);
    const told = (answer: { session?: string }): Promise<boolean[]> =>
      Promise.all([before, after, none, other].map((browser) => isSameBrowser(browser, hash, { browserHash, answer })));
    expect(await told({ session })).toEqual([true, true, false, false]);
    expect(await told({})).toEqual([true, false, false, false]);
  });
});

describe('endpoints/authorize/repeated-answer: waiting for the first request', () => {
  const never = async (): Promise<boolean> => false;

  it('asks again at growing intervals for two and a half seconds, and then shows that the request is over', async () => {
    const { as, pauses, call } = makeWorld();
    const response = await repeatedStep(call(), as.secrets.secret(), never);
    expect(pauses).toEqual([25, 50, 100, 200, 400, 400, 400, 400, 400, 400]);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  it('shows the consent page again where the first one ended in a page, with what was ticked, and nothing sensitive that was not', async () => {
    const { as, call, pauses } = makeWorld();
    for (const approved of [undefined, { scope: ['write'], remember: true, stateHash: 's' }, { scope: ['write'], stateHash: 's' }]) {
      const [pendingId, browserHash] = [as.secrets.secret(), await as.secrets.hash(OWN)];
      const hash = await as.secrets.recordId(pendingId);
      const pending = { v: 1, clientId: 'c1', redirectUri: REDIRECT, resource: 'https://mcp.example', challenge: 'x', scope: ['read', 'write'], browserHash, expiresAt: START + 60, ...(approved && { approved }) } as PendingAuthorization; // prettier-ignore
      await as.records.openPending(hash, pending);
      const response = await repeatedStep(call({ [flowCookie(hash)]: OWN }), pendingId, async () => true);
      const text = await response.text();
      const isTicked = (value: string): boolean => new RegExp(`value="${value}"[^>]* checked`).test(text);
      expect([response.status, isTicked('read'), isTicked('write'), /name="remember"[^>]* checked/.test(text)]).toEqual([200, !approved, approved !== undefined, approved?.remember === true]); // prettier-ignore
    }
    expect(pauses).toEqual([]);
  });

  it('ends as soon as there is an answer, or the first one has ended in a page', async () => {
    const { answered, granted, pauses } = makeWorld();
    const { code } = await granted();
    const { secret, before, other } = await answered({ code });
    const response = await repeatedStep(before, secret, never);
    expect([new URL(response.headers.get('location') ?? '').searchParams.get('code'), pauses]).toEqual([code, []]);
    expect([(await repeatedStep(other, secret, async () => true)).status, pauses]).toEqual([400, []]);
  });

  it('reads the answer after it has seen that the first one is done', async () => {
    const { as, call, pauses } = makeWorld();
    const place = { hash: await as.secrets.recordId('state'), secret: 'state' };
    const browserHash = await as.secrets.hash(OWN);
    let asked = 0;
    const isDone = async (): Promise<boolean> => {
      if (++asked < 3) return false;
      await keepAnswer(as, place, { answer: { location: '/account', session: '', cookie: 'a=1' }, browserHash });
      return true;
    };
    const response = await repeatedReturn(call({ [flowCookie(place.hash)]: OWN }), place, '/account', isDone);
    expect([response.status, response.headers.get('location'), response.headers.getSetCookie(), pauses]).toEqual([303, '/account', ['a=1'], [25, 50]]); // prettier-ignore
  });

  it('finds an answer that comes at the very end', async () => {
    const { as, call } = makeWorld();
    const place = { hash: await as.secrets.recordId('state'), secret: 'state' };
    let asked = 0;
    const isDone = async (): Promise<boolean> => (++asked, false);
    const from = call({ [flowCookie(place.hash)]: OWN });
    const pause = async (): Promise<void> => {
      if (asked === 10) await keepAnswer(as, place, { answer: { location: '/account', session: '' }, browserHash: await as.secrets.hash(OWN) }); // prettier-ignore
    };
    const late = { ...from, as: { ...from.as, runtime: { ...from.as.runtime, pause } } } as Call;
    expect((await repeatedReturn({ ...late, request: from.request, words: from.words, url: from.url }, place, null, isDone)).status).toBe(
      303,
    );
  });

  it('waits by the clock of the platform where the runtime has no pause of its own', async () => {
    const { as, call } = makeWorld({ pause: undefined });
    let asked = 0;
    expect((await repeatedStep(call(), as.secrets.secret(), async () => ++asked > 1)).status).toBe(400);
    expect(asked).toBe(2);
  });
});

describe('endpoints/authorize/repeated-answer: a sign-in with a return path', () => {
  async function kept(response: Response, cookies: Record<string, string> = {}) {
    const world = makeWorld();
    const { as, call } = world;
    const place = { hash: await as.secrets.recordId('state'), secret: 'state' };
    const browserHash = await as.secrets.hash(OWN);
    const isKept = await keepReturn(call(cookies), place, browserHash, response);
    const again = (from: Record<string, string>, returnTo: string | null = null) =>
      repeatedReturn(call(from), place, returnTo, async () => true);
    return { ...world, isKept, again, flow: flowCookie(place.hash), stored: await findAnswer<Record<string, string>>(as, place) };
  }
  const redirect = (cookies: readonly string[] = []): Response => new Response(null, { status: 303, headers: [['location', '/account'], ...cookies.map((one): [string, string] => ['set-cookie', one])] }); // prettier-ignore

  it('goes to the same place with the same new session, in the same browser alone', async () => {
    const cookie = `__Host-portcullis-session=${SESSION}; Path=/; HttpOnly`;
    const { as, isKept, again, flow, stored } = await kept(redirect(['__Host-portcullis-known=1', cookie]), { session: 'B'.repeat(43) });
    expect([isKept, stored?.answer]).toEqual([true, { location: '/account', cookie, session: await as.secrets.recordId(SESSION) }]);
    for (const from of [{ [flow]: OWN }, { session: SESSION }]) {
      const response = await again(from);
      expect([response.status, response.headers.get('location'), response.headers.getSetCookie()]).toEqual([303, '/account', [cookie]]);
    }
    for (const from of [{}, { session: 'B'.repeat(43) }, { [flow]: 'other' }]) expect((await again(from, '/account')).headers.getSetCookie()).toEqual([]); // prettier-ignore
    expect((await again({})).status).toBe(400);
  });

  it('goes there with the session that the browser had, where the sign-in began none', async () => {
    const { as, again, stored } = await kept(redirect(), { session: SESSION });
    expect(Object.entries(stored?.answer ?? {})).toEqual([['location', '/account'], ['session', await as.secrets.recordId(SESSION)]]); // prettier-ignore
    const response = await again({ session: SESSION });
    expect([response.status, response.headers.getSetCookie()]).toEqual([303, []]);
  });

  it('belongs to no browser by a session where there was none', async () => {
    for (const cookies of [{}, { session: '' }] as Record<string, string>[]) {
      const { again, flow } = await kept(redirect(), cookies);
      expect([(await again({ [flow]: OWN })).status, (await again({})).status, (await again({ session: '' })).status]).toEqual([
        303, 400, 400,
      ]);
    }
  });

  it('is not kept where it ended in a page, and is then begun again where anyone may go', async () => {
    for (const response of [new Response('page', { status: 200, headers: { location: '/x' } }), new Response(null, { status: 303 })]) {
      const { isKept, again, stored } = await kept(response);
      expect([isKept, stored]).toEqual([false, null]);
      expect([(await again({})).status, (await (await again({})).text()).includes('name="word"')]).toEqual([400, false]);
      const page = await again({}, '/account');
      const text = await page.text();
      expect([page.status, text.includes('name="word"'), text.includes(String(ENGLISH.message.over)), text.includes('account')]).toEqual([400, true, true, true]); // prettier-ignore
    }
  });
});
