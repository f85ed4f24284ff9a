/** The pages and messages of a reset, call by call. With a browser: `journeys/password.test.ts`. */
import { describe, expect, it } from 'vitest';
import { resetPages } from '../../src/logins/password-change.ts';
import type { PasswordRules } from '../../src/logins/password-rules.ts';
import type { LoginPage, LoginPageAnswer } from '../../src/model/login.ts';
import { ENGLISH as words } from '../../src/words/words.ts';
import { makeLoginPages } from '../support/login-pages.ts';

interface Sent {
  readonly to: string;
  readonly subject: string;
  readonly url: string;
  readonly kind: string;
  readonly text: string;
}

async function makeWorld(rules: Partial<PasswordRules> = {}) {
  const world = makeLoginPages();
  const sent: Sent[] = [];
  const unsent: unknown[] = [];
  const sendEmail = Object.assign(async (letter: Sent) => void sent.push(letter), { unsent: (...all: unknown[]) => void unsent.push(all) });
  const [forgot, reset] = resetPages({ signUp: 'closed', sendEmail: sendEmail as never, ...rules }) as [LoginPage, LoginPage];
  const { accounts } = world.as;
  const alice = await accounts.create({ username: 'alice', password: 'correct horse', email: 'alice@mail.example', emailVerified: true });
  const ask = async (username: string, network = 'n') => {
    const answer = await forgot.answer(world.page({ username }, '', network));
    await world.settled();
    return answer;
  };
  const token = async () => {
    await ask('alice');
    return new URL(sent.at(-1)?.url ?? '').searchParams.get('token') ?? '';
  };
  const open = (of: string) => reset.answer(world.page(null, `token=${of}`));
  const set = (of: string, more: Record<string, string> = {}) => reset.answer(world.page({ token: of, 'new-password': 'another horse', ...more })); // prettier-ignore
  return { ...world, sent, unsent, forgot, reset, accounts, alice, ask, token, open, set };
}
const shown = (answer: LoginPageAnswer): unknown[] => (answer.kind === 'page' ? [answer.status, answer.title, answer.body.toString(), answer.isDone] : [answer.kind]); // prettier-ignore
const dead = [400, words.password.deadTitle, expect.stringContaining('href="https://as.example/login/forgot"'), undefined];

describe('logins/password-change by mail, asking', () => {
  it('has a page to ask, linked from the sign-in, and one to choose', async () => {
    const { forgot, reset, page } = await makeWorld();
    expect([forgot.id, forgot.link?.(words), reset.id, reset.link]).toEqual(['forgot', words.password.forgot, 'reset', undefined]);
    const [status, title, body] = shown(await forgot.answer(page(null)));
    expect([status, title]).toEqual([undefined, words.password.forgotTitle]);
    for (const part of ['action="/act"', 'name="username"', 'autocomplete="username"', String(words.password.forgotHow), String(words.password.send)]) expect(body).toContain(part); // prettier-ignore
  });

  it('answers every name alike, and sends a link to the verified address of an account, by name or address (CWE-640)', async () => {
    const { ask, sent, clock, as, alice } = await makeWorld();
    const answers = [await ask('alice'), await ask('nobody'), await ask('ALICE@mail.example'), await ask('')];
    for (const answer of answers) expect(shown(answer)).toEqual([undefined, words.password.sentTitle, expect.stringContaining(String(words.password.sent)), undefined]); // prettier-ignore
    expect(sent).toHaveLength(2);
    const [first] = sent;
    expect(first).toMatchObject({ to: 'alice@mail.example', kind: 'password-reset', subject: words.email.resetSubject('Notes'), text: words.email.reset('Notes', first?.url ?? '') }); // prettier-ignore
    expect(first?.url).toMatch(/^https:\/\/as\.example\/login\/reset\?token=[\w-]{43}$/);
    const of = new URL(first?.url ?? '').searchParams.get('token') ?? '';
    expect(await as.links.find('password-reset', of)).toEqual({ accountId: alice.id, stamp: alice.stamp, email: 'alice@mail.example' });
    clock.pass(1799);
    expect(await as.links.find('password-reset', of)).not.toBeNull();
    clock.pass(1);
    expect(await as.links.find('password-reset', of)).toBeNull();
  });

  it('sends nothing to an address that was not verified, and says why to the operator', async () => {
    const { ask, sent, unsent, accounts } = await makeWorld();
    await accounts.create({ username: 'bob', password: 'correct horse', email: 'bob@mail.example' });
    await accounts.create({ username: 'carol', password: 'correct horse' });
    for (const name of ['bob', 'bob@mail.example', 'carol', 'nobody']) await ask(name);
    expect([sent, unsent.length]).toEqual([[], 4]);
    expect(unsent[0]).toEqual(['bob', expect.stringContaining('no account of that name has a proven address')]);
    const { ask: plain, sent: none } = await makeWorld({ sendEmail: (async () => undefined) as never });
    await plain('nobody');
    expect(none).toEqual([]);
  });

  it('prefers the account with the verified address to one with the address as its name', async () => {
    const { ask, sent, accounts } = await makeWorld();
    await accounts.create({ username: 'alice@mail.example', password: 'correct horse', email: 'eve@mail.example', emailVerified: true });
    await ask('alice@mail.example');
    expect(sent.map(({ to }) => to)).toEqual(['alice@mail.example']);
  });

  it('counts every name and spelling that leads to one account together (SEC-152)', async () => {
    const { ask, sent } = await makeWorld();
    for (const typed of ['alice', 'alice@mail.example', '\talice@mail.example', 'ALICE@mail.example\n', '\u2028alice@mail.example', 'аlice']) await ask(typed); // prettier-ignore
    expect(sent).toHaveLength(3);
  });

  it('sends three messages an hour to one account from one network, and thirty for one network, and cuts a name that is too long', async () => {
    const { ask, sent, clock, accounts } = await makeWorld();
    for (let count = 0; count < 5; count++) await ask('alice');
    expect(sent).toHaveLength(3);
    clock.pass(3599);
    await ask('alice');
    expect(sent).toHaveLength(3);
    await ask('alice', 'other');
    expect(sent).toHaveLength(4);
    for (let at = 0; at < 30; at++) await accounts.create({ username: `u${at}`, email: `u${at}@mail.example`, emailVerified: true });
    for (let at = 0; at < 30; at++) await ask(`u${at}`, 'third');
    await ask('alice', 'third');
    expect(sent).toHaveLength(34);
    clock.pass(3600);
    await ask('alice', 'third');
    await ask(`alice${' '.repeat(300)}`, 'third');
    expect(sent).toHaveLength(36);
  });
});

describe('logins/password-change by mail, choosing', () => {
  it('shows a form for a good link, which opening does not use up', async () => {
    const { token, open } = await makeWorld();
    const of = await token();
    for (let count = 0; count < 2; count++) {
      const [status, title, body] = shown(await open(of));
      expect([status, title]).toEqual([undefined, words.password.resetTitle]);
      for (const part of [`name="token" value="${of}"`, 'name="new-password"', 'action="https://as.example/login/reset"', String(words.password.set)]) expect(body).toContain(part); // prettier-ignore
      expect(body).not.toMatch(/name="others"|problem/);
    }
  });

  it('sets the password once', async () => {
    const { token, set, accounts, alice, as, open } = await makeWorld();
    const of = await token();
    expect(shown(await set(of))).toEqual([undefined, words.password.doneTitle, expect.stringContaining(String(words.password.done)), true]);
    expect((await accounts.checkPassword('alice', 'another horse'))?.id).toBe(alice.id);
    expect([await as.links.find('password-reset', of), shown(await set(of)), shown(await open(of))]).toEqual([null, dead, dead]);
  });

  it('is over when the password, the address or the account has changed since', async () => {
    for (const change of ['password', 'email', 'account', 'stamp'] as const) {
      const { token, set, open, accounts, alice, as } = await makeWorld();
      const of = await token();
      if (change === 'password') await accounts.setPassword(alice.id, 'third horse');
      if (change === 'email') await as.records.changeAccount(alice.id, (account) => account && { ...account, email: 'other@mail.example' });
      if (change === 'stamp') await as.records.changeAccount(alice.id, (account) => account && { ...account, stamp: 'other' });
      if (change === 'account') await accounts.remove(alice.id);
      expect([change, shown(await open(of)), shown(await set(of))]).toEqual([change, dead, dead]);
    }
    const { open, set, reset, page, token, as, alice } = await makeWorld();
    expect([shown(await open('A'.repeat(43))), shown(await open('')), shown(await set('')), shown(await reset.answer(page(null))), shown(await reset.answer(page({})))]).toEqual([dead, dead, dead, dead, dead]); // prettier-ignore
    const of = await token();
    const call = page({ token: of, 'new-password': 'another horse' });
    const racing = { ...call.services, accounts: { ...as.accounts, setPassword: async () => null } };
    expect(shown(await reset.answer({ ...call, services: racing }))).toEqual(dead);
    expect(await as.links.find('password-reset', of)).toMatchObject({ accountId: alice.id });
  });

  it('asks again for a password that is unfit, with the same link', async () => {
    const { token, set, accounts } = await makeWorld();
    const of = await token();
    for (const fresh of ['short', '']) {
      const [status, , body] = shown(await set(of, { 'new-password': fresh }));
      expect([status, body]).toEqual([400, expect.stringContaining(String(words.password.unfit))]);
      expect(body).toContain(`name="token" value="${of}"`);
    }
    expect(await accounts.checkPassword('alice', 'correct horse')).not.toBeNull();
    expect(shown(await set(of))[0]).toBeUndefined();
  });

  it('removes what a session adds while the new password is set, too (F-37)', async () => {
    const { token, page, reset, as, alice } = await makeWorld();
    const call = page({ token: await token(), 'new-password': 'another horse', others: 'remove' });
    const setPassword = async (...all: Parameters<typeof as.accounts.setPassword>): ReturnType<typeof as.accounts.setPassword> => {
      const key = { id: 'a2V5', publicKey: 'aA', counter: 0, transports: [], backupEligible: false, backedUp: false };
      await as.passkeys.add({ ...key, userId: alice.id, name: 'Thief', createdAt: 1 });
      return as.accounts.setPassword(...all);
    };
    const [, title, body] = shown(
      await reset.answer({ ...call, services: { ...call.services, accounts: { ...as.accounts, setPassword } } }),
    );
    expect([title, await as.passkeys.of(alice.id)]).toEqual([words.password.doneTitle, []]);
    expect(body).not.toContain('Thief');
  });

  it('names other ways into the account, and removes them where that is wanted, but not the second factor', async () => {
    const { token, set, open, as, alice, store } = await makeWorld();
    const addOthers = async (): Promise<void> => {
      const key = { id: 'a2V5', publicKey: 'aA', counter: 0, transports: [], backupEligible: false, backedUp: false };
      await as.passkeys.add({ ...key, userId: alice.id, name: 'Phone', createdAt: 1 });
      for (const [hash, issuer, more] of [['h1', 'https://idp.example', { account: 'ada' }], ['h2', 'urn:x', {}], ['h3', 'app', {}]] as const)
        await store.write(`identity:${hash}`, { v: 1, userId: alice.id, issuer, createdAt: 1, ...more }, 'any', { index: [`identities:${alice.id}`] });
    };
    await addOthers();
    const of = await token();
    const [, , body] = shown(await open(of));
    for (const part of ['with: <bdi>Phone</bdi>, <bdi>idp.example (ada)</bdi>, <bdi>urn:x</bdi>, <bdi>app</bdi>.', 'type="checkbox" name="others" value="remove"', String(words.password.removeOthers)]) expect(body).toContain(part);
    const kept = shown(await set(of));
    expect(kept[2]).toContain('<bdi>Phone</bdi>, <bdi>idp.example (ada)</bdi>');
    const removed = shown(await set(await token(), { others: 'remove' }));
    expect(removed[2]).not.toContain('<bdi>');
    expect(removed[2]).not.toContain('class="note"');
    const services = makeLoginPages().page(null).services;
    expect(services.issuer).toBe('https://as.example');
    expect((await as.passkeys.of(alice.id)).length).toBe(0);
  }); // prettier-ignore
});
