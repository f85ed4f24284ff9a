/** Disabled users: out at once, whichever way they came, and back when they are enabled. */
import { describe, expect, it } from 'vitest';
import { emailCode } from '../../src/logins/email-code.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { makeMailbox } from '../support/mailbox.ts';
import { makeUpstreamApp, throughCorp, atConsent } from '../support/upstream-app.ts';
import { expectChallenge, expectJson } from '../support/verdicts.ts';

const helpersOf = (app: App): ReturnType<App['provider']['helpers']> => app.provider.helpers(app.env);
const signInStatus = async (app: App): Promise<number> => {
  const browser = app.browser();
  return (await browser.submit(await browser.get(`${ISSUER}/login`), ALICE)).status;
};

describe.each(storeNames)('a disabled user on %s', (store) => {
  it('has no session, grant or key from the next request on, and cannot sign in until enabled', async () => {
    const app = await makeApp(store);
    const { client, tokens, browser } = await app.signedIn();
    await helpersOf(app).disableUser(app.aliceId);
    expectChallenge(await app.call(tokens.access), 'invalid_token');
    expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
    expect((await browser.get(`${ISSUER}/account`)).status).toBe(303);
    expect(await signInStatus(app)).toBe(403);
    expect(await helpersOf(app).accounts.find(app.aliceId)).toMatchObject({ disabled: true });
    await helpersOf(app).enableUser(app.aliceId);
    expect([await signInStatus(app), (await helpersOf(app).accounts.find(app.aliceId))?.disabled]).toEqual([303, undefined]);
    expect((await app.call(tokens.access)).status).toBe(401); // what ended stays ended
  });

  it('does not come back with a new password', async () => {
    const app = await makeApp(store);
    await helpersOf(app).disableUser(app.aliceId);
    await helpersOf(app).accounts.setPassword(app.aliceId, ALICE.password);
    expect(await signInStatus(app)).toBe(403);
  });

  it('of another site cannot come in through it, and keeps the identity', async () => {
    const app = await makeUpstreamApp(store);
    const at = await atConsent(app);
    const tokens = tokensOf(await at.client.redeem(new URL((await throughCorp(app, at)).location ?? '').searchParams.get('code') ?? ''));
    const id = (await app.call(tokens.access)).access?.userId ?? '';
    await helpersOf(app).disableUser(id);
    expectChallenge(await app.call(tokens.access), 'invalid_token');
    expect((await throughCorp(app, await atConsent(app))).status).not.toBe(303);
    await helpersOf(app).enableUser(id);
    const again = await atConsent(app);
    const back = tokensOf(
      await again.client.redeem(new URL((await throughCorp(app, again)).location ?? '').searchParams.get('code') ?? ''),
    );
    expect((await app.call(back.access)).access?.userId).toBe(id);
  });

  it('is told so on the page where they came from, whichever way they prove who they are', async () => {
    const DISABLED = 'This account is disabled.';
    const app = await makeUpstreamApp(store);
    const first = await atConsent(app);
    const tokens = tokensOf(
      await first.client.redeem(new URL((await throughCorp(app, first)).location ?? '').searchParams.get('code') ?? ''),
    );
    await helpersOf(app).disableUser((await app.call(tokens.access)).access?.userId ?? '');
    const consent = await throughCorp(app, await atConsent(app));
    expect([consent.status, consent.text.includes(DISABLED), consent.text.includes('Continue with')]).toEqual([403, true, true]);
    const browser = app.browser();
    const gone = await browser.submit(await browser.get(`${ISSUER}/login?return_to=%2Faccount`), { with: 'corp' });
    const login = await browser.get(await app.idp.visit(gone.location ?? ''));
    expect([login.status, login.text.includes(DISABLED), login.text.includes('return_to=%2Faccount')]).toEqual([403, true, true]);
    expect(app.events.filter(({ kind }) => kind === 'login.failed')).toMatchObject([
      { login: 'corp', reason: 'user_disabled' },
      { login: 'corp', reason: 'user_disabled' },
    ]);
  });

  it('is told so after a second step, at the sign-in page and at the consent page', async () => {
    const mailbox = makeMailbox();
    const app = await makeApp(store, { logins: [emailCode({ sendEmail: mailbox.send })] });
    await helpersOf(app).accounts.setEmail(app.aliceId, 'alice@mail.example', { verified: true });
    const client = await app.client();
    for (const url of [`${ISSUER}/login`, await client.authorizeUrl()]) {
      const browser = app.browser();
      const step = await browser.submit(await browser.get(url), { decision: 'approve', email: 'alice@mail.example' });
      await app.settled();
      await helpersOf(app).disableUser(app.aliceId);
      const told = await browser.submit(step, { code: mailbox.messages.at(-1)?.code ?? '' });
      expect([told.status, told.text.includes('This account is disabled.')]).toEqual([403, true]);
      await helpersOf(app).enableUser(app.aliceId);
    }
  });

  it('is not granted anything on pages of the application, nor while the grant is being stored', async () => {
    const app = await makeApp(store);
    const client = await app.client();
    const { parseAuthRequest, completeAuthorization, disableUser, listGrants } = helpersOf(app);
    const request = await parseAuthRequest(new Request(await client.authorizeUrl()));
    const completion = { request, userId: 'u1', scope: ['read'], props: {} };
    await disableUser('u1');
    await expect(completeAuthorization(completion)).rejects.toMatchObject({ code: 'access_denied' });
    const racing: App['inner'] = {
      atomic: true, read: (...all) => app.inner.read(...all), remove: (...all) => app.inner.remove(...all), list: (...all) => app.inner.list(...all),
      async write(key, ...rest) {
        if (key.startsWith('grant:')) await disableUser('u2');
        return app.inner.write(key, ...rest);
      },
    }; // prettier-ignore
    const late = await appOn(racing, app.clock);
    await expect(helpersOf(late).completeAuthorization({ ...completion, userId: 'u2' })).rejects.toMatchObject({ code: 'access_denied' });
    expect([(await listGrants({ userId: 'u1' })).grants, (await listGrants({ userId: 'u2' })).grants]).toEqual([[], []]);
  });

  it('does not enable a removed user', async () => {
    const app = await makeApp(store);
    await helpersOf(app).accounts.remove(app.aliceId);
    await helpersOf(app).disableUser(app.aliceId);
    await helpersOf(app).enableUser(app.aliceId);
    await expect(helpersOf(app).accounts.create(ALICE, app.aliceId)).rejects.toThrow(/removed/);
    for (const id of ['', 'client:x']) await expect(helpersOf(app).disableUser(id)).rejects.toThrow(TypeError);
  });
});
