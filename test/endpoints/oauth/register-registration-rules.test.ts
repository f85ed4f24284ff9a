/** What a registration keeps when it is replaced, and when its token opens it no longer (RFC 7592). */
import { describe, expect, it } from 'vitest';
import { type App, makeApp } from '../../support/app.ts';
import { lastReason } from '../../support/verdicts.ts';

const GOOD = { redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'client_secret_post' };

async function makeWorld() {
  const app = await makeApp('memory');
  const { body } = await app.register(GOOD);
  const [id, token] = [String(body['client_id']), String(body['registration_access_token'])];
  const key = `client:${id}` as const;
  const record = async () => (await app.inner.read(key))?.value as Record<string, unknown> | undefined;
  const put = async (change: object): Promise<void> => void (await app.inner.write(key, { ...(await record()), ...change } as never, 'any', {}));
  const manage = (method: string, metadata?: object): Promise<Response> =>
    app.ask(method, `/register/client?client_id=${id}`, metadata ? JSON.stringify(metadata) : null, { 'content-type': 'application/json', authorization: `Bearer ${token}` });
  return { app, id, record, put, manage, replace: (more: object = {}) => manage('PUT', { ...GOOD, client_id: id, ...more }) };
} // prettier-ignore
const reasonOf = async (app: App, asked: Promise<Response>): Promise<unknown> => [(await asked).status, lastReason(app)];

describe('endpoints/oauth/register: a registration, rules', () => {
  it('keeps, of what only the server sets, everything when the rest is replaced', async () => {
    const { record, put, replace, app } = await makeWorld();
    const formerSecret = { hash: 'former', until: app.clock.now() + 60 };
    await put({ formerSecret });
    const before = await record();
    expect(before).toMatchObject({ unused: true, formerSecret, secretHash: expect.any(String), managementHash: expect.any(String) });
    app.clock.pass(5);
    expect((await replace({ client_name: 'After' })).status).toBe(200);
    expect(await record()).toEqual({ ...before, name: 'After', methodChosen: true });
  });

  it('makes no mark of a registration that was used, and no secret before the present one', async () => {
    const { record, put, replace } = await makeWorld();
    await put({ unused: undefined });
    await replace({ client_name: 'After' });
    const after = (await record()) ?? {};
    expect(['unused' in after, 'formerSecret' in after]).toEqual([false, false]);
  });

  it('is not managed by the token of a client that has none', async () => {
    const { put, manage, app } = await makeWorld();
    await put({ managementHash: undefined });
    expect(await reasonOf(app, manage('GET'))).toEqual([401, 'registration_not_its_own']);
  });

  it('can only be deleted again while it is being deleted', async () => {
    const { put, manage, replace, app, record } = await makeWorld();
    await put({ deletedAt: app.clock.now() });
    expect(await reasonOf(app, manage('GET'))).toEqual([401, 'registration_deleted']);
    expect(await reasonOf(app, replace())).toEqual([401, 'registration_deleted']);
    expect([(await manage('DELETE')).status, await record()]).toEqual([204, undefined]);
  });

  it('is not made again by a change that comes while it is deleted', async () => {
    const { replace, app, record, id } = await makeWorld();
    const read = app.inner.read.bind(app.inner);
    Object.assign(app.inner, {
      async read(key: string, ...all: never[]) {
        const found = await read(key as never, ...all);
        if (key === `client:${id}`) await app.inner.remove(`client:${id}`);
        return found;
      },
    });
    expect(await reasonOf(app, replace())).toEqual([401, 'registration_deleted']);
    expect([await record(), app.events.some(({ kind }) => kind === 'client.updated')]).toEqual([undefined, false]);
  });
});
