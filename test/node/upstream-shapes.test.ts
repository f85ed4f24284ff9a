/** A real OpenID provider (`oidc-provider`) with the issuers, paths and claims of vendors, from the sign-in to the vault. */
import { afterEach, describe, expect, it } from 'vitest';
import { upstream } from '../../src/logins/upstream.ts';
import { makeBrowser, type BrowserPage } from '../../src/testing/browser.ts';
import { codeOf, type TestClient, type Tokens, tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp } from '../support/app.ts';
import { CLIENT, type RealIdp, startRealIdp } from '../support/real-idp.ts';
import { atConsent, awayTo, callbackOf } from '../support/upstream-app.ts';
import { expectPage } from '../support/verdicts.ts';
import { tool } from '../support/vault-tool.ts';
import { VENDORS, type VendorShape } from '../support/vendor-shapes.ts';

interface At {
  readonly app: App;
  readonly idp: RealIdp;
  /** Who came, as the mapping saw it. */
  readonly seen: { subject: string; organization?: string; claims: { readonly [name: string]: unknown } }[];
  connect(): Promise<BrowserPage>;
  signIn(): Promise<{ client: TestClient; tokens: Tokens }>;
  use(access: string): Promise<{ token: string; failure?: string }>;
}

const open: RealIdp[] = [];
afterEach(() => {
  for (const idp of open.splice(0)) idp.close();
});

async function at(vendor: VendorShape): Promise<At> {
  const { make, ...shape } = vendor;
  const idp = await startRealIdp(shape);
  open.push(idp);
  await idp.open(callbackOf('corp'));
  const seen: At['seen'] = [];
  const provider = make({ ...CLIENT, id: 'corp', label: 'Corp', fetch: idp.fetch });
  const mapIdentity = (identity: At['seen'][number]) => (seen.push(identity), { permissions: ['read'] });
  const app = await makeApp('memory', {
    logins: [upstream(provider, { keepTokens: true, mapIdentity })],
    apiHandler: tool,
    accessTokenTTL: 86_400,
  });
  app.clock.pass(Math.floor(Date.now() / 1000) - app.clock.now());
  const atProvider = async (location: string): Promise<string> => {
    const browser = makeBrowser((request) => idp.fetch(request));
    let page = await browser.get(location);
    for (let step = 0; step < 12; step += 1) {
      if (page.location?.startsWith(ISSUER)) return vendor.namesItself ? page.location : withoutIss(page.location);
      if (page.location === null)
        page = await browser.submit(page, page.text.includes('name="login"') ? { login: 'erika', password: 'any' } : {});
      else page = await browser.get(new URL(page.location, page.url).href);
    }
    throw new Error(`The provider never sent the browser back: ${page.status} ${page.text.slice(0, 500)}`);
  };
  const went = async () => {
    const there = await atConsent(app);
    return { client: there.client, page: await there.browser.get(await atProvider(await awayTo('corp', there))) };
  };
  return {
    app,
    idp,
    seen,
    connect: async () => (await went()).page,
    async signIn() {
      const { client, page } = await went();
      return { client, tokens: tokensOf(await client.redeem(codeOf(page))) };
    },
    async use(access) {
      return (await (await app.call(access)).response.json()) as { token: string };
    },
  };
}

const paths = (idp: RealIdp, part: string): number => idp.calls.filter((path) => path.endsWith(part)).length;

describe.each(Object.entries(VENDORS))('a provider shaped like %s', (_name, vendor) => {
  it('is asked for long-lived tokens, refreshed when they end, and revoked when no grant needs them', async () => {
    const there = await at(vendor);
    const { client, tokens } = await there.signIn();
    expect(there.seen).toMatchObject([{ subject: vendor.subject, issuer: vendor.issuer, claims: vendor.claims }]);
    expect(there.seen[0]?.organization).toBe(vendor.organization);
    const first = (await there.use(tokens.access)).token;
    const before = paths(there.idp, '/token');
    for (const round of [1, 2]) {
      there.app.clock.pass(595); // the provider's clock stands still: its tokens go on to be good there
      const said = await Promise.all([1, 2, 3].map(() => there.use(tokens.access)));
      expect(new Set(said.map(({ token }) => token)).has(first)).toBe(round === 1 && said.some(({ token }) => token === first));
      expect(paths(there.idp, '/token') - before).toBe(round); // a rotating token spent twice would have ended it all
    }
    const last = (await there.use(tokens.access)).token;
    const knows = async (): Promise<number> =>
      (await there.idp.fetch(`${await userinfoOf(there.idp)}`, { headers: { authorization: `Bearer ${last}` } })).status;
    expect(await knows()).toBe(200);
    await client.revoke(tokens.refresh);
    const told = vendor.revokes ? 'revoked' : 'no_way_to';
    await expect.poll(() => there.app.events).toContainEqual(expect.objectContaining({ kind: 'upstream.disconnected', told }));
    expect(await knows()).toBe(vendor.revokes ? 401 : 200);
  });

  const elsewhere = vendor.elsewhere ? it : null; // where the vendor knows organizations at all
  elsewhere?.('refuses a user of another organization', async () => {
    const there = await at({ ...vendor, claims: vendor.elsewhere ?? {} });
    const page = await there.connect();
    expect([403, 502]).toContain(page.status); // Entra's issuer says whose token it must be: one of another tenant is a forgery
    expectPage(page, { status: page.status });
    expect([there.seen, there.app.events.filter(({ kind }) => kind === 'grant.opened')]).toEqual([[], []]);
  });
});

function withoutIss(location: string): string {
  const url = new URL(location);
  url.searchParams.delete('iss');
  return url.href;
}

async function userinfoOf({ fetch, issuer }: RealIdp): Promise<string> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  return ((await response.json()) as { userinfo_endpoint: string }).userinfo_endpoint;
}
