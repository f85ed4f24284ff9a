/** Sites that answer with a form: `response_mode=form_post`. */
import { describe, expect, it } from 'vitest';
import { codeOf, tokensOf } from '../../../src/testing/oauth-client.ts';
import { ISSUER } from '../../support/app.ts';
import { atConsent, awayTo, callbackOf, makeUpstreamApp, type UpstreamApp } from '../../support/upstream-app.ts';
import { expectNothingWritten, expectPage } from '../../support/verdicts.ts';

/** The POST of a browser that comes from another site: without any cookie of ours. */
const post = (app: UpstreamApp, fields: ConstructorParameters<typeof URLSearchParams>[0]): Promise<Response> =>
  app.ask('POST', new URL(callbackOf('corp')).pathname, new URLSearchParams(fields).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
    origin: 'null',
    'sec-fetch-site': 'cross-site',
  });
const targetOf = (response: Response): URL => new URL((response.headers.get('refresh') ?? '').replace(/^0;url=/, ''), callbackOf('corp'));

describe('endpoints/sign-in/pages: a posted callback', () => {
  it('goes on to the same URL by GET, where the cookies are, and signs in (as Apple returns)', async () => {
    const app = await makeUpstreamApp('memory');
    const at = await atConsent(app);
    const back = new URL(await app.idp.visit(await awayTo('corp', at)));
    const fields = [...back.searchParams, ['user', '{"name":{"firstName":"Uma"}}'], ['id_token', 'x.y.z']] as [string, string][];
    const page = await expectNothingWritten(app, () => post(app, fields));
    const target = targetOf(page);
    expect([page.status, page.headers.getSetCookie(), app.idp.calls.includes('token')]).toEqual([200, [], false]);
    expect([target.origin + target.pathname, [...target.searchParams.keys()]]).toEqual([callbackOf('corp'), ['state', 'code', 'iss']]);
    const text = await page.text();
    expect(text).toContain(`<a href="${target.search.replaceAll('&', '&#38;')}">`);
    const answer = await at.client.redeem(codeOf(await at.browser.get(target.href)));
    expect((await app.call(tokensOf(answer).access)).status).toBe(200);
  });

  it.each([
    ['access_denied', 'access_denied'], ['user_cancelled_authorize', 'access_denied'], ['user_cancelled_login', 'access_denied'],
    ['temporarily_unavailable', 'temporarily_unavailable'], ['consent_required', 'server_error'], ['user_unknown', 'server_error'],
  ])('brings the refusal %s back to the client as %s, with its state (RFC 6749 §4.1.2.1)', async (error, told) => {
    const app = await makeUpstreamApp('memory');
    const at = await atConsent(app);
    const back = new URL(await app.idp.visit(await awayTo('corp', at), { error }));
    back.searchParams.set('error_description', 'a\r\nb <i>');
    const { searchParams } = new URL((await at.browser.get(targetOf(await post(app, [...back.searchParams])).href)).location ?? ISSUER);
    expect([searchParams.get('error'), searchParams.get('state')]).toEqual([told, 'st4te']);
  }); // prettier-ignore

  it('is a page that does nothing for another browser, a state of its own making, or no form', async () => {
    const app = await makeUpstreamApp('memory');
    const at = await atConsent(app);
    const back = new URL(await app.idp.visit(await awayTo('corp', at)));
    const target = targetOf(await post(app, [...back.searchParams]));
    expectPage(await app.browser().get(target.href), { status: 403 });
    expect((await app.browser().get(targetOf(await post(app, { state: 'x', code: 'y' })).href)).status).toBe(400);
    expect((await post(app, 'state=a&state=b')).status).toBe(400);
    expect((await app.ask('POST', new URL(callbackOf('corp')).pathname, '{}', { 'content-type': 'application/json' })).status).toBe(400);
    expect(codeOf(await at.browser.get(target.href))).toMatch(/^code_/);
  });
});
