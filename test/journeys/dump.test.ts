/** What someone reads who steals the store: nothing that works, nothing that is private (I5). */
import { makeStores } from '#under-test';
import { expect, it } from 'vitest';
import { everything } from '../support/crash.ts';
import { expectNothingKnown, isCodeIn, liveThrough } from '../support/known-secrets.ts';
import { ALICE, ISSUER, makeApp, storeNames } from '../support/app.ts';

it.each(storeNames)('SEC-213 I5 no record contains a secret of a complete run on %s', async (name) => {
  let time = (): number => 0;
  const store = (await makeStores(() => time())).find((one) => one.name === name)!.store;
  const known = await liveThrough((now) => ((time = now), store));
  const records = await everything(store);
  expect(new Set(records.map(({ key }) => key.split(':', 1)[0])).size).toBeGreaterThan(8);
  expectNothingKnown(JSON.stringify(records), known);
});

it('finds a short code in a key, a form, a number or an encoding, and not within a longer word', () => {
  for (const text of [
    '{"code":"01234567"}',
    '[01234567]',
    '"mail:01234567"',
    'code=01234567&x=1',
    '\n01234567\n',
    '3031323334353637',
    'MDEyMzQ1Njc',
  ])
    expect([text, isCodeIn(text, '01234567')]).toEqual([text, true]);
  for (const text of ['901234567', '01234567A', 'ab/01234567', '_01234567', '0123456'])
    expect([text, isCodeIn(text, '01234567')]).toEqual([text, false]);
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Every text of a dump, keys of members and of records included. */
function textsIn(value: unknown, into = new Set<string>()): ReadonlySet<string> {
  if (typeof value === 'string') for (const text of [value, ...value.split(/[:.@$]/)]) into.add(text);
  else if (typeof value === 'object' && value !== null) for (const entry of Object.entries(value).flat()) textsIn(entry, into);
  return into;
}

it.each(storeNames)('SEC-213 no stored value is accepted as a token, code, cookie or secret, on %s', async (name) => {
  const app = await makeApp(name, { clientRegistrationEndpoint: '/register' });
  const { client, tokens } = await app.signedIn({ token_endpoint_auth_method: 'client_secret_post' });
  const { client: waiting, code } = await app.toCode();
  const dump = await everything(app.inner);
  const texts = [...textsIn(dump)].filter((text) => /^[\w+/=~-]{8,}$/.test(text));
  expect(texts.length).toBeGreaterThan(20);
  const [grantId, waitingId] = [tokens.access.slice(7, 29), code.slice(5, 27)];
  const refreshWith = (secret: string): string =>
    new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh,
      client_id: client.id,
      client_secret: secret,
    }).toString();
  const isIn = async (answer: Promise<{ status: number }>): Promise<boolean> => (await answer).status < 400;
  const opened: string[] = [];
  for (const [at, text] of texts.entries()) {
    const address = { 'x-test-address': `198.51.${at % 200}.${(at >> 8) + 1}` };
    const browser = app.browser();
    browser.cookies.set('__Host-portcullis-session', text);
    const ways: readonly (readonly [string, Promise<boolean>])[] = [
      ...[text, `access_${grantId}.${text}`, `access_${grantId}.${text.slice(0, 43)}`].map((token) => ['access token', isIn(app.call(token))] as const),
      ...[text, `refresh_${grantId}.${text}`, `refresh_${grantId}.${text}${text}`].map((token) => ['refresh token', isIn(client.refresh(token))] as const),
      ['code', isIn(waiting.redeem(`code_${waitingId}.${text}`))],
      ['client secret', isIn(app.ask('POST', '/token', refreshWith(text), { ...FORM, ...address }))],
      ['registration token', isIn(app.ask('GET', `/register/client?client_id=${client.id}`, undefined, { ...address, authorization: `Bearer ${text}` }))],
      ['session', browser.get(`${ISSUER}/login`).then((page) => page.text.includes('You are signed in'))],
    ]; // prettier-ignore
    for (const [what, open] of ways) if (await open) opened.push(`${text} as ${what}`);
  }
  for (const { key, value } of dump.filter((one) => one.key.startsWith('account:')))
    for (const text of textsIn({ key, value })) {
      const browser = app.browser();
      const answer = await browser.submit(await browser.get(`${ISSUER}/login`), { username: ALICE.username, password: text }, { 'x-test-address': `203.0.113.${text.length % 250}` });
      if (answer.status === 303) opened.push(`${text} as password`);
    } // prettier-ignore
  expect(opened).toEqual([]);
  expect((await app.call(tokens.access)).status).toBe(200); // and what is right is still good
});
