/** What a remembered consent covers: never more than was remembered for this organization, and never less than the request is bound to. */
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { html } from '../../../src/lib/html.ts';
import type { FormLogin } from '../../../src/model/login.ts';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import type { BrowserPage } from '../../../src/testing/browser.ts';
import { codeOf, tokensOf } from '../../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp } from '../../support/app.ts';
import { makeProver } from '../../support/prover.ts';
import { expectRedirect, lastReason } from '../../support/verdicts.ts';

const REDIRECT = 'https://app.example/cb';
type Organizations = readonly { readonly id: string; readonly name: string }[];
const [ACME, GLOBEX] = ['acme', 'globex'].map((id) => ({ id, name: id })) as [Organizations[number], Organizations[number]];

async function makeWorld(organizations: Organizations = [], more: Partial<OAuthProviderOptions> = {}) {
  const state = { organizations };
  const identity = { issuer: 'https://door.example', subject: 'ada', claims: { name: 'Ada' } };
  const door: FormLogin = {
    id: 'door',
    fields: () => html``,
    prove: async () => ({ kind: 'proven', identity, organizations: state.organizations }),
  };
  const app: App = await makeApp('memory', { logins: [door], ...more });
  const [client, browser] = [await app.client({ redirect_uris: [REDIRECT] }), app.browser()];
  const open = async (changes: Record<string, string | null> = {}): Promise<BrowserPage> =>
    browser.get(await client.authorizeUrl({ scope: 'read', redirect_uri: REDIRECT, ...changes }));
  const remember = async (fields: Record<string, string> = {}): Promise<string> =>
    codeOf(await browser.submit(await open({ prompt: 'consent' }), { decision: 'approve', remember: 'yes', scope: ['read'], ...fields }));
  const enter = async (now: Organizations): Promise<void> => {
    state.organizations = now;
    browser.cookies.clear();
    await browser.submit(await browser.get(`${ISSUER}/login`), {});
  };
  const redeem = async (page: BrowserPage, headers: Record<string, string> = {}) =>
    client.token({ grant_type: 'authorization_code', code: codeOf(page), client_id: client.id, redirect_uri: REDIRECT, code_verifier: client.verifier }, headers);
  return { app, client, browser, open, remember, enter, redeem };
} // prettier-ignore
const isAsked = (page: BrowserPage): boolean => page.status === 200 && page.text.includes('name="decision"');

describe('endpoints/authorize/authorize: without a consent page', () => {
  it('binds the code to the key that the request names, and to none otherwise', async () => {
    const { app, open, remember, redeem } = await makeWorld();
    await remember();
    const prover = await makeProver(app.clock);
    const proof = await prover.proof('POST', `${ISSUER}/token`);
    const jkt = await calculateJwkThumbprint(prover.publicKey as never);
    const bound = await open({ dpop_jkt: jkt });
    expect((await redeem(bound)).status).toBe(400); // who finds the code has no key
    expect((await redeem(bound, { dpop: proof })).status).toBe(200);
    expect((await redeem(await open())).status).toBe(200);
  }); // prettier-ignore

  it('says why it asks nothing where the client forbids pages', async () => {
    const { app, client, open, remember } = await makeWorld();
    await remember();
    expectRedirect(await open({ prompt: 'none', scope: 'read write' }), 'consent_required');
    expect(lastReason(app)).toBe('prompt_none_consent');
    await app.browser().get(await client.authorizeUrl({ prompt: 'none', redirect_uri: REDIRECT }));
    expect(lastReason(app)).toBe('prompt_none_signed_out');
  });

  it('is for the organization that was chosen, while the user is in it, and for none where several were', async () => {
    const { app, open, remember, enter, redeem } = await makeWorld([ACME, GLOBEX]);
    await enter([ACME, GLOBEX]);
    await remember({ organization: 'acme' });
    const { access } = tokensOf((await redeem(await open())) as never);
    expect((await app.call(access)).access?.organization).toMatchObject({ id: 'acme' });
    await enter([ACME]);
    codeOf(await open());
    for (const left of [[GLOBEX], [], [GLOBEX, { id: 'other', name: 'other' }]]) {
      await enter(left);
      expect([left, isAsked(await open())]).toEqual([left, true]);
    }
    await enter([ACME, GLOBEX]);
    await remember({ organization: 'globex' });
    expect(isAsked(await open())).toBe(true);
  });

  it('is not enough where the user may no longer grant the scope', async () => {
    const may = { scopes: ['read', 'write'] };
    const { open, remember } = await makeWorld([], { grantableScopes: () => may.scopes } as never);
    await remember();
    codeOf(await open());
    may.scopes = ['write'];
    expect(isAsked(await open())).toBe(true);
  });

  it('opens nothing where the user is signed out meanwhile', async () => {
    const { app, open, remember } = await makeWorld();
    await remember();
    const write = app.inner.write.bind(app.inner);
    app.inner.write = async (key, ...all) => {
      const written = await write(key, ...all);
      if (key.startsWith('grant:')) for (const one of (await app.inner.all?.())?.records ?? []) if (one.key.startsWith('session:')) await app.inner.remove(one.key); // prettier-ignore
      return written;
    };
    expect(isAsked(await open())).toBe(true);
    expect(app.events.findLast(({ kind }) => kind === 'grant.ended')).toMatchObject({ reason: 'user_signed_out' });
  });

  it('ends what it opened where the consent was taken back meanwhile', async () => {
    const { app, open, remember } = await makeWorld();
    await remember();
    const write = app.inner.write.bind(app.inner);
    app.inner.write = async (key, ...all) => {
      if (key.startsWith('grant:')) for (const one of (await app.inner.all?.())?.records ?? []) if (/^consents?:/.test(one.key)) await app.inner.remove(one.key); // prettier-ignore
      return write(key, ...all);
    };
    expect(isAsked(await open())).toBe(true);
    expect(app.events.findLast(({ kind }) => kind === 'grant.ended')).toMatchObject({ reason: 'revoked' });
  });
});
