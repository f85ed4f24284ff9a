/** The page of personal access tokens: what its form offers and takes, what a token holds, and what is refused without a trace. */
import { describe, expect, it } from 'vitest';
import { vaultKey } from '../../../src/core/vault/vault-refresh.ts';
import { html } from '../../../src/lib/html.ts';
import { keyClientId, placeOf, withPlace } from '../../../src/model/token.ts';
import type { Grant } from '../../../src/model/grant.ts';
import type { Authenticated, FormLogin } from '../../../src/model/login.ts';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import type { Browser, BrowserPage } from '../../../src/testing/browser.ts';
import { type AccountWorld, lastRefusal, makeAccountWorld } from '../../support/account-views.ts';
import { ISSUER, RESOURCE } from '../../support/app.ts';
import { openGrant, START } from '../../support/grants.ts';
import { expectNothingWritten, expectPage } from '../../support/verdicts.ts';

const DAY = 86_400;
const PATH = '/account/keys';
const [LIST, FORM] = [ISSUER + PATH, `${ISSUER}${PATH}?new=1`];
const WANTED = { name: 'Backup', scope: ['read'], ttl: String(30 * DAY), decision: 'make' } as const;
const [ACME, BLUE] = [
  { id: 'acme', name: 'Acme' },
  { id: 'blue', name: 'Blue' },
];
const handler = (_request: Request, _env: unknown, ctx: { auth?: unknown }): Response => Response.json(ctx.auth);

interface World extends AccountWorld {
  readonly door: { proven: Authenticated };
  readonly person: Browser;
  readonly userId: string;
  /** The keys in the store. */
  readonly keys: () => Promise<readonly Grant[]>;
}

/** A server whose one user comes through this door, signed in. */
async function makeWorld(more: Partial<OAuthProviderOptions> = {}, proven: Partial<Authenticated> = {}): Promise<World> {
  const identity = { issuer: 'https://door.example', subject: 'ada', claims: { name: 'Ada' } };
  const door: FormLogin & { proven: Authenticated } = {
    id: 'door',
    fields: () => html``,
    proven: { kind: 'proven', identity, ...proven },
    prove: async () => door.proven,
  };
  const world = await makeAccountWorld({ accessKeys: {}, logins: [door], ...more });
  const browser = await world.enter();
  const userId = (await world.provider.helpers(world.env).findUserId(identity)) ?? 'none';
  const keys = async (): Promise<readonly Grant[]> => {
    const { keys } = await world.as.store.list(`user:${userId}`);
    const found = await Promise.all(keys.map((key) => world.as.records.findGrant(key.slice('grant:'.length))));
    return found.flatMap((grant) => (grant?.key && !grant.ended ? [grant] : []));
  };
  return { ...world, door, person: browser, userId, keys };
}

/** Signs another user in. */
async function enterAs({ door, enter }: World, subject: string): Promise<Browser> {
  door.proven = { ...door.proven, identity: { ...door.proven.identity, subject } };
  return enter();
}

/** The fields of a form: its inputs with name, value, and whether they are set. */
function inputsIn({ text }: BrowserPage, name: string): readonly string[] {
  const inputs = [...text.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag).filter((tag) => tag.includes(` name="${name}"`));
  return inputs.map((tag) => `${/value="([^"]*)"/.exec(tag)?.[1]}${/\schecked/.test(tag) ? ' checked' : ''}${/\sdisabled/.test(tag) ? ' fixed' : ''}`);
} // prettier-ignore
const alertIn = ({ text }: BrowserPage): string | undefined => /role="alert"[^>]*>([^]*?)<\/div>/.exec(text)?.[1];
const keyIn = ({ text }: BrowserPage): string | undefined => /<code>(pcl_[\w-]{71})<\/code>/.exec(text)?.[1];

describe('endpoints/account/access-keys, the list', () => {
  it('shows the tokens of this user alone, each with what it may do and where', async () => {
    const world = await makeWorld({ apiRoute: ['/mcp', '/other'], apiHandler: handler as never });
    const { person: browser, userId, as } = world;
    const key = { kind: 'personal', name: 'Backup', lastUsedAt: START - 3 * DAY } as const;
    const times = { createdAt: START - 9 * DAY, expiresAt: START + 9 * DAY };
    const store = (id: string, more: Partial<Grant>) => as.records.openGrant(openGrant({ id, userId, clientId: keyClientId(id), key, ...times, ...more }));
    await store('k1', { scope: ['read', 'offline_access', 'odd'], organization: ACME, resource: `${ISSUER}/other` });
    await store('k2', { resource: as.settings.everyRoute!.uri, key: { kind: 'personal', name: 'Wide' }, scope: [] });
    await store('k3', { userId: 'another', key: { kind: 'personal', name: 'Foreign' } });
    await as.records.openGrant(openGrant({ id: 'app', userId, resource: 'https://an.app.example/' }));
    const page = await browser.get(LIST);
    const { title, back, status, brand, words } = world.last.section!;
    expect([page.status, status, title, back, brand?.name]).toEqual([200, 200, words.accessKey.title, { href: '/account', text: words.account.back }, 'mcp.example']);
    expect(inputsIn(page, 'key').toSorted()).toEqual(['k1', 'k2']);
    const [narrow, wide] = ['Backup', 'Wide'].map((name) => page.text.split('<div class="panel">').find((part) => part.includes(`<bdi>${name}</bdi>`)) ?? '');
    for (const text of ['<bdi>Read your notes</bdi>', '<bdi>odd</bdi>', `<bdi>${ISSUER}/other</bdi>`, '<bdi>Acme</bdi>', 'September 12, 2026', 'September 30, 2026', 'September 18, 2026']) expect(narrow).toContain(text);
    expect(narrow).not.toContain('offline_access');
    for (const text of [words.accessKey.every, words.accessKey.unused]) expect(wide).toContain(text);
    expect([wide?.includes('Acme'), page.text.includes('Foreign'), page.text.includes('an.app.example'), alertIn(page)]).toEqual([false, false, false, undefined]);
    expect([page.text.includes(`action="${PATH}"`), page.text.includes(`href="${PATH}?new=1"`)]).toEqual([true, true]);
  }); // prettier-ignore

  it('revokes a token of this user, and neither a grant of an app nor the token of another', async () => {
    const world = await makeWorld();
    const { person: browser, userId, as } = world;
    const of = { userId, clientId: keyClientId('x'), key: { kind: 'personal', name: 'x' } } as const;
    for (const [id, more] of [['own', of], ['app', { userId }], ['service', { ...of, key: { kind: 'service', name: 'x' } as const }], ['theirs', { ...of, userId: 'another' }]] as const)
      await as.records.openGrant(openGrant({ id, ...more }));
    const [account = ''] = inputsIn(await browser.get(LIST), 'account');
    for (const key of ['app', 'service', 'theirs', 'none', 'own']) {
      const done = await world.post(browser, PATH, { account, key, decision: 'revoke' });
      expect([done.status, done.location]).toEqual([303, PATH]);
    }
    const ended = async (id: string): Promise<string | undefined> => (await as.records.findGrant(id))?.ended?.reason;
    expect([await ended('own'), await ended('app'), await ended('service'), await ended('theirs')]).toEqual(['revoked', undefined, undefined, undefined]);
    world.clock.pass(601); // an old sign-in may take back, not give
    expect((await world.post(browser, PATH, { account, key: 'own', decision: 'revoke' })).location).toBe(PATH);
    expect((await browser.get(LIST)).status).toBe(200);
  }); // prettier-ignore
});

describe('endpoints/account/access-keys, the form', () => {
  it('offers what may be given: scopes, lifetimes and one endpoint', async () => {
    const world = await makeWorld({ scopesSupported: { read: 'Read your notes', write: 'Change your notes', offline_access: 'Stay' }, requiredScopes: ['read'] });
    const page = await world.person.get(FORM);
    const { title, back, words } = world.last.section!;
    expect([page.status, title, back]).toEqual([200, words.accessKey.make, { href: PATH, text: words.accessKey.title }]);
    expect([inputsIn(page, 'scope'), inputsIn(page, 'resource'), inputsIn(page, 'organization')]).toEqual([['read checked fixed', 'write'], [], []]);
    expect(inputsIn(page, 'ttl')).toEqual(['604800', '2592000 checked', '7776000', '31536000']);
    expect([inputsIn(page, 'name'), alertIn(page), page.text.includes('aria-invalid="true"'), page.text.includes(`action="${PATH}"`)]).toEqual([[''], undefined, false, true]);
    const [once] = inputsIn(page, 'once');
    expect(once).toMatch(/^[\w-]{43}$/);
    expect(inputsIn(await world.person.get(FORM), 'once')).not.toEqual([once]);
    for (const text of ['Read your notes', 'Change your notes']) expect(page.text).toContain(text);
  }); // prettier-ignore

  it('offers lifetimes up to the longest one that the operator allows', async () => {
    const ttls = async (maxTTL: number) => inputsIn(await (await makeWorld({ accessKeys: { maxTTL } })).person.get(FORM), 'ttl');
    expect(await ttls(90 * DAY)).toEqual(['604800', '2592000 checked', '7776000']);
    expect(await ttls(30 * DAY - 1)).toEqual(['604800 checked']);
    expect(await ttls(3600)).toEqual(['3600 checked']);
  });

  it('offers each endpoint and all together, and the organizations of a user of several', async () => {
    const routes = { apiRoute: ['/mcp', '/other'], apiHandler: handler as never };
    const world = await makeWorld(routes, { organizations: [ACME, BLUE] });
    const page = await world.person.get(FORM);
    const every = world.as.settings.everyRoute!.uri;
    expect(inputsIn(page, 'resource')).toEqual([`${every} checked`, `${ISSUER}/other`, RESOURCE]);
    expect(page.text).toContain(world.last.section!.words.accessKey.every);
    expect(inputsIn(page, 'organization')).toEqual(['acme', 'blue']);
    const named = await (await makeWorld({ ...routes, resources: { '/other': { name: 'Other notes' } } })).person.get(FORM);
    expect([named.text.includes('Other notes'), named.text.includes(`>${RESOURCE}<`), named.text.includes(`>${ISSUER}/other<`)]).toEqual([
      true,
      true,
      false,
    ]);
    const usual = await makeWorld({ ...routes, defaultResource: '/other' }, { organizations: [ACME] });
    const one = await usual.person.get(FORM);
    expect([inputsIn(one, 'resource'), inputsIn(one, 'organization')]).toEqual([[`${ISSUER}/other checked`, RESOURCE], []]);
    const required = await makeWorld({ ...routes, requiredScopes: ['read'] });
    expect(inputsIn(await required.person.get(FORM), 'scope')).toEqual(['read', 'write']); // which ones depends on the endpoint
  });

  it('offers the scopes that this user may grant for the organization, and all where it is still to be chosen', async () => {
    const asked: unknown[] = [];
    const grantableScopes: OAuthProviderOptions['grantableScopes'] = ({ organization }) => (asked.push(organization?.id), organization?.id === 'blue' ? ['write'] : ['read']);
    const scopes = async (organizations: NonNullable<Authenticated['organizations']>) => inputsIn(await (await makeWorld({ grantableScopes }, { organizations })).person.get(FORM), 'scope');
    expect([await scopes([BLUE]), await scopes([]), await scopes([ACME, BLUE])]).toEqual([['write'], ['read'], ['read', 'write']]);
    expect(asked).toEqual(['blue', undefined]);
  }); // prettier-ignore

  it('keeps what was entered where something is wrong, and says what', async () => {
    const world = await makeWorld({ apiRoute: ['/mcp', '/other'], apiHandler: handler as never }, { organizations: [ACME, BLUE] });
    const { person: browser } = world;
    const form = await browser.get(FORM);
    const typed = { ...WANTED, scope: ['write'], ttl: String(7 * DAY), resource: `${ISSUER}/other`, organization: 'blue' };
    const nameless = await expectNothingWritten(world, () => browser.submit(form, { ...typed, name: 'a\u0007' }));
    const say = world.last.section!.words.accessKey;
    expect([nameless.status, alertIn(nameless), nameless.text.includes('aria-invalid="true"')]).toEqual([400, say.nameBad, true]);
    expect(['once', 'scope', 'ttl', 'resource', 'organization'].map((name) => inputsIn(nameless, name))).toEqual([
      inputsIn(form, 'once'),
      ['read', 'write checked'],
      ['604800 checked', '2592000', '7776000', '31536000'],
      [world.as.settings.everyRoute!.uri, `${ISSUER}/other checked`, RESOURCE],
      ['acme', 'blue checked'],
    ]);
    for (const wrong of [{ ttl: '1' }, { ttl: 'x' }, { ttl: String(DAY) }, { resource: 'https://other.example/' }, { organization: 'x' }, { organization: null }, { scope: ['x'] }, { scope: null }]) {
      const told = await expectNothingWritten(world, () => browser.submit(form, { ...typed, ...wrong }));
      expect([told.status, alertIn(told), told.text.includes('aria-invalid="true"'), inputsIn(told, 'name')]).toEqual([400, say.tickOne, false, ['Backup']]);
    }
    expect(await world.keys()).toEqual([]);
  }); // prettier-ignore

  it('asks the application for no organization that is not one of the user', async () => {
    const asked: unknown[] = [];
    const grantableScopes: OAuthProviderOptions['grantableScopes'] = ({ organization }) => (asked.push(organization?.id), ['read']);
    const { person: browser } = await makeWorld({ grantableScopes }, { organizations: [ACME, BLUE] });
    const form = await browser.get(FORM);
    for (const organization of [null, 'x']) expect((await browser.submit(form, { ...WANTED, organization })).status).toBe(400);
    expect(asked).toEqual([]);
    expect((await browser.submit(form, { ...WANTED, organization: 'blue' })).status).toBe(200);
    expect(asked).toEqual(['blue']);
  });
});

describe('endpoints/account/access-keys, a new token', () => {
  it('holds exactly what was chosen, and is shown once with the endpoint that it is for', async () => {
    const world = await makeWorld({ requiredScopes: ['write'] }, { organizations: [ACME] });
    const { person: browser, userId } = world;
    const made = await browser.submit(await browser.get(FORM), { ...WANTED, name: '  Backup ', scope: ['read', 'odd'] });
    const { title, back, words, status } = world.last.section!;
    expect([made.status, status, title, back]).toEqual([200, 200, words.accessKey.made, { href: '/account', text: words.account.back }]);
    for (const text of ['<bdi>Backup</bdi>', ` backup ${RESOURCE} --header`, `href="${PATH}"`]) expect(made.text).toContain(text);
    const [grant] = await world.keys();
    expect(grant).toMatchObject({
      userId, clientId: keyClientId(grant!.id), key: { kind: 'personal', name: 'Backup' }, scope: ['read', 'write'], resource: RESOURCE, organization: ACME,
      createdAt: START, expiresAt: START + 30 * DAY, origin: { login: 'door' },
    });
    const { access } = await world.call(keyIn(made) ?? '');
    expect(access).toMatchObject({ userId, scope: ['read', 'write'], organization: ACME });
    const body = await (await world.ask('GET', '/mcp', null, { authorization: `Bearer ${keyIn(made)}` })).json();
    expect(body).toMatchObject({ props: { claims: { name: 'Ada', sub: userId } } });
  }); // prettier-ignore

  it('may use the accounts at other sites that its user signed in with, as far as they are still there', async () => {
    const upstream = { account: { provider: 'corp', id: '7' }, tokens: { accessToken: 'of-corp' } };
    const world = await makeWorld({ secret: 'a-secret-of-the-server-with-more-than-32-characters' }, { upstream });
    const { person: browser } = world;
    const made = async (): Promise<readonly string[] | undefined> => {
      const known = (await world.keys()).map(({ id }) => id);
      expect((await browser.submit(await browser.get(FORM), { ...WANTED, ttl: String(7 * DAY) })).status).toBe(200);
      return (await world.keys()).find(({ id }) => !known.includes(id))?.upstreams?.ids;
    };
    const kept = await made();
    expect(kept).toHaveLength(1);
    await world.as.store.remove(vaultKey(kept?.[0] ?? ''));
    expect(await made()).toBeUndefined();
  });

  it('is for the endpoint that was chosen, for all of them where that was, or for the usual one', async () => {
    const routes = { apiRoute: ['/mcp', '/other'], apiHandler: handler as never };
    const urlOf = async (more: Partial<OAuthProviderOptions>, fields: Record<string, string | null>): Promise<unknown> => {
      const world = await makeWorld(more);
      const made = await world.person.submit(await world.person.get(FORM), { ...WANTED, ...fields });
      return [(await world.keys())[0]?.resource.replace(world.as.settings.everyRoute?.uri ?? 'none', 'every'), / backup (\S+) --header/.exec(made.text)?.[1]];
    };
    expect(await urlOf(routes, { resource: `${ISSUER}/other` })).toEqual([`${ISSUER}/other`, `${ISSUER}/other`]);
    expect(await urlOf(routes, {})).toEqual(['every', `${ISSUER}/other`]);
    expect(await urlOf(routes, { resource: null })).toEqual(['every', `${ISSUER}/other`]);
    expect(await urlOf({ ...routes, defaultResource: '/other' }, { resource: null })).toEqual([`${ISSUER}/other`, `${ISSUER}/other`]);
    expect(await urlOf({}, {})).toEqual([RESOURCE, RESOURCE]);
  }); // prettier-ignore

  it('needs the scopes of its endpoint, which the user must be allowed to grant', async () => {
    const status = async (more: Partial<OAuthProviderOptions>, scope: readonly string[]): Promise<unknown> => {
      const world = await makeWorld(more);
      const made = await world.person.submit(await world.person.get(FORM), { ...WANTED, scope });
      return [made.status, (await world.keys())[0]?.scope];
    };
    expect(await status({ requiredScopes: ['write'], grantableScopes: () => ['read'] }, ['read', 'write'])).toEqual([400, undefined]);
    expect(await status({ requiredScopes: ['write'], grantableScopes: () => ['write'] }, ['read', 'write'])).toEqual([200, ['write']]);
    expect(await status({ grantableScopes: () => [] }, ['read'])).toEqual([400, undefined]);
    expect(await status({ scopesSupported: [] }, [])).toEqual([200, []]); // a server without scopes
  });

  it('is one for a form that is sent twice, and another one for each browser', async () => {
    const world = await makeWorld();
    const { person: browser } = world;
    const form = await browser.get(FORM);
    expect((await browser.submit(form, WANTED)).status).toBe(200);
    const twice = await browser.submit(form, WANTED);
    expect([twice.status, keyIn(twice), alertIn(twice)]).toEqual([409, undefined, world.last.section!.words.accessKey.twice]);
    expect(inputsIn(twice, 'key')).toHaveLength(1); // the list
    expect((await (await world.enter()).submit(form, { ...WANTED, account: inputsIn(form, 'account')[0]! })).status).toBe(200);
    expect(await world.keys()).toHaveLength(2);
    expectPage(await browser.submit(form, { ...WANTED, once: null }));
  });

  it('has an id near where its form was opened', async () => {
    const world = await makeWorld();
    const form = await world.person.get(FORM);
    const once = withPlace(inputsIn(form, 'once')[0]!, 'oc');
    await world.person.submit(form, { ...WANTED, once });
    const [grant] = await world.keys();
    expect([grant?.id.length, placeOf(grant?.id ?? '')]).toEqual([22, 'oc']);
  });

  it('is refused beyond the number that a user may have, and beyond 30 in an hour', async () => {
    const few = await makeWorld({ accessKeys: { maxPerUser: 2 } });
    const make = async (world: World): Promise<BrowserPage> => world.person.submit(await world.person.get(FORM), WANTED);
    expect([(await make(few)).status, (await make(few)).status]).toEqual([200, 200]);
    const more = await make(few);
    expect([more.status, alertIn(more), inputsIn(more, 'name'), (await few.keys()).length]).toEqual([409, few.last.section!.words.accessKey.tooMany, ['Backup'], 2]);
    const many = await makeWorld({ accessKeys: { maxPerUser: 100 } });
    for (let at = 0; at < 30; at++) expect((await make(many)).status).toBe(200);
    const late = await make(many);
    expect([late.status, alertIn(late), (await many.keys()).length]).toEqual([429, many.last.section!.words.accessKey.tooMany, 30]);
    const other = await enterAs(many, 'ben'); // who has made none
    expect((await other.submit(await other.get(FORM), WANTED)).status).toBe(200);
    many.clock.pass(3600);
    await enterAs(many, 'ada');
    const again = await many.enter();
    expect((await again.submit(await again.get(FORM), WANTED)).status).toBe(200);
  }); // prettier-ignore

  it('is taken back where its user has signed out meanwhile', async () => {
    const world = await makeWorld();
    const { person: browser, as } = world;
    const form = await browser.get(FORM);
    const write = world.inner.write.bind(world.inner);
    world.inner.write = async (key, ...rest) => {
      const version = await write(key, ...rest);
      if (key.startsWith('grant:')) for (const session of (await world.inner.list(`sessions:${world.userId}`)).keys) await world.inner.remove(session);
      return version;
    };
    const made = await browser.submit(form, WANTED);
    expect([made.status, made.location, keyIn(made), await world.keys()]).toEqual([303, '/login', undefined, []]);
    expect((await as.store.list(`user:${world.userId}`)).keys).toHaveLength(1); // it was made, and has ended
  }); // prettier-ignore
});

describe('endpoints/account/access-keys', () => {
  it('takes forms of its own pages alone, for the account that they showed, of a recent sign-in', async () => {
    const world = await makeWorld();
    const { person: browser } = world;
    const form = await browser.get(FORM);
    const cookie = [...browser.cookies].map((one) => one.join('=')).join('; ');
    const silent = await world.ask('POST', PATH, new URLSearchParams({ ...WANTED, scope: 'read' }), { 'content-type': 'application/x-www-form-urlencoded', cookie });
    expect([silent.status, lastRefusal(world), await silent.text()]).toEqual([403, ['access_denied', 'cross_site'], expect.stringContaining('The request came from another site.')]);
    for (const ask of [() => world.browser().get(FORM), () => world.post(world.browser(), `${PATH}?new=1`, WANTED)])
      expect((await ask()).location).toBe('/login?return_to=%2Faccount%2Fkeys%3Fnew%3D1');
    const other = await expectNothingWritten(world, () => browser.submit(form, { ...WANTED, account: 'x' }));
    expect([other.status, world.last.section?.status, alertIn(other)]).toEqual([409, 409, undefined]);
    for (const fields of [{ account: null }, { decision: 'x' }, { decision: null }, { ttl: null }, { name: null }, { decision: 'revoke' }])
      expectPage(await expectNothingWritten(world, () => browser.submit(form, { ...WANTED, ...fields })));
    await browser.submit(form, { ...WANTED, decision: 'x' });
    expect(lastRefusal(world)).toEqual(['invalid_request', 'decision_unknown']);
    world.clock.pass(601);
    for (const ask of [() => browser.get(FORM), () => browser.submit(form, WANTED)])
      expect((await ask()).location).toBe('/login?return_to=%2Faccount%2Fkeys%3Fnew%3D1&again=1');
    expect([(await browser.get(LIST)).status, await world.keys()]).toEqual([200, []]);
  }); // prettier-ignore
});
