import { makeStores } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeClock } from '../../src/testing/clock.ts';
import { registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { clientClaims, makeSigner, shown } from '../support/signer.ts';
import { expectJson } from '../support/verdicts.ts';

const REDIRECT = 'http://localhost:3334/callback';
const known = (app: App, id: string): Promise<TestClient> => registerClient({ send: app.send, issuer: ISSUER, id });
const verbs = (app: App) => app.provider.helpers(app.env).clients;
const SECRET = 'a-secret-of-enough-characters-to-pass';

describe.each(storeNames)('provider/clients on %s', (store) => {
  it('changes a client that registered itself, whose links are none that a spec may have, and keeps them', async () => {
    const app = await makeApp(store);
    const metadata = { redirect_uris: [REDIRECT], client_name: 'Self', logo_uri: 'http://self.example/l.png', token_endpoint_auth_method: 'none' };
    const { client_id: id } = (await (await app.ask('POST', '/register', JSON.stringify(metadata), { 'content-type': 'application/json' })).json()) as { client_id: string };
    expect(await verbs(app).update(id, { name: 'Renamed' })).toMatchObject({ name: 'Renamed', logoUri: metadata.logo_uri });
    expect(await verbs(app).update(id, { logoUri: 'https://self.example/l.png' })).toMatchObject({ logoUri: 'https://self.example/l.png' });
    await expect(verbs(app).update(id, { logoUri: 'http://self.example/l.png' })).rejects.toThrow('`logoUri` must be an https URL');
  }); // prettier-ignore

  it('keeps contacts, and names and links in other languages, and says which is wrong (W-03)', async () => {
    const app = await makeApp(store);
    const spec = { redirectUris: [REDIRECT], contacts: ['me@app.example'], localized: { 'client_name#JA': 'ノート', 'tos_uri#fr': 'https://app.example/fr' } };
    const { client } = await verbs(app).create(spec);
    const kept = { contacts: ['me@app.example'], names: { ja: 'ノート' }, links: { 'tos_uri#fr': 'https://app.example/fr' } };
    expect(await verbs(app).find(client.id)).toMatchObject(kept);
    expect(await verbs(app).update(client.id, { name: 'Renamed' })).toMatchObject(kept);
    expect(await verbs(app).update(client.id, { contacts: [], localized: { 'tos_uri#fr': 'https://app.example/neu' } })).toMatchObject({ contacts: [], links: { 'tos_uri#fr': 'https://app.example/neu' } });
    for (const [change, words] of [
      [{ localized: { 'client_name#ja': 'a\nb' } }, 'client_name#ja'],
      [{ localized: { 'client_name#no language': 'x' } }, 'no language'],
      [{ localized: { 'tos_uri#fr': 'javascript:alert(1)' } }, 'tos_uri#fr'],
      [{ localized: { 'jwks_uri#fr': 'https://app.example' } }, 'jwks_uri#fr'],
      [{ contacts: ['me@app.example', 'a\u202eb'] }, 'no page could show ["me@'],
    ] as const) {
      await expect(verbs(app).create({ ...spec, ...change })).rejects.toThrow(words);
      await expect(verbs(app).update(client.id, change)).rejects.toThrow(words);
    }
  }); // prettier-ignore

  it('makes a client that signs users in, shows it without its secret, and changes it (S-094)', async () => {
    const app = await makeApp(store);
    const { client: info, secret = '' } = await verbs(app).create({
      name: 'Made',
      redirectUris: [REDIRECT],
      authMethod: 'client_secret_post',
    });
    expect(JSON.stringify(info)).not.toContain('ecret"');
    const client = await known(app, info.id);
    const answer = await client.redeem(await client.signIn(app.browser(), ALICE), { client_secret: secret });
    expect((await app.call(tokensOf(answer).access)).access).toMatchObject({ clientId: info.id });
    expect(await verbs(app).find(info.id)).toEqual(info);
    expect((await verbs(app).list()).clients).toEqual([info]);
    expect(await verbs(app).update(info.id, { name: 'Renamed' })).toEqual({ ...info, name: 'Renamed' });
    await expect(verbs(app).update(info.id, { redirectUris: [] })).rejects.toThrow('`redirectUris` is empty');
    const misspelt = { redirectURIs: [REDIRECT] } as object;
    await expect(verbs(app).update(info.id, misspelt)).rejects.toThrow('clients.update: `redirectURIs` is not an option');
    await expect(verbs(app).create(misspelt)).rejects.toThrow('clients.create: `redirectURIs` is not an option');
    expect(await verbs(app).update('AAAAAAAAAAAAAAAAAAAAAA', { name: 'x' })).toBeNull();
    expect((await verbs(app).find(info.id))?.name).toBe('Renamed');
    expect(app.events.flatMap((one) => (one.kind.startsWith('client.') ? [one.kind] : []))).toEqual([
      'client.registered',
      'client.updated',
    ]);
  });

  it('accepts the old secret beside the new one for the overlap, and not after it', async () => {
    const app = await makeApp(store);
    const { client: info, secret: first = '' } = await verbs(app).create({ redirectUris: [REDIRECT], authMethod: 'client_secret_post' });
    const client = await known(app, info.id);
    const ask = async (secret: string | null): Promise<unknown> =>
      (await client.token({ grant_type: 'refresh_token', refresh_token: 'x', client_id: info.id, client_secret: secret })).body['error'];
    const second = await verbs(app).rotateSecret(info.id, 60);
    expect([await ask(first), await ask(second)]).toEqual(['invalid_grant', 'invalid_grant']);
    app.clock.pass(60);
    expect([await ask(first), await ask(second)]).toEqual(['invalid_client', 'invalid_grant']);
    const third = await verbs(app).rotateSecret(info.id, 0);
    expect([await ask(second), await ask(third)]).toEqual(['invalid_client', 'invalid_grant']);
    const { client: none } = await verbs(app).create({ redirectUris: [REDIRECT], authMethod: 'none' });
    expect([await verbs(app).rotateSecret(none.id), await verbs(app).rotateSecret('nobody')]).toEqual([null, null]);
    await expect(verbs(app).rotateSecret(info.id, -1)).rejects.toThrow('`overlap`');
  });

  it('SEC-084 SEC-037 deletes a client with all of its grants, tokens and unspent codes, and no others', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const other = await app.signedIn();
    const code = await client.signIn(app.browser(), ALICE);
    const page = await app.browser().get(await client.authorizeUrl());
    expect(await verbs(app).delete(client.id)).toBe(true);
    expect((await app.call(tokens.access)).status).toBe(401);
    expectJson(await client.refresh(tokens.refresh), 'invalid_client', 401);
    expectJson(await client.redeem(code), 'invalid_client', 401);
    expect(page.status).toBe(200);
    expect((await app.browser().get(await client.authorizeUrl())).status).toBe(400);
    expect([await verbs(app).find(client.id), await verbs(app).delete(client.id)]).toEqual([null, false]);
    expect((await app.call(other.tokens.access)).status).toBe(200);
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'client.deleted', clientId: client.id }));
  });

  it('SEC-084 finishes a deletion that was interrupted at any step of it', async () => {
    for (let step = 1; ; step++) {
      const clock = makeClock();
      const inner = (await makeStores(clock.now)).find(({ name }) => name === store)!.store;
      let left = Infinity;
      const counted = <T>(run: () => Promise<T>): Promise<T> => (left-- > 0 ? run() : Promise.reject(new Error('power cut')));
      const app = await appOn({
        ...inner, atomic: true, read: (key) => inner.read(key), list: (index, after) => inner.list(index, after),
        write: (...args) => counted(() => inner.write(...args)), remove: (...args) => counted(() => inner.remove(...args)),
      }, clock); // prettier-ignore
      const { client, tokens } = await app.signedIn();
      const again = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE)));
      left = step;
      const finished = await verbs(app).delete(client.id).then(() => true, () => false); // prettier-ignore
      left = Infinity;
      await verbs(app).delete(client.id);
      for (const { access, refresh } of [tokens, again]) {
        expect((await app.call(access)).status).toBe(401);
        expect((await client.refresh(refresh)).status).toBe(401);
      }
      expect(await verbs(app).find(client.id)).toBeNull();
      if (finished) {
        expect(step).toBe(4); // the mark, two grants, the row
        break;
      }
    }
  });

  it('SEC-037 ends a grant that is opened while its client is deleted', async () => {
    const clock = makeClock();
    const inner = (await makeStores(clock.now)).find(({ name }) => name === store)!.store;
    let meanwhile: (() => Promise<unknown>) | null = null;
    const app = await appOn({
      ...inner, atomic: true, read: (key) => inner.read(key), list: (index, after) => inner.list(index, after), remove: (...args) => inner.remove(...args),
      async write(key, ...rest) {
        const run = key.startsWith('grant:') ? meanwhile : null;
        if (run) meanwhile = null;
        await run?.();
        return inner.write(key, ...rest);
      },
    }, clock); // prettier-ignore
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    meanwhile = () => verbs(app).delete(client.id);
    const done = await browser.submit(page, { decision: 'approve', ...ALICE });
    expect([done.status, done.location]).toEqual([400, null]);
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'grant.ended', reason: 'client_deleted' }));
  });
});

describe('provider/clients: clients of the options', () => {
  const clients = [{ id: 'agent', secret: SECRET, redirectUris: [REDIRECT], authMethod: 'client_secret_post', name: 'Agent' }] as const;

  it('has configured clients from the start, neither reads nor stores them, and stores no secret (S-094)', async () => {
    const app = await makeApp('memory', { clients });
    const client = await known(app, 'agent');
    const code = await client.signIn(app.browser(), ALICE);
    expectJson(await client.redeem(code, { client_secret: `${SECRET}x` }), 'invalid_client', 401);
    expectJson(await client.redeem(code), 'invalid_client', 401);
    const { access } = tokensOf(await client.redeem(code, { client_secret: SECRET }));
    expect((await app.call(access)).access).toMatchObject({ clientId: 'agent' });
    expect(await verbs(app).find('agent')).toMatchObject({ name: 'Agent' });
    expect(await app.store.read('client:agent')).toBeNull();
    for (const change of [verbs(app).delete('agent'), verbs(app).update('agent', {}), verbs(app).rotateSecret('agent')])
      await expect(change).rejects.toThrow('one of the option `clients`');
  });

  it('SEC-100 never fetches the document of a URL that is configured', async () => {
    const signer = await makeSigner();
    const id = 'https://agent.example/client.json';
    const app = await makeApp('memory', { clients: [{ id, redirectUris: [REDIRECT], jwks: { keys: [signer.publicKey as never] } }] });
    const client = await known(app, id);
    const assertion = shown(await signer.sign(clientClaims(id, app.clock.now())));
    expect((await client.redeem(await client.signIn(app.browser(), ALICE), assertion)).status).toBe(200);
  });

  it('takes them from the environment, where secrets stand', async () => {
    const app = await makeApp('memory', {
      clients: (env: unknown) => [{ ...clients[0], secret: (env as { SECRET?: string }).SECRET ?? SECRET }],
    });
    const client = await known(app, 'agent');
    expect((await client.redeem(await client.signIn(app.browser(), ALICE), { client_secret: SECRET })).status).toBe(200);
  });

  it.each([
    [{}, 'without an `id`'], [{ id: 'a b' }, 'its id must be'], [{ id: 'a' }, 'needs a `secret` of at least 32'], [{ id: 'a', secret: 'short' }, 'needs a `secret` of at least 32'],
    [{ id: 'a', authMethod: 'none', redirectUris: [REDIRECT], secret: SECRET }, 'which none does not use'], [{ id: 'a', authMethod: 'none' }, 'client_credentials needs a client that proves who it is'],
    [{ id: 'a', secret: SECRET, authMethod: 'x' }, '`authMethod` must be one of'], [{ id: 'a', secret: SECRET, grantTypes: ['implicit'] }, '`grantTypes` holds "implicit"'],
    [{ id: 'a', secret: SECRET, grantTypes: ['authorization_code'] }, '`redirectUris` is empty'], [{ id: 'a', secret: SECRET, redirectUris: ['http://x.example'] }, '`redirectUris` holds'],
    [{ id: 'a', secret: SECRET, scope: ['a b'] }, '`scope` holds "a b"'], [{ id: 'a', authMethod: 'private_key_jwt' }, 'needs `jwks` or `jwksUri`'],
    [{ id: 'a', jwks: { keys: [{ kty: 'oct', k: 'x' }] } }, 'public keys only'], [{ id: 'a', jwksUri: 'http://x.example/k' }, '`jwksUri` must be'],
    [{ id: 'a', jwks: { keys: [] }, jwksUri: 'https://x.example/k' }, 'not both'],
  ])('refuses to start with %j', async (client, fix) => {
    await expect(makeApp('memory', { clients: [client as never] })).rejects.toThrow(fix);
  }); // prettier-ignore

  it('refuses a value that is not a list, and a repeated id', async () => {
    await expect(makeApp('memory', { clients: 'x' as never })).rejects.toThrow('`clients` must be a list');
    await expect(makeApp('memory', { clients: [...clients, ...clients] })).rejects.toThrow('`clients` holds "agent" twice');
  });

  it('pages through many, oldest first', async () => {
    const app = await makeApp('memory');
    const made = [];
    for (let at = 0; at < 450; at++) made.push((await verbs(app).create({ redirectUris: [REDIRECT], authMethod: 'none' })).client.id);
    const seen: string[] = [];
    let page = await verbs(app).list();
    for (;;) {
      seen.push(...page.clients.map(({ id }) => id));
      if (page.next === undefined) break;
      page = await verbs(app).list(page.next);
    }
    expect(seen).toEqual(made);
  });
});
