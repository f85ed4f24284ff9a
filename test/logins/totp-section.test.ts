import { describe, expect, it } from 'vitest';
import { totp } from '../../src/logins/totp.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { ALICE, type App, ISSUER, makeApp } from '../support/app.ts';
import { authenticatorFor, recoveryIn, setUp } from '../support/totp-app.ts';

const PAGE = `${ISSUER}/account/totp`;
const make = (): Promise<App> => makeApp('memory', { secondFactor: totp(), secret: 'c2VjcmV0IG9mIHRoZSBzZXJ2ZXIsIDMyIGJ5dGVzIGxvbmc' });

async function signedIn(app: App): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  return browser;
}

const changes = (app: App): readonly string[] => app.events.flatMap((event) => (event.kind === 'factor.changed' ? [event.what] : []));

describe('logins/totp, section', () => {
  it('offers a secret as picture, link and text, and turns on with the code that the app then shows', async () => {
    const app = await make();
    const browser = await signedIn(app);
    expect((await browser.get(`${ISSUER}/account`)).text).toMatch(/Authenticator app<\/a\s*><small>Off/);
    const offer = await browser.get(PAGE);
    expect(offer.text).toMatch(/<svg role="img" aria-label="QR code[^"]*"/);
    expect(offer.text).toContain('otpauth://totp/mcp.example:alice?secret=');
    expect(offer.headers.get('content-security-policy')).not.toContain('script-src');
    const { page } = await setUp(browser, app.clock);
    expect([page.status, recoveryIn(page).length, new Set(recoveryIn(page)).size]).toEqual([200, 10, 10]);
    expect((await browser.get(PAGE)).text).toContain('10 recovery codes left.');
    expect(recoveryIn(await browser.get(PAGE))).toEqual([]);
    expect((await browser.get(`${ISSUER}/account`)).text).toContain('On: required to sign in');
    expect(changes(app)).toEqual(['added']);
  });

  it('stays off with a wrong code, keeps the same secret for the next try, and bounds the tries', async () => {
    const app = await make();
    const browser = await signedIn(app);
    const offer = await browser.get(PAGE);
    const phone = authenticatorFor(offer, app.clock);
    let page = offer;
    for (let count = 0; count < 20; count++) page = await browser.submit(offer, { decision: 'confirm', code: '12345' });
    expect([page.status, page.text.includes('code is wrong')]).toEqual([400, true]);
    expect(page.text).toMatch(/<input aria-invalid="true" aria-describedby="problem"\s+id="totp-code"/);
    expect(await authenticatorFor(page, app.clock).code()).toBe(await phone.code());
    const late = await browser.submit(page, { decision: 'confirm', code: await phone.code() });
    expect([late.status, late.text.includes('aria-invalid=')]).toEqual([429, false]);
    expect(changes(app)).toEqual([]);
  });

  it('refuses a secret that is expired, forged, or was made for another user', async () => {
    const app = await make();
    const { accounts } = app.provider.helpers(app.env);
    await accounts.create({ username: 'mallory', password: 'mallory and nobody' });
    const mallory = app.browser();
    await mallory.submit(await mallory.get(`${ISSUER}/login`), { username: 'mallory', password: 'mallory and nobody' });
    const theirs = await mallory.get(PAGE);
    const browser = await signedIn(app);
    for (const offer of [/name="offer" value="([^"]+)"/.exec(theirs.text)?.[1] ?? '', 'made-up'])
      await browser.submit(await browser.get(PAGE), { decision: 'confirm', offer, code: await authenticatorFor(theirs, app.clock).code() });
    app.clock.pass(550);
    const fresh = await browser.get(PAGE);
    app.clock.pass(901);
    const again = await signedIn(app);
    await again.submit(fresh, { decision: 'confirm', code: await authenticatorFor(fresh, app.clock).code() });
    expect(changes(app)).toEqual([]);
  });

  it('needs a sign-in of the last ten minutes for everything but looking, and the second factor for that', async () => {
    const app = await make();
    const old = await signedIn(app);
    app.clock.pass(601);
    expect((await old.get(PAGE)).location).toBe('/login?return_to=%2Faccount%2Ftotp&again=1');
    const browser = await signedIn(app);
    const { app: phone } = await setUp(browser, app.clock);
    app.clock.pass(601);
    const page = await browser.get(PAGE);
    expect(page.text).toContain('Turn off');
    for (const decision of ['renew', 'remove']) expect((await browser.submit(page, { decision })).location).toContain('again=1');
    expect(changes(app)).toEqual(['added']);
    const step = await browser.submit(await browser.get(`${ISSUER}/login?return_to=%2Faccount%2Ftotp&again=1`), ALICE);
    expect(step.text).toContain('Confirm it’s you');
    const back = await browser.submit(step, { code: await phone.code() });
    expect([back.status, back.location]).toEqual([303, '/account/totp']);
    expect((await browser.submit(page, { decision: 'remove' })).location).toBe('/account');
    expect(changes(app)).toEqual(['added', 'removed']);
  });

  it('gives new recovery codes in place of the old ones', async () => {
    const app = await make();
    const browser = await signedIn(app);
    const { recovery } = await setUp(browser, app.clock);
    const shown = await browser.submit(await browser.get(PAGE), { decision: 'renew' });
    const renewed = recoveryIn(shown);
    const file = /href="data:text\/plain;charset=utf-8,([^"]*)" download="recovery-codes.txt"/.exec(shown.text)?.[1] ?? '';
    expect(decodeURIComponent(file).trim().split('\r\n')).toEqual(renewed); // to be kept, without a script and without a second request
    expect(shown.text).toContain('class="scopes copied"');
    expect([renewed.length, renewed.some((code) => recovery.includes(code))]).toEqual([10, false]);
    const at = async (): Promise<{ other: Browser; step: Awaited<ReturnType<Browser['get']>> }> => {
      const other = app.browser();
      return { other, step: await other.submit(await other.get(`${ISSUER}/login`), ALICE) };
    };
    const { other, step } = await at();
    expect((await other.submit(step, { recovery: recovery[0] ?? '' })).status).toBe(403);
    expect((await other.submit(step, { recovery: renewed[0] ?? '' })).status).toBe(303);
  });

  it('is set up once, also if several tabs confirm at the same time', async () => {
    const app = await make();
    const browser = await signedIn(app);
    const offers = [await browser.get(PAGE), await browser.get(PAGE)];
    const pages = await Promise.all(
      offers.map(async (offer) => browser.submit(offer, { decision: 'confirm', code: await authenticatorFor(offer, app.clock).code() })),
    );
    expect(pages.filter((page) => recoveryIn(page).length === 10)).toHaveLength(1);
    expect(changes(app)).toEqual(['added']);
  });
});
