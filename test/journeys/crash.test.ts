/** Everything that takes several steps, killed before and after each operation of its store; I1 to I6 hold in the process after it. */
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/model/grant.ts';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { codeOf, type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ALICE, ISSUER } from '../support/app.ts';
import { dieEverywhere, everything, type Flow, type Mortal } from '../support/crash.ts';
import { clientClaims, makeSigner, shown } from '../support/signer.ts';
import { APP, callbackOf } from '../support/upstream-app.ts';

const POST = { token_endpoint_auth_method: 'client_secret_post' };
const BOB = { username: 'bob', password: 'another horse battery' } as const;
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const GATEWAY = { id: 'gateway', secret: 'a-secret-of-enough-characters-to-pass' } as const;

async function grantsIn({ inner }: Mortal): Promise<readonly Grant[]> {
  return (await everything(inner)).filter(({ key }) => key.startsWith('grant:')).map(({ value }) => value as Grant);
}

const living = async (mortal: Mortal): Promise<number> => (await grantsIn(mortal)).filter(({ ended }) => ended === null).length;

/** A redemption or its retry: tokens that work, or a code that is dead with everything of its grant. */
const redeeming =
  (metadata: Record<string, unknown>): Flow['prepare'] =>
  async (mortal) => {
    const client = await mortal.client(metadata);
    const code = await client.signIn(mortal.browser(), ALICE);
    mortal.secret(code, client.secret ?? code);
    return {
      act: () => client.redeem(code),
      async after() {
        mortal.clock.pass(11);
        const answer = await client.redeem(code);
        if (answer.status === 200) expect((await mortal.app().call(tokensOf(answer).access)).status).toBe(200);
        else {
          expect(answer.body['error']).toBe('invalid_grant');
          expect(await grantsIn(mortal)).toMatchObject([
            { ended: { reason: 'code_replayed' }, access: [], refresh: null, sealedProps: '' },
          ]);
        }
        expect((await client.redeem(code)).status).toBe(400);
      },
    };
  };

/** A consent; sent again it gives a code at most once over both processes. */
const consenting =
  (fields: Record<string, string>, signedIn: boolean): Flow['prepare'] =>
  async (mortal) => {
    const [client, browser] = [await mortal.client(), mortal.browser()];
    if (signedIn) await client.signIn(browser, ALICE);
    const before = await living(mortal);
    const page = await browser.get(await client.authorizeUrl());
    return {
      act: () => browser.submit(page, { decision: 'approve', ...fields }),
      async after() {
        const again = await browser.submit(page, { decision: 'approve', ...fields });
        if (again.status === 303) expect((await client.redeem(codeOf(again))).status).toBe(200);
        else expect([400, 403, 409]).toContain(again.status);
        expect((await living(mortal)) - before).toBeLessThanOrEqual(1);
      },
    };
  };

/** Something that signs Bob out of everything: done again, nothing of before works. */
const endingAll = (act: (mortal: Mortal, id: string) => Promise<unknown>, after: (mortal: Mortal, id: string) => Promise<unknown>): Flow['prepare'] => async (mortal) => {
  const { id } = await mortal.app().provider.helpers(mortal.app().env).accounts.create(BOB);
  const signedIn = await Promise.all(
    [0, 1].map(async () => {
      const [client, browser] = [await mortal.client(), mortal.browser()];
      const tokens = tokensOf(await client.redeem(await client.signIn(browser, BOB)));
      return { client, browser, tokens };
    }),
  );
  return {
    act: () => act(mortal, id),
    async after() {
      await act(mortal, id);
      for (const { client, browser, tokens } of signedIn) {
        expect((await mortal.app().call(tokens.access)).status).toBe(401);
        expect((await client.refresh(tokens.refresh)).status).toBe(400);
        expect((await browser.get(`${ISSUER}/account`)).status).toBe(303);
      }
      await after(mortal, id);
    },
  };
}; // prettier-ignore

const accounts = (mortal: Mortal) => mortal.app().provider.helpers(mortal.app().env).accounts;
const clients = (mortal: Mortal) => mortal.app().provider.helpers(mortal.app().env).clients;

const FLOWS: readonly (Flow & { readonly least: number })[] = [
  { name: 'FLT-02 a code exchange of a public client', least: 2, prepare: redeeming({}) },
  { name: 'FLT-02 a code exchange of a client with a secret', least: 3, prepare: redeeming(POST) },
  {
    name: 'FLT-03 a refresh', least: 2,
    async prepare(mortal) {
      const { client, tokens } = await mortal.signedIn();
      return {
        act: () => client.refresh(tokens.refresh),
        async after() {
          const next = tokensOf(await client.refresh(tokens.refresh));
          expect(tokensOf(await client.refresh(tokens.refresh))).toEqual(next);
          expect((await mortal.app().call(next.access)).status).toBe(200);
        },
      };
    },
  },
  {
    name: 'FLT-02 a refresh proven by an assertion, whose id is spent first', least: 4,
    async prepare(mortal) {
      const signer = await makeSigner();
      const client = await mortal.client({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [signer.publicKey] } });
      const proof = async (): Promise<Record<string, string | null>> => ({ ...shown(await signer.sign(clientClaims(client.id, mortal.clock.now()))), client_id: null });
      const tokens = tokensOf(await client.redeem(await client.signIn(mortal.browser(), ALICE), await proof()));
      const first = await proof();
      return {
        act: () => client.refresh(tokens.refresh, first),
        async after() {
          expect([200, 401]).toContain((await client.refresh(tokens.refresh, first)).status);
          expect((await client.refresh(tokens.refresh, first)).status).toBe(401);
          expect((await client.refresh(tokens.refresh, await proof())).status).toBe(200);
        },
      };
    },
  },
  {
    name: 'FLT-04 a revocation', least: 3,
    async prepare(mortal) {
      const { client, tokens } = await mortal.signedIn(POST);
      return {
        act: () => client.revoke(tokens.refresh),
        async after() {
          expect((await client.revoke(tokens.refresh)).status).toBe(200);
          expect([(await mortal.app().call(tokens.access)).status, (await client.refresh(tokens.refresh)).status]).toEqual([401, 400]);
        },
      };
    },
  },
  {
    name: 'FLT-02 a token exchange', least: 2,
    options: async () => ({ clients: [{ ...GATEWAY, authMethod: 'client_secret_post', grantTypes: [EXCHANGE] }], tokenExchange: () => true }),
    async prepare(mortal) {
      const { client, tokens } = await mortal.signedIn();
      const ask = (): Promise<JsonAnswer> => client.token({ grant_type: EXCHANGE, client_id: GATEWAY.id, client_secret: GATEWAY.secret, subject_token: tokens.access, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' });
      mortal.secret(GATEWAY.secret);
      return {
        act: ask,
        async after() {
          const child = String((await ask()).body['access_token']);
          expect((await mortal.app().call(child)).status).toBe(200);
          await client.revoke(tokens.refresh);
          expect((await mortal.app().call(child)).status).toBe(401);
        },
      };
    },
  },
  { name: 'FLT-02 a consent with a password', least: 12, prepare: consenting(ALICE, false) },
  { name: 'FLT-02 a consent of somebody who is signed in', least: 6, prepare: consenting({}, true) },
  { name: 'FLT-02 a consent that is to be remembered', least: 6, prepare: consenting({ remember: '1' }, true) },
  {
    name: 'FLT-02 a registration', least: 3,
    prepare: async (mortal) => ({
      act: () => mortal.app().register({ redirect_uris: ['https://app.example/cb'] }),
      after: async () => expect((await mortal.app().register({ redirect_uris: ['https://app.example/cb'] })).status).toBe(201),
    }),
  },
  {
    name: 'FLT-04 the deletion of a client with living grants', least: 3,
    async prepare(mortal) {
      const { client, tokens } = await mortal.signedIn(POST);
      return {
        act: () => clients(mortal).delete(client.id),
        async after() {
          await clients(mortal).delete(client.id);
          expect([(await mortal.app().call(tokens.access)).status, await clients(mortal).find(client.id)]).toEqual([401, null]);
          expect((await client.refresh(tokens.refresh)).status).toBe(401);
        },
      };
    },
  },
  {
    name: 'FLT-02 a new account with an address', least: 3,
    async prepare(mortal) {
      const account = { ...BOB, email: 'bob@mail.example', emailVerified: true };
      return {
        act: () => accounts(mortal).create(account),
        async after() {
          const made = await accounts(mortal).create(account).catch(() => accounts(mortal).findByUsername('bob'));
          expect(await accounts(mortal).checkPassword(BOB.username, BOB.password)).toMatchObject({ id: made?.id });
          expect((await accounts(mortal).findByEmail(account.email))?.id).toBe(made?.id);
          mortal.clock.pass(3600);
          const all = (await everything(mortal.inner)).filter(({ key, value }) => key.startsWith('account:') && (value as { username: string }).username === 'bob');
          expect(all).toMatchObject([{ key: `account:${made?.id}` }]); // no one without a name stays
        },
      };
    },
  },
  {
    name: 'FLT-02 an account made by an invitation', least: 8,
    options: async () => ({ logins: [password({ accounts: () => [ALICE], signUp: 'invited' })] }),
    async prepare(mortal) {
      const { url } = await accounts(mortal).invite({ email: 'eve@mail.example' });
      const page = await mortal.browser().get(url);
      const secret = 'a fifth horse battery';
      const use = (by: Browser): ReturnType<Browser['submit']> => by.submit(page, { name: 'Eve', 'new-password': secret });
      return {
        act: () => use(mortal.browser()),
        async after() {
          expect([303, 400]).toContain((await use(mortal.browser())).status);
          expect(await accounts(mortal).checkPassword('eve@mail.example', secret)).toMatchObject({ email: 'eve@mail.example', emailVerified: true });
          expect((await accounts(mortal).findByEmail('eve@mail.example'))?.username).toBe('eve@mail.example');
        },
      };
    },
  },
  {
    name: 'FLT-04 a new password, which signs out everywhere', least: 10,
    prepare: endingAll(
      async (mortal, id) => accounts(mortal).setPassword(id, 'a third horse battery'),
      async (mortal) => expect([await accounts(mortal).checkPassword('bob', BOB.password), (await accounts(mortal).checkPassword('bob', 'a third horse battery'))?.username]).toEqual([null, 'bob']),
    ),
  },
  {
    name: 'FLT-04 the removal of an account', least: 10,
    prepare: endingAll(
      async (mortal, id) => accounts(mortal).remove(id),
      async (mortal, id) => expect((await accounts(mortal).create(BOB)).id).not.toBe(id),
    ),
  },
  {
    name: 'FLT-02 the return from another site, whose tokens are kept', least: 8,
    async options() {
      const idp = await makeFakeUpstream({ ...APP, redirectUri: callbackOf('corp'), now: () => 1_790_000_000 });
      journey = (location) => idp.visit(location);
      const corp = oidc({ ...APP, issuer: idp.issuer, id: 'corp', label: 'Corp', fetch: idp.fetch });
      return { logins: [password(), upstream(corp, { keepTokens: true })] };
    },
    async prepare(mortal) {
      const [client, browser] = [await mortal.client(), mortal.browser()];
      const away = async (by: Browser): Promise<string> => {
        const gone = await by.submit(await by.get(await client.authorizeUrl()), { decision: 'approve', with: 'corp' });
        return journey(gone.location ?? '');
      };
      const back = await away(browser);
      return {
        act: () => browser.get(back),
        async after() {
          const again = await browser.get(back);
          if (again.status === 303) expect((await client.redeem(codeOf(again))).status).toBe(200);
          else expect([200, 400, 403, 409]).toContain(again.status);
          expect(await living(mortal)).toBeLessThanOrEqual(1);
          const other = mortal.browser();
          expect((await client.redeem(codeOf(await other.get(await away(other))))).status).toBe(200);
        },
      };
    },
  },
]; // prettier-ignore

let journey: (location: string) => Promise<string>;

describe('a process that is killed before and after each operation of its store', () => {
  it.each(FLOWS)('$name: no invalid token works, and no user is locked out (I1–I6)', async (flow) => {
    expect(await dieEverywhere(flow)).toBeGreaterThanOrEqual(flow.least);
  });
});
