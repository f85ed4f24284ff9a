/** A step that is opened: what is stored of the sign-in, for which browser and how long, and what its page offers. */
import { describe, expect, it } from 'vitest';
import { findStep } from '../../../src/core/records/sign-in-flow.ts';
import { type Call, makeCall } from '../../../src/endpoints/endpoint.ts';
import { askStep, type Flow, type Kept, stepAnswer } from '../../../src/endpoints/authorize/step.ts';
import { flowCookie } from '../../../src/endpoints/sign-in/browser-context.ts';
import type { NextStep } from '../../../src/endpoints/sign-in/sign-in.ts';
import { html } from '../../../src/lib/html.ts';
import type { PendingAuthorization } from '../../../src/model/pending-authorization.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { ENGLISH } from '../../../src/words/words.ts';
import { makeServer } from '../../support/server.ts';

const START = 1_790_000_000;
const CHOICE = { scope: ['read'], remember: true };
const [PENDING, OWN] = ['pending:', 'own-cookie'];

const steps = {
  view: () => ({ title: 'The word', text: 'Say it.', fields: html`<input name="answer" />`, button: 'Go on' }),
  prove: async () => null,
};
const form = (id: string, accepts?: (text: string) => boolean) => ({
  id,
  fields: () => html``,
  steps,
  ...(accepts && { identifier: { accepts, instead: `Use ${id}` } }),
});

function makeWorld(settings: object = {}) {
  const clock = makeClock(START);
  const paths = { login: '/login', step: '/step' } as Settings['paths'];
  const logins = [form('door')] as unknown as Settings['logins'];
  const { as, store } = makeServer({ clock, settings: { paths, logins, languages: { of: () => ENGLISH } as never, brand: {} as never, secondFactor: null, ...settings } });
  const call = (cookie = '', network = 'net'): Call =>
    makeCall(new Request('https://as.example/login', { method: 'POST', headers: { cookie } }), as, {}, { network: () => network, waitUntil: () => undefined });
  /** An authorization request of this browser. */
  const pendingOf = async () => {
    const pendingId = as.secrets.secret();
    const pendingHash = await as.secrets.recordId(pendingId);
    await as.records.openPending(pendingHash, { v: 1, clientId: 'c1', redirectUri: 'https://app.example/cb', resource: 'https://mcp.example', challenge: 'x', scope: ['read', 'write'], browserHash: await as.secrets.hash(OWN), expiresAt: START + 60 } as PendingAuthorization);
    return { pendingHash, from: call(`__Host-portcullis-${flowCookie(pendingHash)}=${OWN}`), flow: { pendingId, choice: CHOICE } };
  };
  const ask = (next: Partial<NextStep>, flow: Flow, from = call()) => askStep(from, { asker: 'login:door', step: { kind: 'step', keep: { n: 7 } }, ...next } as NextStep, flow);
  /** The step that a page left, and its cookie. */
  const stored = async (response: Response) => {
    const secret = /name="step" value="([^"]+)"/.exec(await response.clone().text())?.[1] ?? '';
    const hash = await as.secrets.recordId(secret);
    const { sealed, browserHash, ...record } = (await findStep(as, hash))!;
    const [, name = '', value = '', maxAge = ''] = /^__Host-portcullis-([\w-]+)=([\w-]*); .*Max-Age=(\d+)/.exec(response.headers.getSetCookie().join()) ?? [];
    const kept = (await as.secrets.openUnder(secret, sealed, `step:${hash}`)) as Kept | null;
    return { hash, record, kept, cookie: { name, value, maxAge }, isBound: browserHash === (await as.secrets.hash(value)) };
  };
  const keys = async (): Promise<readonly string[]> => ((await store.all?.())?.records ?? []).map(({ key }) => key).filter((key) => !key.startsWith('limit:'));
  return { as, clock, call, pendingOf, ask, stored, keys };
} // prettier-ignore

describe('endpoints/authorize/step, opened: what is stored', () => {
  it('of a sign-in to a page of ours: five attempts in ten minutes, for a browser with a new cookie', async () => {
    const { ask, stored } = makeWorld();
    const response = await ask({}, { returnTo: '/account' });
    const { hash, record, kept, cookie, isBound } = await stored(response);
    expect(record).toEqual({ v: 1, asker: 'login:door', pendingHash: null, tries: 5, expiresAt: START + 600 });
    expect(kept).toEqual({ keep: { n: 7 }, flow: { returnTo: '/account' }, lang: 'en' });
    expect([cookie, isBound]).toEqual([{ name: flowCookie(hash), value: expect.stringMatching(/^[\w-]{43}$/), maxAge: '600' }, true]);
    expect((await stored(await ask({}, { returnTo: '/account' }))).cookie.value).not.toBe(cookie.value);
  });

  it('is what the login asks for, and never longer than the request is open', async () => {
    const { ask, stored } = makeWorld();
    const first = { login: 'door', proven: { kind: 'proven' } } as never;
    const step = { kind: 'step', keep: null, tries: 2, ttl: 90 } as const;
    const { record, kept } = await stored(await ask({ step, first, identifier: 'ada' }, { returnTo: '/account' }));
    expect(record).toMatchObject({ tries: 2, expiresAt: START + 90 });
    expect(kept).toEqual({ keep: null, flow: { returnTo: '/account' }, first, identifier: 'ada', lang: 'en' });
    expect((await stored(await ask({ step: { ...step, ttl: 9000 } }, { returnTo: '/account' }))).record.expiresAt).toBe(START + 600);
  });

  it('of an authorization request: what was approved and for which step alone, in the browser that asked', async () => {
    const { as, clock, ask, stored, pendingOf } = makeWorld();
    const { pendingHash, from, flow } = await pendingOf();
    clock.pass(50);
    const response = await ask({}, flow, from);
    const { hash, record, kept, cookie, isBound } = await stored(response);
    expect(await as.records.findPending(pendingHash)).toMatchObject({ approved: { ...CHOICE, stateHash: hash }, expiresAt: START + 650 });
    expect([record.pendingHash, kept?.flow]).toEqual([pendingHash, flow]);
    expect([cookie, isBound]).toEqual([{ name: flowCookie(pendingHash), value: OWN, maxAge: '600' }, true]);
  });

  it('is nothing for a request that is over', async () => {
    const { as, ask, pendingOf, keys } = makeWorld();
    const { pendingHash, from, flow } = await pendingOf();
    await as.records.takePending(pendingHash);
    const response = await ask({}, flow, from);
    expect([response.status, (await response.text()).includes('The word'), response.headers.getSetCookie()]).toEqual([400, false, []]);
    expect(await keys()).toEqual([]);
  });

  it('is nothing after three hundred sign-ins of one network in ten minutes, while other networks go on', async () => {
    const { as, clock, call, ask, keys, pendingOf } = makeWorld();
    for (let at = 0; at < 300; at++) await as.limit('step\nnet', 300, 600);
    const { pendingHash, from, flow } = await pendingOf();
    await expect(ask({}, flow, from)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'step_limited',
      status: 429,
      headers: { 'retry-after': '600' },
    });
    expect(await keys()).toEqual([PENDING + pendingHash]);
    expect((await as.records.findPending(pendingHash))?.approved).toBeUndefined();
    expect((await ask({}, flow, call('', 'another'))).status).toBe(200);
    clock.pass(600);
    expect((await ask({}, { returnTo: '/account' })).status).toBe(200);
  });
});

describe('endpoints/authorize/step, opened: the page', () => {
  it('offers the other logins that the identifier can belong to', async () => {
    const logins = [form('mail', (text) => text.includes('@')), form('name', (text) => !text.includes('!')), form('key', () => true)];
    const { ask } = makeWorld({ logins });
    const offered = async (asker: string, identifier?: string): Promise<string[]> => {
      const text = await (await ask({ asker, ...(identifier === undefined ? {} : { identifier }) }, { returnTo: '/account' })).text();
      return [...text.matchAll(/name="instead" value="(\w+)" formnovalidate>([^<]*)</g)].map(([, id, label]) => `${id}: ${label}`);
    };
    expect(await offered('login:key', 'ada@x')).toEqual(['mail: Use mail', 'name: Use name']);
    expect(await offered('login:mail', 'ada@x!')).toEqual(['key: Use key']);
    expect(await offered('login:name', 'ada')).toEqual(['key: Use key']);
    expect(await offered('login:name')).toEqual([]);
  });

  it('may lead to an app only in an authorization request', async () => {
    const { ask, pendingOf } = makeWorld();
    const { from, flow } = await pendingOf();
    const policyOf = (response: Response): string => /form-action [^;]*/.exec(response.headers.get('content-security-policy') ?? '')?.[0] ?? '';
    const [own, leaving] = [policyOf(await ask({}, { returnTo: '/account' })), policyOf(await ask({}, flow, from))];
    expect(own).toBe("form-action 'self'");
    expect(leaving).not.toBe(own);
  }); // prettier-ignore

  it('allows the one script that the view has', async () => {
    const script = 'document.forms[0].hidden = false';
    const scripted = { ...form('door'), steps: { ...steps, view: () => ({ ...steps.view(), script }) } };
    const policyOf = async (logins: unknown[]): Promise<string> => (await makeWorld({ logins }).ask({}, { returnTo: '/account' })).headers.get('content-security-policy') ?? ''; // prettier-ignore
    const hash = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script)))));
    expect(await policyOf([scripted])).toContain(`'sha256-${hash}'`);
    expect(await policyOf([form('door')])).not.toContain('sha256-' + hash);
  });

  it('shows what was wrong, and when to try again', async () => {
    const { call } = makeWorld();
    const kept: Kept = { keep: null, flow: { returnTo: '/account' }, lang: 'en' };
    const page = (problem: object) => stepAnswer(call(), { asker: 'login:door', secret: 's', kept, problem: problem as never });
    const wrong = await page({ problem: 'Not that word.', wrong: 'answer', status: 403 });
    expect([wrong.status, (await wrong.clone().text()).includes('Not that word.'), /aria-invalid="true"/.test(await wrong.text())]).toEqual([403, true, true]);
    const limited = await page({ problem: 'Wait.', status: 429, retryAfter: 30 });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '30']);
  }); // prettier-ignore

  it('is that of the second factor where it asks, and there is none for what the options do not have', async () => {
    const secondFactor = { id: 'door', steps: { ...steps, view: () => ({ ...steps.view(), title: 'The factor' }) } };
    const { ask } = makeWorld({ secondFactor });
    const titleOf = async (asker: string): Promise<string | undefined> =>
      /<h1>([^<]*)</.exec(await (await ask({ asker }, { returnTo: '/account' })).text())?.[1];
    expect([await titleOf('factor:door'), await titleOf('login:door')]).toEqual(['The factor', 'The word']);
    for (const asker of ['factor:gone', 'login:gone', 'door'])
      await expect(ask({ asker }, { returnTo: '/account' })).rejects.toThrow(`${asker} asked for a step and has no`);
    await expect(makeWorld({ logins: [{ ...form('door'), steps: undefined }] }).ask({}, { returnTo: '/account' })).rejects.toThrow(
      'login:door asked for a step and has no `steps` to go on with.',
    );
  });
});
