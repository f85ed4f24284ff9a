/** What the consent page is made of: what its template gets for each request, client, user and former consent. */
import { describe, expect, it } from 'vitest';
import { findPushed } from '../../../src/core/records/one-time.ts';
import type { Consented } from '../../../src/core/records/consents.ts';
import {
  accountView,
  clientView,
  type Consent,
  consentPage,
  requestUrl,
  scopeView,
} from '../../../src/endpoints/authorize/consent-page.ts';
import { type Call, makeCall } from '../../../src/endpoints/endpoint.ts';
import { changed } from '../../../src/endpoints/sign-in/browser-context.ts';
import type { SignedIn } from '../../../src/endpoints/sign-in/sign-in.ts';
import { html, type Html } from '../../../src/lib/html.ts';
import type { Client } from '../../../src/model/client.ts';
import type { PendingAuthorization } from '../../../src/model/pending-authorization.ts';
import type { Settings } from '../../../src/model/settings.ts';
import type { ApproveView } from '../../../src/pages/approve.ts';
import { ENGLISH } from '../../../src/words/words.ts';
import { makeServer } from '../../support/server.ts';
import { accountMark } from '../../../src/endpoints/sign-in/session.ts';

const RESOURCE = { uri: 'https://as.example/mcp', path: '/mcp', name: 'Notes', requiredScopes: ['read'] };
const CLIENT = { id: 'c1', name: 'App', redirectUris: ['https://app.example/cb'], grantTypes: ['refresh_token'], authMethod: 'none' } as unknown as Client; // prettier-ignore
const PENDING = { clientId: 'c1', redirectUri: 'https://app.example/cb', resource: RESOURCE.uri, challenge: 'ch', scope: ['read', 'write', 'odd'] } as unknown as PendingAuthorization; // prettier-ignore
const FORM = { id: 'door', fields: (typed: { [name: string]: string }) => html`<i>${JSON.stringify(typed)}</i>`, label: 'Door' };
const SITE = { id: 'corp', kind: 'redirect', label: 'Corp', site: 'https://corp.example' };
const ADA = { userId: 'u', claims: { sub: 'u', name: 'Ada', email: 'ada@x.example' }, hash: 'h' } as unknown as SignedIn;
const [ONE, TWO] = [
  { id: 'o1', name: 'One' },
  { id: 'o2', name: 'Two' },
] as const;

function makeWorld(settings: object = {}, parts: object = {}) {
  const views: ApproveView[] = [];
  const approve = (view: ApproveView, ours: Html): Html => (views.push(view), ours);
  const { as } = makeServer({
    settings: {
      paths: { authorize: '/authorize', approve: '/approve', login: '/login', device: '/device' } as Settings['paths'],
      logins: [FORM, SITE] as never,
      resources: [RESOURCE] as never,
      scopesSupported: [{ name: 'read', description: 'Read' }, { name: 'write', description: 'Write', sensitive: true, unlocks: ['add'] }] as never,
      languages: { of: () => ENGLISH } as never,
      brand: { templates: { approve } } as never,
      name: 'Acme',
      grantableScopes: null,
      refreshTokenIdleTTL: 172_800,
      requirePushedAuthorizationRequests: false,
      ...settings,
    },
  }); // prettier-ignore
  const server = { ...as, fetchImage: null, ...parts } as typeof as;
  const made = makeCall(new Request('https://as.example/authorize'), server, {}, { network: () => 'n', waitUntil: () => undefined });
  const call: Call = Object.assign(made, { as: { ...made.as, ...parts } });
  const show = async (more: Partial<Consent> = {}): Promise<Response> =>
    consentPage(call, { pending: PENDING, pendingId: 'p', client: CLIENT, session: null, ...more });
  const viewOf = async (more: Partial<Consent> = {}): Promise<ApproveView> => {
    await show(more);
    return views.at(-1) ?? expect.unreachable();
  };
  return { as, call, show, viewOf };
}
const consented = (more: Partial<Consented>): Consented => ({ scope: ['read'], remembered: [], ...more }) as unknown as Consented;

describe('endpoints/authorize/consent-page: the request', () => {
  it('is shown with where the answer goes, the resource, and the scopes with what they need', async () => {
    const view = await makeWorld().viewOf();
    expect(view).toMatchObject({ action: '/approve', pendingId: 'p', redirectUri: PENDING.redirectUri, redirectHost: 'app.example', redirectIsLoopback: false, resourceName: 'Notes' });
    expect(view).not.toHaveProperty('deviceCode');
    expect(view.scopes).toEqual([
      { name: 'read', description: 'Read', unlocks: undefined, checked: true, required: true, allowed: false, unavailable: false },
      { name: 'write', description: 'Write', unlocks: ['add'], checked: false, required: false, allowed: false, unavailable: false },
      { name: 'odd', description: undefined, unlocks: undefined, checked: true, required: false, allowed: false, unavailable: false },
    ]);
    expect([view.account, view.organizations, view.links, view.remember, view.error, view.status]).toEqual([null, [], [], false, undefined, undefined]);
  }); // prettier-ignore

  it('names the server for a resource that is gone, the code of a device, and what was selected before', async () => {
    const { viewOf } = makeWorld();
    const view = await viewOf({ pending: { ...PENDING, resource: 'https://as.example/gone' } });
    expect([view.resourceName, view.scopes[0]?.required]).toEqual(['Acme', false]);
    const device = { hash: 'h', userCode: 'ABCD-EFGH' };
    expect(await viewOf({ pending: { ...PENDING, device } })).toMatchObject({ deviceCode: 'ABCD-EFGH', remember: undefined });
    expect((await viewOf({ pending: { ...PENDING, redirectUri: 'http://127.0.0.1:1/cb' } })).remember).toBeUndefined();
    const again = await viewOf({ ticked: ['write'], remember: true, problem: { problem: 'No.', status: 403, wrong: 'word' } });
    expect([again.scopes.map(({ checked }) => checked), again.remember]).toEqual([[false, true, false], true]);
    expect((await viewOf({ typed: { login: 'corp' } })).login).toBe('corp');
    expect(again).toMatchObject({ error: 'No.', status: 403, wrong: 'word', retryAfter: undefined });
  });

  it('says how long access lasts: until it is unused for so long, or until a token ends that no other follows', async () => {
    const lasting = async (settings: object, grantTypes: readonly string[]) => (await makeWorld(settings).viewOf({ client: { ...CLIENT, grantTypes } as Client })).lifetime; // prettier-ignore
    expect(await lasting({}, ['refresh_token'])).toBe(ENGLISH.approve.lastsUnused('2 days'));
    const short = ENGLISH.approve.lastsFor('10 minutes');
    expect([await lasting({}, []), await lasting({ refreshTokenIdleTTL: 0 }, ['refresh_token'])]).toEqual([short, short]);
  });

  it('offers forms and sites in the order of the options, prefilled from the hint, and links where a login has a page for one', async () => {
    const page = { id: 'join', link: () => 'Join', answer: () => expect.unreachable() };
    const { viewOf } = makeWorld({ logins: [SITE, { ...FORM, pages: [page] }, { kind: 'session', id: 'app' }] });
    const view = await viewOf({ pending: { ...PENDING, hint: 'ada@x.example' } });
    expect([view.logins.map(({ id }) => id), view.sites?.map(({ id }) => id), view.order]).toEqual([['door'], ['corp'], ['corp', 'door', 'app']]);
    expect(String(view.logins[0]?.fields)).toContain('ada@x.example');
    expect(view.links).toEqual([{ href: `/login/join?return_to=${encodeURIComponent(await requestUrl(makeWorld().as, PENDING, CLIENT))}`, text: 'Join' }]);
  }); // prettier-ignore

  it('needs a way to sign in, unless a user is signed in', async () => {
    const { show } = makeWorld({ logins: [{ kind: 'session', id: 'app' }] });
    expect(await (await show()).text()).not.toContain('name="pending"');
    expect(await (await show({ session: ADA })).text()).toContain('name="pending"');
    for (const login of [FORM, SITE]) expect(await (await makeWorld({ logins: [login] }).show()).text()).toContain('name="pending"');
  });
});

describe('endpoints/authorize/consent-page: the user', () => {
  it('is asked for scopes that the user can grant, once the organization is clear', async () => {
    const asked: unknown[] = [];
    const { viewOf } = makeWorld({ grantableScopes: async (who: { organization?: { id: string } }) => (asked.push(who.organization?.id), ['read']) }); // prettier-ignore
    const unavailable = async (more: Partial<Consent>) => (await viewOf(more)).scopes.map((scope) => scope.unavailable);
    expect(await unavailable({})).toEqual([false, false, false]);
    expect(await unavailable({ session: { ...ADA, organizations: [ONE, TWO] } })).toEqual([false, false, false]);
    expect(asked).toEqual([]);
    expect(await unavailable({ session: ADA })).toEqual([false, true, true]);
    expect(await unavailable({ session: { ...ADA, organizations: [ONE, TWO] }, organization: 'o2' })).toEqual([false, true, true]);
    expect(asked).toEqual([undefined, 'o2']);
  });

  it('chooses between several organizations, and has one named', async () => {
    const { viewOf } = makeWorld();
    const two = await viewOf({ session: { ...ADA, organizations: [ONE, TWO] }, organization: 'o2' });
    expect([two.organizations, two.account?.detail]).toEqual([[{ ...ONE, checked: false }, { ...TWO, checked: true }], 'ada@x.example']); // prettier-ignore
    const one = await viewOf({ session: { ...ADA, organizations: [ONE] } });
    expect([one.organizations, one.account?.detail]).toEqual([[], 'ada@x.example · One']);
    expect((await viewOf({ session: ADA })).account?.name).toBe('Ada');
  });

  it('is known by a mark in the form, and without a detail where there is none', async () => {
    const { as, call } = makeWorld();
    const mark = await accountMark(as, { userId: 'u' });
    expect([mark.length, await accountMark(as, null), mark === (await accountMark(as, { userId: 'v' }))]).toEqual([16, '', false]);
    for (const email of [undefined, 7])
      expect(await accountView(call, { ...ADA, claims: { sub: 'u', name: 'Ada', email } as never })).toEqual({ name: 'Ada', detail: undefined, mark }); // prettier-ignore
    expect((await accountView(call, { ...ADA, claims: { sub: 'u' }, organizations: [ONE] })).detail).toBe('One');
  });
});

describe('endpoints/authorize/consent-page: what was allowed before', () => {
  const allowed = (view: ApproveView): unknown => [view.scopes.map((scope) => scope.allowed), view.remember];

  it('is shown as allowed where something is new, and counts for the same organization alone', async () => {
    const { viewOf } = makeWorld();
    expect(allowed(await viewOf({ session: ADA, consented: [consented({})] }))).toEqual([[true, false, false], false]);
    expect(allowed(await viewOf({ session: ADA, consented: [consented({ scope: PENDING.scope })] }))).toEqual([[false, false, false], false]); // prettier-ignore
    for (const session of [null, { ...ADA, organizations: [ONE] }, { ...ADA, organizations: [ONE, TWO] }])
      expect(allowed(await viewOf({ session, consented: [consented({ remembered: PENDING.scope })] }))).toEqual([[false, false, false], false]); // prettier-ignore
    const one = {
      session: { ...ADA, organizations: [ONE] },
      consented: [consented({}), consented({ organization: 'o1', scope: ['write'] })],
    };
    expect(allowed(await viewOf(one))).toEqual([[false, true, false], false]);
    expect(allowed(await viewOf({ session: ADA }))).toEqual([[false, false, false], false]); // read from the store, which has none
  });

  it('stays remembered where all of it was', async () => {
    const { viewOf } = makeWorld();
    const remembered = async (names: readonly string[], pending = PENDING, more: Partial<Consent> = {}) =>
      (await viewOf({ session: ADA, pending, consented: [consented({ remembered: names })], ...more })).remember;
    expect([await remembered(PENDING.scope), await remembered(['read', 'write']), await remembered([])]).toEqual([true, false, false]);
    expect([await remembered([], { ...PENDING, scope: [] }), await remembered(PENDING.scope, PENDING, { remember: false })]).toEqual([false, false]); // prettier-ignore
  });
});

describe('endpoints/authorize/consent-page: the client', () => {
  it('has its name in the language of the page, and only links with TLS', () => {
    const { call } = makeWorld();
    const names = { de: 'Anwendung', 'pt-br': 'Aplicativo', en: 'Application' };
    const nameIn = (lang: string) => clientView({ ...CLIENT, names } as unknown as Client, changed(call, { words: { ...ENGLISH, lang } })).name; // prettier-ignore
    expect(['de', 'de-AT', 'pt-BR', 'PT-br', 'pt', 'fr'].map(nameIn)).toEqual(['Anwendung', 'Anwendung', 'Aplicativo', 'Aplicativo', 'App', 'App']); // prettier-ignore
    const links = { policyUri: 'https://app.example/p', tosUri: 'http://app.example/t', uri: 'https://app.example', documentHost: 'app.example' };
    const { policyUri, tosUri, uri, host, id, name } = clientView({ ...CLIENT, ...links } as Client, call);
    expect([policyUri, tosUri, uri, host, id, name]).toEqual([links.policyUri, undefined, links.uri, 'app.example', 'c1', 'App']);
    for (const odd of [undefined, 'x', 'javascript:alert(1)']) expect(clientView({ ...CLIENT, policyUri: odd } as Client, call).policyUri).toBeUndefined();
  }); // prettier-ignore

  it('has a logo where it names one and the server fetches images', () => {
    const client = { ...CLIENT, id: 'c 1', logoUri: 'https://app.example/logo' } as Client;
    const fetching = makeWorld({}, { fetchImage: () => expect.unreachable() }).call;
    expect([clientView(client, fetching).logo, clientView(CLIENT, fetching).logo, clientView(client, makeWorld().call).logo]).toEqual(['/authorize/logo?client_id=c+1', undefined, undefined]); // prettier-ignore
  });

  it('is described by itself unless the operator entered it, and verified where all its hosts are listed', () => {
    const { call } = makeWorld({ clientPolicy: { verifiedHosts: ['app.example'] } });
    const seen = (more: object, of: Call = call) => {
      const { selfDescribed, verifiedBy } = clientView({ ...CLIENT, ...more } as Client, of);
      return [selfDescribed, verifiedBy];
    };
    expect([seen({}), seen({ entered: true }), seen({ entered: false })]).toEqual([[true, 'Acme'], [false, 'Acme'], [true, 'Acme']]); // prettier-ignore
    expect([seen({ redirectUris: ['https://evil.example/cb'] }), seen({}, makeWorld().call)]).toEqual([[true, undefined], [true, undefined]]); // prettier-ignore
  });

  it('asks for scopes in the operator’s words before those of the options', () => {
    const { as } = makeWorld();
    const words = { ...ENGLISH, scopes: { read: 'See notes' } };
    expect(['read', 'write', 'odd'].map((name) => scopeView(as.settings, words, name).description)).toEqual([
      'See notes',
      'Write',
      undefined,
    ]);
  });
});

describe('endpoints/authorize/consent-page: the URL of the same request', () => {
  const BASE = 'response_type=code&client_id=c1&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&resource=https%3A%2F%2Fas.example%2Fmcp';
  const END = 'code_challenge=ch&code_challenge_method=S256';

  it('has all that was asked, and nothing that was not', async () => {
    const { as } = makeWorld();
    expect(await requestUrl(as, PENDING, CLIENT)).toBe(`/authorize?${BASE}&scope=read+write+odd&${END}`);
    const more = { ...PENDING, offline: true as const, state: 'x y', jkt: 'key' };
    expect(await requestUrl(as, more, CLIENT)).toBe(`/authorize?${BASE}&scope=read+write+odd+offline_access&state=x+y&${END}&dpop_jkt=key`);
    expect(await requestUrl(as, { ...PENDING, scope: [] }, CLIENT)).toBe(`/authorize?${BASE}&${END}`);
    expect(await requestUrl(as, { ...PENDING, device: { hash: 'h', userCode: 'u' } }, CLIENT)).toBe('/device');
  });

  it('is pushed where requests must be, by the options or by the client, or where this one was', async () => {
    const pushed = /^\/authorize\?client_id=c1&request_uri=urn/;
    const { as } = makeWorld();
    expect(await requestUrl(as, PENDING, { ...CLIENT, pushedOnly: true } as Client)).toMatch(pushed);
    const url = await requestUrl(as, { ...PENDING, state: 'x' }, CLIENT, true);
    const found = await findPushed(as, new URL(url, 'https://as.example').searchParams.get('request_uri') ?? '', 'c1');
    const asked = typeof found === 'string' ? expect.unreachable() : ['state', 'scope', 'redirect_uri'].map((name) => found.params.required(name)); // prettier-ignore
    expect(asked).toEqual(['x', 'read write odd', PENDING.redirectUri]);
    expect(await requestUrl(as, PENDING, { ...CLIENT, pushedOnly: false } as Client)).not.toMatch(pushed);
    expect([await requestUrl(as, PENDING, CLIENT, true), await requestUrl(makeWorld({ requirePushedAuthorizationRequests: true }).as, PENDING, CLIENT)]).toEqual(Array(2).fill(expect.stringMatching(pushed))); // prettier-ignore
  });
});
