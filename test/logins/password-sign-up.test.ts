/** The pages and messages of a sign-up, call by call. With a browser: `journeys/password.test.ts`. */
import { describe, expect, it } from 'vitest';
import type { PasswordRules } from '../../src/logins/password-rules.ts';
import { signUpPages } from '../../src/logins/password-sign-up.ts';
import type { LoginPage, LoginPageAnswer, LoginPageCall } from '../../src/model/login.ts';
import { ENGLISH as words } from '../../src/words/words.ts';
import { makeLoginPages } from '../support/login-pages.ts';

const GOOD = { username: 'ada', name: ' Ada ', 'new-password': 'correct horse' };
interface Sent {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly url: string;
  readonly kind: string;
}

function makeWorld(rules: Partial<PasswordRules> = {}, mails = false) {
  const world = makeLoginPages();
  const sent: Sent[] = [];
  const sendEmail = async (letter: Sent): Promise<void> => void sent.push(letter);
  const [page] = signUpPages({ signUp: 'open', ...(mails && { sendEmail: sendEmail as never }), ...rules }) as [LoginPage];
  const show = (query = '') => page.answer(world.page(null, query));
  const post = async (form: Record<string, string> = GOOD, network = 'n') => {
    const answer = await page.answer(world.page(form, '', network));
    await world.settled();
    return answer;
  };
  const link = (kind: 'invitation' | 'sign-up', carries: object) => world.as.links.make(kind, { accountId: 'the-id', ...carries }, 900);
  return { ...world, accounts: world.as.accounts, sent, signUp: page, show, post, link };
}
const shown = (answer: LoginPageAnswer): [number | undefined, string] => (answer.kind === 'page' ? [answer.status, answer.body.toString()] : [0, answer.kind]); // prettier-ignore
const dead = { kind: 'page', status: 400, title: words.password.deadTitle, isDone: true };

describe('logins/password-sign-up, permission to sign up', () => {
  it('has no page where sign-up is closed, and a link from the sign-in only where it is open', () => {
    expect(signUpPages({ signUp: 'closed' })).toEqual([]);
    expect(makeWorld().signUp).toMatchObject({ id: 'sign-up' });
    expect([makeWorld().signUp.link?.(words), makeWorld({ signUp: 'invited' }).signUp.link]).toEqual([words.password.signUp, undefined]);
  });

  it('tells a user without an invitation that one is needed, and creates no account', async () => {
    const { show, post, accounts } = makeWorld({ signUp: 'invited' });
    for (const answer of [await show(), await post()]) expect([answer, shown(answer)]).toEqual([expect.objectContaining({ title: words.password.signUpTitle }), [undefined, expect.stringContaining(String(words.password.invitedOnly))]]); // prettier-ignore
    expect(await accounts.findByUsername('ada')).toBeNull();
  });

  it('refuses a link that is not good, whether it is opened or used', async () => {
    const { show, post, accounts } = makeWorld();
    for (const answer of [await show(`token=${'A'.repeat(43)}`), await show('token='), await post({ ...GOOD, token: 'A'.repeat(43) })]) {
      expect(answer).toMatchObject(dead);
      expect(shown(answer)[1]).toContain(String(words.password.dead));
    }
    expect(await accounts.findByUsername('ada')).toBeNull();
  });
});

describe('logins/password-sign-up, without messages', () => {
  it('asks for a name and a password, and signs in the new account', async () => {
    const { show, post, accounts } = makeWorld();
    const [status, body] = shown(await show());
    expect(status).toBeUndefined();
    for (const part of ['action="/act"', 'name="username"', 'name="name"', 'name="new-password"', 'autocomplete="username"', 'autocomplete="name"', String(words.password.create)])
      expect(body).toContain(part);
    expect([body.match(/value=""/g)?.length, /name="token"|problem|value="[^"]/.test(body)]).toEqual([3, false]);
    const answer = await post();
    const ada = await accounts.findByUsername('ada');
    expect(ada).toMatchObject({ name: 'Ada', permissions: [] });
    expect(ada).not.toHaveProperty('email');
    expect(answer).toEqual({ kind: 'proven', proven: { kind: 'proven', identity: expect.objectContaining({ issuer: 'https://as.example', subject: ada?.id }), stamp: ada?.stamp } });
    expect(Object.keys(answer)).toEqual(['kind', 'proven']);
    expect((await accounts.checkPassword('ada', GOOD['new-password']))?.id).toBe(ada?.id);
  }); // prettier-ignore

  it('stores no name that was not given, and cuts what is too long', async () => {
    const { post, accounts } = makeWorld();
    await post({ username: 'bob', 'new-password': 'correct horse' });
    await post({ ...GOOD, name: 'x'.repeat(300) });
    expect([(await accounts.findByUsername('bob'))?.name, (await accounts.findByUsername('ada'))?.name?.length]).toEqual([undefined, 200]);
  });

  it('shows what was typed again, and why it cannot be, without the password', async () => {
    const { post, accounts } = makeWorld({ isBreached: (password) => password === 'breached horse' });
    await accounts.create({ username: 'bob' });
    const cases: readonly (readonly [Record<string, string>, number, unknown])[] = [
      [{ ...GOOD, username: '' }, 400, words.password.usernameUnfit],
      [{ ...GOOD, username: 'ada@mail.example' }, 400, words.password.usernameUnfit],
      [{ ...GOOD, 'new-password': 'short' }, 400, words.password.unfit],
      [{ username: 'ada', name: 'Ada' }, 400, words.password.unfit],
      [{ ...GOOD, 'new-password': 'breached horse' }, 400, words.password.breached],
      [{ ...GOOD, username: 'Bob' }, 409, words.password.taken],
    ];
    for (const [form, status, problem] of cases) {
      const [found, body] = shown(await post(form));
      expect([found, body]).toEqual([status, expect.stringContaining(String(problem))]);
      const isPassword = problem === words.password.unfit || problem === words.password.breached;
      expect(/<input aria-invalid="true"[^>]* name="([^"]+)"/.exec(String(body))?.[1]).toBe(isPassword ? 'new-password' : 'username');
      for (const part of [`value="${form['username']}"`, 'value="Ada"']) expect(body).toContain(part);
      if ((form['new-password'] ?? '') !== '') expect(body).not.toContain(form['new-password']);
    }
    expect(await accounts.findByUsername('ada')).toBeNull();
    expect(shown(await post({ ...GOOD, username: 'x'.repeat(400) }))[1]).not.toContain('x'.repeat(301));
  });

  it('makes thirty accounts an hour for one network', async () => {
    const { post, clock, accounts } = makeWorld();
    for (let at = 0; at < 30; at++) expect((await post({ ...GOOD, username: `u${at}` })).kind).toBe('proven');
    const limited = await post();
    expect([limited, shown(limited)[1]]).toEqual([
      expect.objectContaining({ status: 429, retryAfter: 3600 }),
      expect.stringContaining('60 minutes'),
    ]);
    expect([await accounts.findByUsername('ada'), (await post(GOOD, 'other')).kind]).toEqual([null, 'proven']);
    clock.pass(3599);
    expect((await post({ ...GOOD, username: 'grace' })).kind).toBe('page');
    clock.pass(1);
    expect((await post({ ...GOOD, username: 'grace' })).kind).toBe('proven');
  });

  it('makes one account of one name that two want at once', async () => {
    const { post } = makeWorld();
    const answers = await Promise.all([post(), post()]);
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['page', 'proven']);
  });
});

describe('logins/password-sign-up, with messages', () => {
  it('asks for an address, and answers alike for a new one and for one that has an account', async () => {
    const { show, post, sent, accounts, as, clock } = makeWorld({}, true);
    const [status, body] = shown(await show());
    expect(status).toBeUndefined();
    for (const part of ['name="email"', 'type="email"', 'autocomplete="email"', 'value=""', String(words.password.signUpHow), String(words.password.send)]) expect(body).toContain(part);
    await accounts.create({ username: 'bob', email: 'bob@mail.example', emailVerified: true });
    await accounts.create({ username: 'carol@mail.example' });
    const answers = [await post({ email: ' Ada@Mail.example ' }), await post({ email: 'bob@mail.example' }), await post({ email: 'carol@mail.example' })];
    for (const answer of answers) expect([answer, shown(answer)]).toEqual([expect.objectContaining({ title: words.password.sentTitle }), [undefined, expect.stringContaining(String(words.password.signUpSent))]]);
    const url = sent[0]?.url ?? '';
    expect(url).toMatch(/^https:\/\/as\.example\/login\/sign-up\?token=[\w-]{43}$/);
    expect(sent[0]).toMatchObject({ to: 'ada@mail.example', kind: 'verification', subject: words.email.signUpSubject('Notes'), text: words.email.signUp('Notes', url) });
    const known = 'https://as.example/login?to=x';
    expect(sent.slice(1)).toMatchObject(['bob', 'carol'].map((name) => ({ to: `${name}@mail.example`, kind: 'account-exists', url: known, subject: words.email.knownSubject('Notes'), text: words.email.known('Notes', known) })));
    const token = new URL(url).searchParams.get('token') ?? '';
    expect(await as.links.find('sign-up', token)).toEqual({ accountId: expect.stringMatching(/^[\w-]{22}$/), email: 'ada@mail.example', returnTo: '/account' });
    clock.pass(3599);
    expect(await as.links.find('sign-up', token)).not.toBeNull();
    clock.pass(1);
    expect(await as.links.find('sign-up', token)).toBeNull();
  }); // prettier-ignore

  it('asks again for what is no address, and sends nothing', async () => {
    const { post, sent } = makeWorld({}, true);
    for (const email of ['no address', '', 'a'.repeat(300)]) {
      const [status, body] = shown(await post({ email }));
      expect([status, body]).toEqual([400, expect.stringContaining(String(words.password.emailUnfit))]);
      expect(body).toContain(`value="${email.slice(0, 254)}"`);
    }
    expect(shown(await post({}))[1]).toContain('value=""');
    expect(sent).toEqual([]);
  });

  it('sends three messages an hour to one address from one network, and thirty for one network', async () => {
    const { post, sent, clock } = makeWorld({}, true);
    for (let count = 0; count < 5; count++) await post({ email: 'ada@mail.example' });
    expect(sent).toHaveLength(3);
    for (let at = 0; at < 40; at++) await post({ email: `u${at}@mail.example` }, 'other');
    expect(sent).toHaveLength(33);
    clock.pass(3599);
    await post({ email: 'ada@mail.example' });
    expect(sent).toHaveLength(33);
    clock.pass(1);
    await post({ email: 'ada@mail.example' });
    expect(sent).toHaveLength(34);
  });
});

describe('logins/password-sign-up, with a link', () => {
  it.each(['invitation', 'sign-up'] as const)('makes the account that the link names, once (%s)', async (kind) => {
    const { show, post, accounts, link, as } = makeWorld({ signUp: 'invited' }, true);
    const token = await link(kind, { email: 'ada@mail.example', name: 'Ada L.', permissions: ['admin'], returnTo: '/next' });
    const [status, body] = shown(await show(`token=${token}`));
    expect(status).toBeUndefined();
    for (const part of [`name="token" value="${token}"`, '<bdi>ada@mail.example</bdi>', 'value="Ada L."']) expect(body).toContain(part);
    expect(body).not.toContain('name="username"');
    expect(shown(await post({ token, 'new-password': 'short' }))).toEqual([400, expect.stringContaining(`value="${token}"`)]);
    const answer = await post({ token, name: 'Ada', 'new-password': 'correct horse' });
    expect(answer).toMatchObject({ kind: 'proven', returnTo: '/next', proven: { identity: { subject: 'the-id' } } });
    expect(await accounts.find('the-id')).toMatchObject({ username: 'ada@mail.example', email: 'ada@mail.example', emailVerified: true, name: 'Ada', permissions: ['admin'] });
    expect([await as.links.find(kind, token), await post({ token, 'new-password': 'third horse' })]).toEqual([null, expect.objectContaining(dead)]);
    expect(await accounts.checkPassword('ada@mail.example', 'correct horse')).not.toBeNull();
  }); // prettier-ignore

  it('lets the user choose a name where the link names no address', async () => {
    const { show, post, accounts, link } = makeWorld({ signUp: 'invited' });
    const token = await link('invitation', { permissions: ['admin'] });
    expect(shown(await show(`token=${token}`))[1]).toContain('name="username"');
    expect(shown(await post({ ...GOOD, token, username: 'a@b.example' }))[0]).toBe(400);
    await accounts.create({ username: 'bob' });
    expect(shown(await post({ ...GOOD, token, username: 'bob' }))[0]).toBe(409);
    expect((await post({ ...GOOD, token })).kind).toBe('proven');
    expect(await accounts.find('the-id')).toMatchObject({ username: 'ada', permissions: ['admin'] });
  });

  it('is over when its account exists, was removed, or another account has the address', async () => {
    const form = { 'new-password': 'correct horse' };
    const { post, accounts, link } = makeWorld({}, true);
    const token = await link('sign-up', { email: 'ada@mail.example' });
    const other = await accounts.create({ username: 'other', email: 'ada@mail.example', emailVerified: true });
    expect(await post({ ...form, token })).toMatchObject(dead);
    await accounts.remove(other.id);
    await accounts.create({ username: 'ada@mail.example' }, 'another-id');
    expect(await post({ ...form, token })).toMatchObject(dead);
    await accounts.remove('another-id');
    await accounts.create({ username: 'x' }, 'the-id');
    expect(await post({ ...form, token })).toMatchObject(dead);
    await accounts.remove('the-id');
    expect(await post({ ...form, token })).toMatchObject(dead); // an id is never used again
    expect(await accounts.findByUsername('ada@mail.example')).toBeNull();
  });

  it('makes one account of two uses at once, and passes on a failure that is no one’s fault', async () => {
    const { post, link, signUp, page, as } = makeWorld({}, true);
    const token = await link('sign-up', { email: 'ada@mail.example' });
    const answers = await Promise.all([1, 2].map(() => post({ token, 'new-password': 'correct horse' })));
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['page', 'proven']);
    const second = await link('sign-up', { accountId: 'second', email: 'bob@mail.example' });
    for (const [error, expected] of [[new Error('down'), 'throws'], [new TypeError('removed'), 'dead']] as const) {
      const call: LoginPageCall = page({ token: second, 'new-password': 'correct horse' });
      const answer = signUp.answer({ ...call, services: { ...call.services, accounts: { ...as.accounts, create: () => Promise.reject(error) } } });
      if (expected === 'throws') await expect(answer).rejects.toBe(error);
      else expect(await answer).toMatchObject(dead);
    }
    const { page: other, as: open } = makeWorld();
    const call = other(GOOD);
    const failing = { ...call.services, accounts: { ...open.accounts, create: () => Promise.reject(new TypeError('a fault')) } };
    await expect((signUpPages({ signUp: 'open' })[0] as LoginPage).answer({ ...call, services: failing })).rejects.toThrow('a fault');
  }); // prettier-ignore
});
