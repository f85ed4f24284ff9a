/** Which events send a security message, to whom, how often, in which language, and what is stored for that. */
import { describe, expect, it } from 'vitest';
import { NOT_ME, sendEventNotice, sendNotice, type Notice } from '../../../src/core/users/security-mail.ts';
import { keyClientId } from '../../../src/model/token.ts';
import type { NewEvent } from '../../../src/model/event.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { linkIdentity, userIdOf } from '../../../src/core/users/identities.ts';
import type { Identity } from '../../../src/model/identity.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { ENGLISH } from '../../../src/words/words.ts';
import { makeMailbox } from '../../support/mailbox.ts';
import { makeServer } from '../../support/server.ts';

const EMAIL = 'ada@mail.example';
const DAY = 86_400;
const GERMAN = { ...ENGLISH, lang: 'de' };
const SETTINGS: Partial<Settings> = {
  name: 'Acme',
  paths: { account: '/account', login: '/login' } as Settings['paths'],
  languages: { of: (lang: string) => (lang === 'de' ? GERMAN : lang === 'en' ? ENGLISH : { ...ENGLISH, lang: `no ${lang}` }) } as never,
};

async function world(more: Partial<Settings> = {}) {
  const [clock, mailbox] = [makeClock(), makeMailbox()];
  const store = memoryStore(clock);
  const { as } = makeServer({ clock, store, settings: { ...SETTINGS, securityEmails: mailbox.send as never, ...more } });
  const { id: userId } = await as.accounts.create({
    username: 'ada',
    password: 'correct horse battery',
    email: EMAIL,
    emailVerified: true,
  });
  const tell = (notice: Partial<Notice> & Pick<Notice, 'what'>): Promise<void> => sendNotice(as, { userId, ...notice });
  const hear = (event: object): Promise<void> => sendEventNotice(as, { userId, ...event } as NewEvent);
  const said = (): readonly string[] => mailbox.messages.map(({ text }) => text.split('\n')[0] ?? '');
  const kept = async () => {
    const key = `notices:${await as.secrets.hash(`notices\n${userId}`)}` as const;
    return { key, value: (await store.read(key))?.value as { known: string[]; lang?: string } | undefined };
  };
  return { as, clock, store, mailbox, userId, tell, hear, said, kept };
}
const opened = (clientId: string, grantId = 'G'): object => ({ kind: 'grant.opened', clientId, grantId });

describe('core/users/security-mail: events', () => {
  it('tell of each change of a password or another way to sign in, but not of a new name or a used recovery code', async () => {
    const { hear, said } = await world();
    for (const factor of ['password', 'passkey', 'totp']) await hear({ kind: 'factor.changed', factor, what: 'added' });
    for (const what of ['renamed', 'recovery_used']) await hear({ kind: 'factor.changed', factor: 'passkey', what });
    await hear({ kind: 'factor.changed', factor: 'password', what: 'changed' });
    const [secret, ways] = [ENGLISH.notice.password('Acme', ''), ENGLISH.notice.factor('Acme', '')];
    expect(said()).toEqual([secret, ways, ways, secret]);
  });

  it('tell of a grant of a user alone, and of no other event', async () => {
    const { hear, said } = await world();
    await hear({ ...opened('https://app.example'), userId: undefined });
    for (const kind of ['grant.ended', 'login.succeeded', 'token.refreshed']) await hear({ ...opened('app'), kind });
    expect(said()).toEqual([]);
  });

  it('tell of each access key, and of each app once, by its name or else by its id', async () => {
    const { as, hear, said } = await world({ clients: new Map([['fixed', { client: { name: 'Fixed' } }]]) as never });
    for (const grantId of ['G1', 'G2']) await hear(opened(keyClientId(grantId), grantId));
    for (const clientId of ['fixed', 'gone', 'fixed', 'gone', 'https://app.example/unread.json']) await hear(opened(clientId));
    const key = ENGLISH.notice.key('Acme', '');
    const apps = ['Fixed', 'gone', 'https://app.example/unread.json'].map((name) => ENGLISH.notice.app('Acme', name));
    expect(said()).toEqual([key, key, ...apps]);
    expect(as.settings.clients.size).toBe(1);
  });
});

describe('core/users/security-mail: who gets a message', () => {
  it('is no user without an account here, and no address that is not verified; what they were told of stays known', async () => {
    const { as, tell, said, userId, kept } = await world();
    await tell({ what: 'password', userId: 'upstream-user' });
    await as.accounts.setEmail(userId, EMAIL, { verified: false } as never);
    if ((await as.accounts.find(userId))?.emailVerified) throw new Error('The address should be unverified.');
    await tell({ what: 'app', once: 'app\n1', name: 'One' });
    expect(said()).toEqual([]);
    expect((await kept()).value?.known).toHaveLength(1);
  });

  it('is a user of an upstream at the address that it has verified first, and at no other', async () => {
    const { as, tell, mailbox } = await world({ issuers: ['https://as.example'] });
    const identity = (issuer: string, claims: object): Identity => ({ issuer, subject: 's', claims: claims as Identity['claims'] });
    const [github, google] = ['https://github.com', 'https://accounts.google.com'];
    const place = { what: 'place', name: 'Firefox on Linux' } as const;
    const proven = { email: EMAIL, email_verified: true };
    const silent = { ...as, emit: () => undefined }; // linking is news, too
    const userId = await userIdOf(as, identity(github, { ...proven, email_verified: false, preferred_username: EMAIL }));
    await tell({ what: 'app', once: 'app\n1', name: 'One', userId });
    expect([mailbox.messages, await as.store.read(`notices:${await as.secrets.hash(`notices\n${userId}`)}`)]).toEqual([[], null]);

    expect(await userIdOf(as, identity(github, proven))).toBe(userId); // verified meanwhile
    await linkIdentity(silent, identity(google, { email: 'mallory@mail.example', email_verified: true }), userId, async () => true);
    await tell({ what: 'app', once: 'app\n1', name: 'One', userId });
    for (const once of ['place\n1', 'place\n1', 'place\n2']) await tell({ ...place, once, userId });
    expect(mailbox.messages.map(({ to }) => to)).toEqual([EMAIL, EMAIL]);
    const token = mailbox.messages.at(-1)?.url?.split('=')[1] ?? '';
    expect(await as.links.find(NOT_ME, token)).toEqual({ userId });

    const account = await as.accounts.create({
      username: 'bob',
      password: 'correct horse battery',
      email: 'bob@mail.example',
      emailVerified: true,
    });
    await linkIdentity(
      silent,
      identity('https://idp.example', { email: 'other@mail.example', email_verified: true }),
      account.id,
      async () => true,
    );
    await tell({ what: 'password', userId: account.id });
    expect(mailbox.messages.at(-1)?.to).toBe('bob@mail.example');
  });

  it('has a link of seven days for that user, which nothing but this page takes', async () => {
    const { as, clock, tell, mailbox, userId } = await world();
    await tell({ what: 'password' });
    const { url = '', html, text } = mailbox.messages[0]!;
    expect(url).toMatch(/^https:\/\/as\.example\/account\/not-me\?token=[\w-]{43}$/);
    const token = url.split('=')[1] ?? '';
    expect(await as.links.find(NOT_ME, token)).toEqual({ userId });
    expect(await as.links.find('reset', token)).toBeNull();
    const { password, ifYou, ifNot } = ENGLISH.notice;
    expect(text).toBe(`${[password('Acme', ''), ifYou, ifNot, url].join('\n\n')}\n`);
    expect(html).toContain(`<p><a href="${url}">${url}</a></p>`);
    expect(html?.match(/<a /g)).toHaveLength(1);
    expect(html).toMatch(/^<!doctype html>\s*<html lang="en" dir="ltr">/);
    clock.pass(7 * DAY - 1);
    expect(await as.links.find(NOT_ME, token)).toEqual({ userId });
    clock.pass(1);
    expect(await as.links.find(NOT_ME, token)).toBeNull();
  });

  it('needs the option', async () => {
    const { tell } = await world({ securityEmails: null });
    await expect(tell({ what: 'password' })).resolves.toBeUndefined();
  });
});

describe('core/users/security-mail: what is known', () => {
  it('is told of again after 400 days without a sign of it, and is kept per user', async () => {
    const { as, clock, tell, said, kept, userId } = await world();
    const app = { what: 'app', once: 'app\n1', name: 'One' } as const;
    await tell(app);
    const { key, value } = await kept();
    expect(value).toEqual({ v: 1, known: [await as.secrets.hash(`notice\n${userId}\napp\n1`)] });
    const { id } = await as.accounts.create({ username: 'bob', password: 'correct horse battery', email: 'bob@mail.example', emailVerified: true });
    await tell({ ...app, userId: id });
    expect(said()).toHaveLength(2);
    clock.pass(400 * DAY - 1);
    expect(await as.store.read(key)).not.toBeNull();
    await tell(app);
    expect(said()).toHaveLength(2);
    clock.pass(1);
    expect(await as.store.read(key)).toBeNull();
    await tell(app);
    expect(said()).toHaveLength(3);
  }); // prettier-ignore

  it('is the newest 64', async () => {
    const { tell, said, kept } = await world();
    for (let n = 0; n <= 64; n++) await tell({ what: 'app', once: `app\n${n}`, name: String(n) });
    expect((await kept()).value?.known).toHaveLength(64);
    await tell({ what: 'app', once: 'app\n1', name: '1' });
    expect(said()).toHaveLength(65);
    await tell({ what: 'app', once: 'app\n0', name: '0' });
    expect(said()).toHaveLength(66);
  });

  it('is not added to by what is told each time, nor by what is known, which writes nothing', async () => {
    const { as, tell, kept } = await world();
    await tell({ what: 'place', once: 'place\n1', lang: 'de' });
    await tell({ what: 'password' });
    await tell({ what: 'place', once: 'place\n1', lang: 'de' });
    const { key, value } = await kept();
    expect(value?.known).toHaveLength(1);
    const before = (await as.store.read(key))?.version;
    await tell({ what: 'place', once: 'place\n1', lang: 'de' });
    await tell({ what: 'place', once: 'place\n1' });
    expect((await as.store.read(key))?.version).toBe(before);
    await tell({ what: 'place', once: 'place\n1', lang: 'en' });
    expect((await kept()).value).toMatchObject({ known: value?.known, lang: 'en' });
  });

  it('does not count for a record of another form, and does not overwrite it', async () => {
    const { as, tell, said, kept } = await world();
    const { key } = await kept();
    for (const odd of [{ v: 1 }, { v: 2, known: [] }, { known: [] }]) {
      await as.store.remove(key);
      await as.store.write(key, odd as never, 'absent');
      await expect(tell({ what: 'app', once: 'app\n1' })).rejects.toMatchObject({ reason: 'notices_unreadable' });
    }
    expect(said()).toEqual([]);
  });

  it('holds the language of the last sign-in, for messages that come without one; English before', async () => {
    const { tell, mailbox } = await world();
    await tell({ what: 'password' });
    await tell({ what: 'place', once: 'place\n1', lang: 'de' });
    await tell({ what: 'password' });
    expect(mailbox.messages.map(({ lang, html }) => [lang, /lang="([^"]*)"/.exec(html ?? '')?.[1]])).toEqual([['en', 'en'], ['de', 'de']]); // prettier-ignore
  });
});
