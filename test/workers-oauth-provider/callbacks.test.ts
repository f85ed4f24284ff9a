import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TokenExchangeCallbackResult } from '../../src/workers-oauth-provider/types.ts';
import { type Adapted, makeAdapted } from '../support/adapted.ts';

const DAY = 86_400;
const refresh = (app: Adapted, id: string, token: string | undefined) =>
  app.token({ grant_type: 'refresh_token', client_id: id, refresh_token: token ?? '' });

/** A server whose callback answers in turn: at the code, then at each refresh. */
function answering(options: { readonly refreshTokenIdleTTL?: number; readonly refreshTokenTTL?: number }, ...answers: readonly TokenExchangeCallbackResult[]): Adapted {
  let round = 0;
  return makeAdapted({ ...options, tokenExchangeCallback: () => answers[round++] });
} // prettier-ignore

describe('workers-oauth-provider/callbacks: lifetimes in the result of tokenExchangeCallback', () => {
  it('a refreshTokenTTL at the code is the fixed end of the grant, longer or shorter than the option', async () => {
    for (const days of [2, 60]) {
      const app = answering({ refreshTokenTTL: 30 * DAY }, { refreshTokenTTL: days * DAY });
      const { id, body } = await app.signIn();
      app.clock.pass(days * DAY - 10);
      const next = await refresh(app, id, body['refresh_token']);
      expect(next.status).toBe(200);
      app.clock.pass(20);
      expect((await refresh(app, id, next.body['refresh_token'])).body['error']).toBe('invalid_grant');
    }
  });

  it('0 at the code gives no refresh token', async () => {
    const app = answering({}, { refreshTokenTTL: 0 });
    const { body } = await app.signIn();
    expect([body['refresh_token'], await app.call(body['access_token'])]).toEqual([undefined, { name: 'Una' }]);
  });

  it('a refreshTokenIdleTTL at a refresh moves the end of the grant, and is not looked at for a code', async () => {
    const app = answering({ refreshTokenTTL: 30 * DAY }, { refreshTokenIdleTTL: 100 }, { refreshTokenIdleTTL: 40 * DAY, refreshTokenTTL: 100 });
    const { id, body } = await app.signIn();
    app.clock.pass(29 * DAY);
    const next = await refresh(app, id, body['refresh_token']);
    app.clock.pass(39 * DAY);
    const last = await refresh(app, id, next.body['refresh_token']);
    expect([next.status, last.status]).toEqual([200, 200]);
    app.clock.pass(2 * DAY); // nothing was said at the last refresh: its end stays
    expect((await refresh(app, id, last.body['refresh_token'])).body['error']).toBe('invalid_grant');
  }); // prettier-ignore

  it('with the option refreshTokenIdleTTL counts for one refresh; the next one has the option again', async () => {
    const app = answering({ refreshTokenIdleTTL: 10 * DAY }, {}, { refreshTokenIdleTTL: 40 * DAY });
    const { id, body } = await app.signIn();
    const second = await refresh(app, id, body['refresh_token']);
    app.clock.pass(39 * DAY);
    const third = await refresh(app, id, second.body['refresh_token']);
    expect(third.status).toBe(200);
    app.clock.pass(10 * DAY + 1);
    expect((await refresh(app, id, third.body['refresh_token'])).body['error']).toBe('invalid_grant');
  });

  it('an invalid lifetime is a fault of the application: 503, and the client keeps its token', async () => {
    const app = answering({}, {}, { refreshTokenIdleTTL: 5 }, { refreshTokenIdleTTL: Number.NaN }, { refreshTokenIdleTTL: 1.5e3 });
    const { id, body } = await app.signIn();
    for (const status of [503, 503, 200]) expect((await refresh(app, id, body['refresh_token'])).status).toBe(status);
  });
});

describe('workers-oauth-provider/callbacks: the result of tokenExchangeCallback', () => {
  it.each<[unknown, RegExp]>([
    [{ accessTokenScopes: ['read'] }, /`accessTokenScopes` is not an option; did you mean `accessTokenScope`/],
    [{ accessTokenProp: { name: 'Una' } }, /did you mean `accessTokenProps`/],
    [{ accessTokenScope: 'read' }, /`accessTokenScope` must be of type string\[\]/],
    [false, /must be an object/],
  ])('%j is a fault of the application: 503, and the client keeps its token', async (answer, message) => {
    const log = vi.spyOn(console, 'error').mockReturnValue();
    onTestFinished(() => log.mockRestore());
    const app = answering({}, {}, answer as TokenExchangeCallbackResult, null as never);
    const { id, body } = await app.signIn();
    const [failed, good] = [await refresh(app, id, body['refresh_token']), await refresh(app, id, body['refresh_token'])];
    expect([failed.status, good.status]).toEqual([503, 200]);
    expect(log.mock.calls.join()).toMatch(message);
  });
});
