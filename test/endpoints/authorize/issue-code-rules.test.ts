/** Each rule of issuing a code by itself: who said what, what the grant holds, what a denial undoes, and when no code is issued. */
import { describe, expect, it } from 'vitest';
import { findDevice, openDevice, pollDevice } from '../../../src/core/records/devices.ts';
import { findAnswer } from '../../../src/core/records/sign-in-flow.ts';
import { type Call, makeCall } from '../../../src/endpoints/endpoint.ts';
import { answerWaitingDevice, type Decision, grantTo, issueCode, refuse } from '../../../src/endpoints/authorize/issue-code.ts';
import { sealLinked, sealOrigin } from '../../../src/endpoints/sign-in/session.ts';
import type { SignedIn } from '../../../src/endpoints/sign-in/sign-in.ts';
import type { Client } from '../../../src/model/client.ts';
import { OAuthError } from '../../../src/model/error.ts';
import type { PendingAuthorization } from '../../../src/model/pending-authorization.ts';
import type { ValidRedirect } from '../../../src/model/redirect.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { grantIdOf } from '../../../src/model/token.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { ENGLISH } from '../../../src/words/words.ts';
import { makeServer } from '../../support/server.ts';

const START = 1_790_000_000;
const REDIRECT = 'https://app.example/cb' as ValidRedirect;
const CLIENT = { id: 'c1', name: 'App', redirectUris: [REDIRECT], grantTypes: ['authorization_code', 'refresh_token'], authMethod: 'none' } as unknown as Client; // prettier-ignore
const DENIED = new OAuthError('access_denied', 'user_denied');

function makeWorld(settings: object = {}) {
  const clock = makeClock(START);
  const paths = { login: '/login', approve: '/approve', device: '/device' } as Settings['paths'];
  const { as, store, events } = makeServer({
    clock,
    settings: {
      paths, clients: new Map([['c1', CLIENT]]) as never, languages: { of: () => ENGLISH } as never, brand: {} as never, grantableScopes: null,
      sessionTtl: 9000, refreshTokenTTL: 9000, authorizationCodeTTL: 60, logins: [{ id: 'door' }] as never, ...settings,
    },
  }); // prettier-ignore
  const token = as.secrets.secret();
  const call = (cookie = token): Call =>
    makeCall(new Request('https://as.example/approve', { method: 'POST', headers: { cookie: `__Host-portcullis-session=${cookie}` } }), as, {}, { network: () => 'net', waitUntil: () => undefined }); // prettier-ignore
  /** A user with a session that is stored under this hash. */
  const userOf = async (hash = 's1', more: Partial<SignedIn> = {}): Promise<SignedIn> => {
    await as.records.openSession(hash, { v: 1, userId: 'ada', claims: { sub: 'ada' }, createdAt: START, expiresAt: START + 9000 });
    return { userId: 'ada', claims: { sub: 'ada' }, hash, ...more };
  };
  const pendingOf = async (more: Partial<PendingAuthorization> = {}) => {
    const pendingId = as.secrets.secret();
    const pendingHash = await as.secrets.recordId(pendingId);
    const pending = { v: 1, clientId: 'c1', redirectUri: REDIRECT, resource: 'https://mcp.example/mcp', challenge: 'x', scope: ['read', 'write'], browserHash: 'b', expiresAt: START + 600, ...more } as PendingAuthorization; // prettier-ignore
    await as.records.openPending(pendingHash, pending);
    return { pendingId, pendingHash, pending, client: CLIENT, redirect: REDIRECT };
  };
  type Found = Awaited<ReturnType<typeof pendingOf>>;
  const approve = (found: Found, user: SignedIn, choice: object = {}, from?: Call) =>
    issueCode(from ?? call(), { ...found, user, choice: { scope: ['read'], ...choice } });
  const grantOf = async (code: string | null) => as.records.findGrant(grantIdOf('code', code ?? '') ?? '');
  const consent = (user = 'ada') => as.consents.find({ userId: user, client: CLIENT, redirectUri: REDIRECT, resource: 'https://mcp.example/mcp' }); // prettier-ignore
  const isSignedIn = async (hash: string): Promise<boolean> => (await as.records.findSession(hash)) !== null;
  const kept = async ({ pendingHash: hash, pendingId: secret }: Found) => (await findAnswer<Decision>(as, { hash, secret }))?.answer;
  return { as, clock, store, events, token, call, userOf, pendingOf, approve, grantOf, consent, isSignedIn, kept };
}
const codeIn = ({ headers }: Response): string | null =>
  new URL(headers.get('location') ?? 'x:', 'https://as.example').searchParams.get('code');
const errorIn = ({ headers }: Response): string | null =>
  new URL(headers.get('location') ?? 'x:', 'https://as.example').searchParams.get('error');

describe('endpoints/authorize/issue-code: an approval', () => {
  it('opens a grant for what was chosen, keeps the consent, and takes the request', async () => {
    const { as, userOf, pendingOf, approve, grantOf, consent, events } = makeWorld();
    const found = await pendingOf();
    const response = await approve(found, await userOf(), { remember: true });
    const grant = await grantOf(codeIn(response));
    expect(grant).toMatchObject({ userId: 'ada', clientId: 'c1', scope: ['read'], code: { expiresAt: START + 60, spent: false } });
    expect([grant && 'upstreams' in grant, grant && 'origin' in grant, grant && 'organization' in grant]).toEqual([false, false, false]);
    expect(await consent()).toMatchObject([{ scope: ['read'], remembered: ['read'] }]);
    expect([await as.records.findPending(found.pendingHash), events.map(({ kind }) => kind)]).toEqual([null, ['grant.opened']]);
    const other = makeWorld();
    await other.approve(await other.pendingOf(), await other.userOf());
    expect(await other.consent()).toMatchObject([{ scope: ['read'], remembered: [] }]);
  });

  it('of the same page counts once: another user, other scopes or another organization gets no code', async () => {
    const organizations = [{ id: 'acme', name: 'Acme' }, { id: 'beta', name: 'Beta' }]; // prettier-ignore
    for (const [who, choice] of [[{ userId: 'bob' }, {}], [{}, { scope: ['read', 'write'] }], [{}, { organization: 'beta' }]] as const) {
      const { userOf, pendingOf, approve, events } = makeWorld();
      const [found, user] = [await pendingOf(), await userOf('s1', { organizations })];
      const code = codeIn(await approve(found, user, { organization: 'acme' }));
      expect(code).toMatch(/^code_/);
      expect(codeIn(await approve(found, user, { organization: 'acme' }))).toBe(code);
      const other = await approve(found, { ...user, ...who }, { organization: 'acme', ...choice });
      expect([other.status, codeIn(other)]).toEqual([400, null]);
      expect(events.filter(({ kind }) => kind === 'grant.opened')).toHaveLength(1);
    }
  }); // prettier-ignore

  it('spends nothing where the user has to choose an organization first', async () => {
    const organizations = [{ id: 'acme', name: 'Acme' }, { id: 'beta', name: 'Beta' }]; // prettier-ignore
    const { as, userOf, pendingOf, approve, kept, consent } = makeWorld({ scopesSupported: [] });
    const [found, user] = [await pendingOf(), await userOf('s1', { organizations })];
    const page = await approve(found, user);
    expect([page.status, codeIn(page), (await page.text()).includes('Beta')]).toEqual([200, null, true]);
    expect([await kept(found), await consent(), (await as.records.findPending(found.pendingHash)) === null]).toEqual([
      undefined,
      [],
      false,
    ]);
    expect(codeIn(await approve(found, user, { organization: 'beta' }))).toMatch(/^code_/);
  });

  it('gets no code after a denial of the same page', async () => {
    const { call, userOf, pendingOf, approve, events } = makeWorld();
    const found = await pendingOf();
    expect(errorIn(await refuse(call(), found, DENIED))).toBe('access_denied');
    const response = await approve(found, await userOf());
    expect([response.status, codeIn(response), events.map(({ kind }) => kind)]).toEqual([400, null, ['consent.denied']]);
  });

  it('keeps the session of the first click, and ends one that a second click began, and no session that was there before', async () => {
    const { userOf, pendingOf, approve, isSignedIn } = makeWorld();
    const found = await pendingOf();
    const first = await approve(found, await userOf('s1', { cookie: 'first=1' }));
    expect(first.headers.getSetCookie()).toContain('first=1');
    const second = await approve(found, await userOf('s2', { cookie: 'second=1' }));
    expect([second.headers.getSetCookie().includes('first=1'), codeIn(second) === codeIn(first)]).toEqual([true, true]);
    await approve(found, await userOf('s3'));
    expect([await isSignedIn('s1'), await isSignedIn('s2'), await isSignedIn('s3')]).toEqual([true, false, true]);
  });

  it('stores no cookie where the sign-in began no session', async () => {
    const { userOf, pendingOf, approve, kept } = makeWorld();
    const found = await pendingOf();
    const response = await approve(found, await userOf());
    expect([Object.keys((await kept(found)) ?? {}).toSorted(), response.headers.getSetCookie().length]).toEqual([['at', 'code', 'redirect', 'said', 'session'], 1]); // prettier-ignore
  });
});

describe('endpoints/authorize/issue-code: no grant', () => {
  it('for a user who was signed out meanwhile, whose consent is forgotten', async () => {
    const { as, userOf, pendingOf, approve, consent, kept, grantOf } = makeWorld();
    const [found, user] = [await pendingOf(), await userOf()];
    await as.records.endSession('s1');
    const response = await approve(found, user);
    expect([response.status, codeIn(response), await consent()]).toEqual([400, null, []]);
    expect((await grantOf((await kept(found))?.code ?? null))?.ended?.reason).toBe('user_signed_out');
  });

  it('for a user of a session whom the login lets in no more: the session ends, and the operator is told', async () => {
    const asked: unknown[] = [];
    const logins = [{ kind: 'redirect', id: 'corp', recheck: async (standing: unknown) => (asked.push(standing), 'no') }];
    const { as, token, call, userOf, pendingOf, approve, consent, isSignedIn, events, kept, grantOf } = makeWorld({ logins });
    const origin = await sealOrigin(call(), token, 's1', { login: 'corp', standing: { team: 7 } });
    const found = await pendingOf();
    const response = await approve(found, await userOf('s1', { origin }));
    expect([response.status, asked, await isSignedIn('s1'), await consent()]).toEqual([400, [{ team: 7 }], false, []]);
    expect(events).toEqual([{ kind: 'request.refused', endpoint: 'authorize', code: 'access_denied', reason: 'access_withdrawn', at: START, requestId: expect.anything() }]); // prettier-ignore
    expect(await grantOf((await kept(found))?.code ?? null)).toBeNull();
    const fresh = await as.records.findPending(found.pendingHash);
    expect(fresh).not.toBeNull(); // nothing was spent: the user may sign in as another
    const second = await pendingOf();
    expect(codeIn(await approve(second, await userOf('s2', { came: { login: 'corp', standing: { team: 7 } } })))).toMatch(/^code_/);
    expect(asked).toHaveLength(1); // the login has just let them in
  });
});

describe('endpoints/authorize/issue-code: what a grant holds', () => {
  it('is the sign-in that it is based on, and the upstream accounts of the session that can be opened', async () => {
    const { as, token, call, userOf, pendingOf, approve, grantOf } = makeWorld();
    const ref = await as.vault.keep('ada', { provider: 'github', id: 'ada' }, { accessToken: 'x' });
    const sealed = await sealLinked(call(), token, 's1', [ref]);
    const user = await userOf('s1', { ...sealed, origin: await sealOrigin(call(), token, 's1', { login: 'door', standing: 7 }) });
    const grant = await grantOf(codeIn(await approve(await pendingOf(), user)));
    expect(grant).toMatchObject({ upstreams: { ids: [ref.id] }, origin: { login: 'door', sealed: expect.any(String) } });
    const other = await grantOf(codeIn(await approve(await pendingOf(), user, {}, call(as.secrets.secret()))));
    expect([other && 'upstreams' in other, other?.origin]).toEqual([false, { login: 'door' }]);
    const fresh = await grantOf(codeIn(await approve(await pendingOf(), { ...user, linked: [] })));
    expect(fresh && 'upstreams' in fresh).toBe(false);
  });

  it('is returned as its code, for pages of the application itself', async () => {
    const { call, userOf, grantOf } = makeWorld();
    const opening = { client: CLIENT, resource: 'https://mcp.example/mcp', redirectUri: REDIRECT, challenge: 'x' };
    const code = await grantTo(call(), { ...opening, user: await userOf(), choice: { scope: ['write'] } });
    expect(await grantOf(code)).toMatchObject({ userId: 'ada', scope: ['write'], resource: 'https://mcp.example/mcp' });
  });
});

describe('endpoints/authorize/issue-code: a refusal', () => {
  it('says its own error to the client, and only a denial by the user is told as one, once', async () => {
    const { as, call, pendingOf, events } = makeWorld();
    const limited = await pendingOf({ state: 'xyz' });
    const answer = await refuse(call(), limited, new OAuthError('invalid_scope', 'nothing_left'));
    expect([answer.status, errorIn(answer), answer.headers.get('location')?.includes('state=xyz')]).toEqual([303, 'invalid_scope', true]);
    expect([events, await as.records.findPending(limited.pendingHash)]).toEqual([[], null]);
    const denied = await pendingOf();
    for (const _ of [1, 2]) expect(errorIn(await refuse(call(), denied, DENIED))).toBe('access_denied');
    expect(events).toMatchObject([{ kind: 'consent.denied', clientId: 'c1' }]);
    expect(events).toHaveLength(1);
  });

  it('after an approval of the same page ends the grant before its code is used', async () => {
    const { call, userOf, pendingOf, approve, grantOf } = makeWorld();
    const found = await pendingOf();
    const code = codeIn(await approve(found, await userOf()));
    const response = await refuse(call(), found, DENIED);
    expect([errorIn(response), codeIn(response)]).toEqual(['access_denied', null]);
    expect((await grantOf(code))?.ended).toEqual({ reason: 'revoked', at: START });
  });
});

describe('endpoints/authorize/issue-code: a device', () => {
  /** A device that waits, and the request of the person who typed its code. */
  async function withDevice() {
    const world = makeWorld();
    const { as, clock, pendingOf } = world;
    const { deviceCode, userCode } = await openDevice(as, { clientId: 'c1', resource: 'https://mcp.example/mcp', scope: ['read'] });
    const { hash = '', record } = (await findDevice(as, userCode)) ?? {};
    const device = { hash, userCode };
    const found = await pendingOf({ device, challenge: record?.challenge ?? '', redirectUri: 'https://as.example/device' });
    const poll = () => (clock.pass(5), pollDevice(as, deviceCode, 'c1'));
    return { ...world, device, found, poll };
  }

  it('gets a code that lives as long as the device may ask for it, and the person a page without it', async () => {
    const { clock, found, userOf, approve, poll, grantOf } = await withDevice();
    const response = await approve(found, await userOf());
    expect(response.headers.get('location')).toBe('/device?result=done');
    clock.pass(550);
    const given = await poll();
    expect(given).toEqual({ code: expect.stringMatching(/^code_/), challenge: found.pending.challenge, hash: expect.any(String) });
    const grant = await grantOf(typeof given === 'object' ? given.code : null);
    expect(grant).toMatchObject({ ended: null, code: { expiresAt: START + 600 } });
  });

  it('is told of a denial, and gets no code afterwards', async () => {
    const { call, found, poll, userOf, approve } = await withDevice();
    expect((await refuse(call(), found, DENIED)).headers.get('location')).toBe('/device?result=refused');
    expect(await poll()).toBe('denied');
    expect((await approve(found, await userOf())).status).toBe(400);
    expect(await poll()).toBe('denied');
  });

  it('that another form has answered, or that waits no longer, gets no second grant', async () => {
    const over = { code: 'invalid_request', reason: 'device_over' };
    const { as, call, device, found, poll, userOf, approve, pendingOf, grantOf, kept } = await withDevice();
    await approve(found, await userOf());
    const first = await poll();
    const second = await pendingOf({ device });
    await expect(approve(second, await userOf('s2'))).rejects.toMatchObject(over);
    const lost = await grantOf((await kept(second))?.code ?? null);
    expect([lost?.ended, await poll()]).toEqual([{ reason: 'revoked', at: START + 5 }, first]);
    await expect(refuse(call(), await pendingOf({ device }), DENIED)).rejects.toMatchObject(over);
    await expect(answerWaitingDevice(call(), { hash: 'gone', userCode: 'x' }, 'form', null)).rejects.toMatchObject(over);
    expect((await grantOf(typeof first === 'object' ? first.code : null))?.ended).toBeNull();
    expect(as.now()).toBe(START + 10);
  });
});
