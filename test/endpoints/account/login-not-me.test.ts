/** The page behind the link of a security message: who may post to it, and where it leads. */
import { describe, expect, it } from 'vitest';
import { NOT_ME } from '../../../src/core/users/security-mail.ts';
import { password, type PasswordOptions } from '../../../src/logins/password.ts';
import { ENGLISH } from '../../../src/words/words.ts';
import { type App, ISSUER, makeApp } from '../../support/app.ts';
import { makeMailbox } from '../../support/mailbox.ts';
import { expectNothingWritten, lastReason } from '../../support/verdicts.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

async function world(options: PasswordOptions = {}): Promise<{ app: App; token: string }> {
  const mailbox = makeMailbox();
  const app = await makeApp('memory', { logins: [password(options)], securityEmails: mailbox.send });
  const { accounts } = app.provider.helpers(app.env);
  const { id } = await accounts.create({ username: 'ada', password: 'correct horse battery', email: 'ada@mail.example', emailVerified: true });
  await accounts.setPassword(id, 'another long passphrase');
  const { url = '' } = await mailbox.next();
  return { app, token: new URL(url).searchParams.get('token') ?? '' };
} // prettier-ignore
const post = (app: App, token: string, headers: Record<string, string>): Promise<Response> =>
  app.ask('POST', `/account/${NOT_ME}`, new URLSearchParams({ token }), { ...FORM, ...headers });

describe('endpoints/account/login: “This wasn’t me”', () => {
  it('refuses a form of another site, and one that does not say where it comes from (SEC-125)', async () => {
    const { app, token } = await world();
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, {}]) {
      const refused = await expectNothingWritten(app, () => post(app, token, headers));
      expect([refused.status, lastReason(app), app.events.at(-1)]).toEqual([403, 'cross_site', expect.objectContaining({ code: 'access_denied' })]);
    }
    expect((await post(app, token, { origin: ISSUER })).status).toBe(200);
  }); // prettier-ignore

  it('leads to the sign-in page while there is no page for a new password, and to that page where there is', async () => {
    for (const [options, href, text] of [
      [{}, '/login', ENGLISH.signIn.title],
      [{ signUp: 'open' }, '/login', ENGLISH.signIn.title],
      [{ sendEmail: () => undefined, signUp: 'open' }, '/login/forgot', ENGLISH.password.forgotTitle],
    ] as const) {
      const { app, token } = await world(options);
      const open = await (await app.ask('GET', `/account/${NOT_ME}?token=${token}`)).text();
      expect(open).toContain(`<a href="/login">${ENGLISH.signIn.title}</a>`);
      const done = await (await post(app, token, { origin: ISSUER })).text();
      expect(done).toContain(`<p class="lead">${ENGLISH.notice.done}</p>`);
      expect(done).toContain(`<a class="button main" href="${href}">${text}</a>`);
    }
  });

  it('says of a link without a token, and of a used one, that it is over, and writes nothing', async () => {
    const { app, token } = await world();
    expect((await post(app, token, { origin: ISSUER })).status).toBe(200);
    for (const query of ['', `?token=${token}`, '?token=x']) {
      const page = await expectNothingWritten(app, () => app.ask('GET', `/account/${NOT_ME}${query}`));
      const text = await page.text();
      expect([page.status, text.includes(`<p class="lead">${ENGLISH.notice.over}</p>`)]).toEqual([400, true]);
      expect(text).toContain(`href="/login">${ENGLISH.signIn.title}</a>`);
    }
    expect((await app.ask('POST', `/account/${NOT_ME}`, '', { ...FORM, origin: ISSUER })).status).toBe(400);
  });

  it('signs out once where two requests take the link at the same moment', async () => {
    const { app, token } = await world();
    const answers = await Promise.all([1, 2, 3].map(() => post(app, token, { origin: ISSUER })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400]);
  });
});
