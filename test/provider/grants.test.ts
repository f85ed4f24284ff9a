import { describe, expect, it } from 'vitest';
import { type App, makeApp, storeNames } from '../support/app.ts';

const verbsOf = (app: App) => app.provider.helpers(app.env);

describe.each(storeNames)('provider/grants on %s', (store) => {
  it('lists who has access and takes it away from the next request on (S-157)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const other = await app.signedIn();
    const { grants } = await verbsOf(app).listUserGrants(app.aliceId);
    expect(grants.map((grant) => grant.clientId).toSorted()).toEqual([client.id, other.client.id].toSorted());
    const mine = grants.find((grant) => grant.clientId === client.id)!;
    expect(await verbsOf(app).revokeGrant(mine.id, app.aliceId)).toBe(true);
    expect((await app.call(tokens.access)).status).toBe(401);
    expect((await app.call(other.tokens.access)).status).toBe(200);
    expect((await verbsOf(app).listUserGrants(app.aliceId)).grants.map((grant) => grant.clientId)).toEqual([other.client.id]);
  });

  it('leaves a grant of somebody else, an ended one and an unknown one alone (SEC-225)', async () => {
    const app = await makeApp(store);
    const { tokens } = await app.signedIn();
    const [grant] = (await verbsOf(app).listUserGrants(app.aliceId)).grants;
    expect(await verbsOf(app).revokeGrant(grant!.id, 'somebody-else')).toBe(false);
    expect((await app.call(tokens.access)).status).toBe(200);
    expect(await verbsOf(app).revokeGrant('unknown', app.aliceId)).toBe(false);
    expect(await verbsOf(app).revokeGrant(grant!.id, app.aliceId)).toBe(true);
    expect(await verbsOf(app).revokeGrant(grant!.id, app.aliceId)).toBe(false);
  });

  it('tells applications of a client, but never of its secret (SEC-083)', async () => {
    const app = await makeApp(store);
    const client = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
    const known = await verbsOf(app).lookupClient(client.id);
    expect(known?.authMethod).toBe('client_secret_post');
    expect(Object.keys(known ?? {})).not.toContain('secretHash');
    expect(JSON.stringify(known)).not.toContain(client.secret);
  });

  it('refuses props that no store can keep, before anything is opened', async () => {
    const app = await makeApp(store);
    const client = await app.client();
    const request = await verbsOf(app).parseAuthRequest(new Request(await client.authorizeUrl()));
    const opened = verbsOf(app).completeAuthorization({ request, userId: 'u', scope: [], props: undefined });
    await expect(opened).rejects.toThrow('`props` must be something that JSON can hold');
    expect((await verbsOf(app).listUserGrants('u')).grants).toEqual([]);
  });
});
