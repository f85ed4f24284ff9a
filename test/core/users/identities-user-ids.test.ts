import { describe, expect, it } from 'vitest';
import { findIdentity, findUserId, identitiesOf, linkIdentity, userIdOf } from '../../../src/core/users/identities.ts';
import { markRemoved } from '../../../src/core/users/removed-users.ts';
import type { Identity } from '../../../src/model/identity.ts';
import type { Login } from '../../../src/model/login.ts';
import { makeServer } from '../../support/server.ts';

const OURS = 'https://as.example';
const TENANT = 'https://as.example/tenant';
const IDP = 'https://idp.example';
const identityOf = (subject = 's1', issuer = IDP, claims: object = {}): Identity => ({ subject, issuer, claims }) as unknown as Identity;
const logins = [{ id: 'password', kind: 'form' }, { id: 'site', kind: 'redirect' }] as unknown as readonly Login[]; // prettier-ignore
const make = () => makeServer({ settings: { issuers: [OURS, TENANT], logins } });
const always = async (): Promise<boolean> => true;

describe('core/users/identities: the user of an identity', () => {
  it('gives each pair of issuer and subject a user of its own, the same each time', async () => {
    const { as } = make();
    const first = await userIdOf(as, identityOf());
    expect(first).toMatch(/^[\w-]{22}$/);
    expect([await userIdOf(as, identityOf()), await findUserId(as, identityOf())]).toEqual([first, first]);
    const others = [identityOf('s2'), identityOf('s1', 'https://other.example'), identityOf('1', `${IDP}s`)];
    const ids = await Promise.all(others.map((one) => userIdOf(as, one)));
    expect(new Set([first, ...ids]).size).toBe(4);
    expect(await findUserId(as, identityOf('s3'))).toBeNull();
    await expect(userIdOf(as, identityOf(''))).rejects.toThrow('An identity needs an issuer and a subject.');
    await expect(userIdOf(as, identityOf('s1', ''))).rejects.toThrow('An identity needs an issuer and a subject.');
  });

  it('makes no one user of all who come without a subject, as where its name is misspelt', async () => {
    const { as } = make();
    for (const odd of [undefined, null, NaN, 1.5, {}, ['s1'], true]) {
      await expect(userIdOf(as, { ...identityOf(), subject: odd } as never)).rejects.toThrow('An identity needs an issuer and a subject.');
      await expect(userIdOf(as, { ...identityOf(), issuer: odd } as never)).rejects.toThrow('An identity needs an issuer and a subject.');
      await expect(findUserId(as, { ...identityOf(), subject: odd } as never)).rejects.toThrow('An identity needs an issuer and a subject.');
    }
    expect(await userIdOf(as, { ...identityOf(), subject: 7 } as never)).not.toBe(await userIdOf(as, { ...identityOf(), subject: 8 } as never));
  }); // prettier-ignore

  it('is the same user for simultaneous requests', async () => {
    const { as } = make();
    const ids = await Promise.all([1, 2, 3].map(() => userIdOf(as, identityOf())));
    expect(new Set(ids).size).toBe(1);
  });

  it('keeps the name of the account at the upstream, as it is now', async () => {
    const { as, clock } = make();
    const userId = await userIdOf(as, identityOf('s1', IDP, { preferred_username: 'ada' }));
    expect(await identitiesOf(as, userId)).toMatchObject([{ issuer: IDP, account: 'ada', createdAt: clock.now() }]);
    await userIdOf(as, identityOf('s1', IDP, { preferred_username: 'grace' }));
    expect(await identitiesOf(as, userId)).toMatchObject([{ account: 'grace' }]);
  });

  it('keeps the verified address of an account where an assertion names the subject alone', async () => {
    const { as } = make();
    const userId = await userIdOf(as, identityOf('s1', IDP, { email: 'ada@mail.example', email_verified: true }));
    expect(await userIdOf(as, identityOf('s1'))).toBe(userId);
    expect(await identitiesOf(as, userId)).toMatchObject([{ account: 'ada@mail.example', isEmail: true }]);
  });

  it('lets only a login on our own pages name our issuer, and then the subject is the user', async () => {
    const { as } = make();
    expect(await userIdOf(as, identityOf('u1', OURS), undefined, 'password')).toBe('u1');
    expect(await findUserId(as, identityOf('u1', OURS))).toBe('u1');
    const refused = { code: 'access_denied', reason: 'issuer_is_ours', status: 403 };
    for (const [issuer, login] of [[OURS, 'site'], [OURS, undefined], [OURS, 'other'], [TENANT, 'password'], [TENANT, 'site']] as const)
      await expect(userIdOf(as, identityOf('u1', issuer), undefined, login)).rejects.toMatchObject(refused);
  }); // prettier-ignore

  it('joins an account by a verified address if it is told to, at the first sign-in', async () => {
    const { as } = make();
    const ada = await as.accounts.create({ username: 'ada', email: 'ada@mail.example', emailVerified: true });
    expect(await userIdOf(as, identityOf('s1'), 'ada@mail.example')).toBe(ada.id);
    const own = await userIdOf(as, identityOf('s2'));
    expect([own === ada.id, await userIdOf(as, identityOf('s2'), 'ada@mail.example')]).toEqual([false, own]);
    expect(await userIdOf(as, identityOf('s3'), 'nobody@mail.example')).not.toBe(ada.id);
  });

  it('gives the identity of a removed user to a new one', async () => {
    const { as, clock, store } = make();
    const first = await userIdOf(as, identityOf());
    await markRemoved(store, first, clock.now());
    expect(await findUserId(as, identityOf())).toBeNull();
    const second = await userIdOf(as, identityOf());
    expect([second === first, await findUserId(as, identityOf())]).toEqual([false, second]);
    expect([await identitiesOf(as, first), await identitiesOf(as, second)]).toMatchObject([[], [{ issuer: IDP }]]);
  });
});

describe('core/users/identities: links', () => {
  it('links an identity to a user once, tells of it, and never merges two users', async () => {
    const { as, events, clock } = make();
    expect(await linkIdentity(as, identityOf('s1', IDP, { preferred_username: 'ada' }), 'u1', always)).toBe(true);
    const told = [{ kind: 'factor.changed', factor: 'identity', userId: 'u1', what: 'added', at: clock.now() }];
    expect([await userIdOf(as, identityOf('s1', IDP, { preferred_username: 'ada' })), events]).toEqual(['u1', told]);
    expect(await identitiesOf(as, 'u1')).toMatchObject([{ issuer: IDP, account: 'ada', createdAt: clock.now() }]);
    expect([await linkIdentity(as, identityOf(), 'u1', always), await linkIdentity(as, identityOf(), 'u2', always)]).toEqual([true, false]);
    expect([await userIdOf(as, identityOf()), events]).toEqual(['u1', told]);
  });

  it('gives an identity to one of two users who link it at once', async () => {
    const { as, events } = make();
    const linked = await Promise.all(['u1', 'u2'].map((user) => linkIdentity(as, identityOf(), user, always)));
    expect([linked.filter(Boolean).length, events.length]).toEqual([1, 1]);
  });

  it('links none of our own issuers', async () => {
    const { as, events } = make();
    expect([await linkIdentity(as, identityOf('u2', OURS), 'u1', always), await linkIdentity(as, identityOf('u2', TENANT), 'u1', always), events]).toEqual([false, false, []]); // prettier-ignore
  });

  it('takes the identity of a removed user, and gives none to a user who was signed out meanwhile', async () => {
    const { as, clock, store, events } = make();
    await linkIdentity(as, identityOf(), 'u1', always);
    await markRemoved(store, 'u1', clock.now());
    expect([await linkIdentity(as, identityOf(), 'u2', always), await userIdOf(as, identityOf())]).toEqual([true, 'u2']);
    events.length = 0;
    expect(await linkIdentity(as, identityOf('s9'), 'u2', async () => false)).toBe(false);
    const hash = await as.secrets.hash(`identity\n${JSON.stringify([IDP, 's9'])}`);
    expect([await findIdentity(store, hash), events]).toEqual([null, []]);
  });
});
