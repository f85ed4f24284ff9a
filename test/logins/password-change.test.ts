import { describe, expect, it } from 'vitest';
import { passwordSection } from '../../src/logins/password-change.ts';
import type { PasswordRules } from '../../src/logins/password-rules.ts';
import type { AccountSection, SectionAnswer } from '../../src/model/login.ts';
import { ENGLISH as words } from '../../src/words/words.ts';
import { makeLoginPages } from '../support/login-pages.ts';

const GOOD = { password: 'correct horse', 'new-password': 'another horse' };

async function makeWorld(rules: Partial<PasswordRules> = {}) {
  const world = makeLoginPages();
  const { accounts } = world.as;
  const alice = await accounts.create({ username: 'alice', password: 'correct horse' });
  const section: AccountSection = passwordSection({ signUp: 'closed', ...rules });
  const change = (form: Record<string, string> | null = GOOD, userId = alice.id, network = 'n') => section.answer(world.section(userId, form, network)); // prettier-ignore
  return { ...world, accounts, alice, section, change };
}
const shown = (answer: SectionAnswer): unknown[] => (answer.kind === 'page' ? [answer.status, answer.body.toString()] : [answer.kind]);

describe('logins/password-change', () => {
  it('is on the account page of a user with a password', async () => {
    const { section, alice, accounts, section: { id } } = await makeWorld();
    const line = (userId: string) => section.line({ userId } as never, { accounts } as never, words);
    expect([id, await line(alice.id), await line('nobody')]).toEqual(['password', { title: words.password.title, detail: words.password.change }, null]); // prettier-ignore
    const bob = await accounts.create({ username: 'bob' });
    expect(await line(bob.id)).toBeNull();
  }); // prettier-ignore

  it('asks for the current password and a new one', async () => {
    const { change } = await makeWorld();
    const answer = await change(null);
    const [status, body] = shown(answer) as [number | undefined, string];
    expect([status, answer]).toEqual([undefined, expect.objectContaining({ title: words.password.change })]);
    for (const part of ['action="/account/password"', 'name="password"', 'autocomplete="current-password"', 'type="password"', 'name="new-password"', String(words.password.changeWhy), String(words.password.set)])
      expect(body).toContain(part);
    expect([body.match(/type="password"/g)?.length, body.includes('problem')]).toEqual([2, false]);
  }); // prettier-ignore

  it('sets the new password, and renews the session of this browser with the new stamp', async () => {
    const { change, accounts, alice } = await makeWorld();
    const answer = await change();
    const now = await accounts.find(alice.id);
    expect(answer).toEqual({ kind: 'done', to: 'account', renew: { stamp: now?.stamp } });
    expect([now?.stamp === alice.stamp, (await accounts.checkPassword('alice', 'another horse'))?.id]).toEqual([false, alice.id]);
  });

  it('changes nothing where the current password is wrong or the new one unfit, and says so', async () => {
    const { change, accounts, alice } = await makeWorld({ isBreached: (password) => password === 'breached horse' });
    for (const password of ['wrong horse', '', 'x'.repeat(1025)]) expect(shown(await change({ ...GOOD, password }))).toEqual([403, expect.stringContaining(String(words.password.wrong))]); // prettier-ignore
    expect(shown(await change({ 'new-password': 'another horse' }))[0]).toBe(403);
    expect(shown(await change({ ...GOOD, 'new-password': 'short' }))).toEqual([400, expect.stringContaining(String(words.password.unfit))]);
    expect(shown(await change({ password: GOOD.password }))[0]).toBe(400);
    expect(shown(await change({ ...GOOD, 'new-password': 'breached horse' }))).toEqual([400, expect.stringContaining(String(words.password.breached))]); // prettier-ignore
    expect((await accounts.checkPassword('alice', 'correct horse'))?.stamp).toBe(alice.stamp);
  });

  it('marks the field that is wrong, and none where only the time is', async () => {
    const { change } = await makeWorld();
    const marked = async (form: Record<string, string> | null): Promise<(string | undefined)[]> =>
      [...String(shown(await change(form))[1]).matchAll(/<input aria-invalid="true"[^>]* name="([^"]+)"/g)].map(([, name]) => name);
    expect(await marked(null)).toEqual([]);
    expect(await marked({ ...GOOD, 'new-password': 'short' })).toEqual(['new-password']);
    for (let count = 0; count < 9; count++) expect(await marked({ ...GOOD, password: 'wrong horse' })).toEqual(['password']);
    expect(await marked(GOOD)).toEqual([]); // too many tries
  });

  it('takes a current password of 1,024 characters', async () => {
    const { change, accounts, alice } = await makeWorld();
    await accounts.setPassword(alice.id, 'x'.repeat(1024));
    expect((await change({ ...GOOD, password: 'x'.repeat(1024) })).kind).toBe('done');
  });

  it('leads back to the account page where there is no password to change', async () => {
    const { change, accounts } = await makeWorld();
    const bob = await accounts.create({ username: 'bob' });
    for (const user of [bob.id, 'nobody']) expect(await change(GOOD, user)).toEqual({ kind: 'done', to: 'account' });
  });

  it('allows ten tries in a quarter of an hour, apart from those of the sign-in, and forgets them after a success', async () => {
    const { change, clock, as, alice } = await makeWorld();
    const wrong = { ...GOOD, password: 'wrong horse' };
    for (let count = 0; count < 9; count++) await change(wrong);
    expect((await change()).kind).toBe('done');
    for (let count = 0; count < 10; count++) expect(shown(await change(wrong))[0]).toBe(403);
    const limited = await change({ ...GOOD, password: 'another horse' });
    expect(limited).toMatchObject({ kind: 'page', status: 429, retryAfter: 900 });
    expect(shown(limited)[1]).toContain('15 minutes');
    expect((await change(wrong, alice.id, 'other')).kind).toBe('page');
    clock.pass(900);
    expect((await change({ password: 'another horse', 'new-password': 'third horse' })).kind).toBe('done');
    expect((await as.accounts.checkPassword('alice', 'third horse'))?.id).toBe(alice.id);
  });

  it('says so when the account changed meanwhile', async () => {
    const { section, alice, as } = await makeWorld();
    const world = makeLoginPages();
    const call = world.section(alice.id, GOOD);
    const services = { ...call.services, accounts: { ...as.accounts, setPassword: async () => null } };
    expect(shown(await section.answer({ ...call, services }))).toEqual([
      409,
      expect.stringContaining(String(words.password.changedMeanwhile)),
    ]);
  });
});
