/** Why a proof does not count, that each counts once, and how long a nonce does (RFC 9449 §4.3, §8). */
import { describe, expect, it } from 'vitest';
import type { JsonAnswer, TestClient } from '../../src/testing/oauth-client.ts';
import { OAuthError } from '../../src/model/error.ts';
import type { Store } from '../../src/model/store.ts';
import { appOn, counting, ISSUER, makeApp, RESOURCE } from '../support/app.ts';
import { makeProver } from '../support/prover.ts';
import { lastReason } from '../support/verdicts.ts';

const SECRET = 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=';
const TOKEN = `${ISSUER}/token`;

/** The token request of a client that has a code. */
const formOf = ({ client, code }: { client: TestClient; code: string }): Record<string, string> => ({
  grant_type: 'authorization_code',
  code,
  client_id: client.id,
  redirect_uri: client.redirectUri,
  code_verifier: client.verifier,
});

describe('core/signatures', () => {
  it('reports why a proof is invalid, without using up the code', async () => {
    const app = await makeApp('memory');
    const [prover, other] = [await makeProver(app.clock), await makeProver(app.clock)];
    const { client, code } = await app.toCode();
    const form = formOf({ client, code });
    const reason = async (dpop: string): Promise<unknown> => {
      const { status } = await client.token(form, { dpop });
      return [status, lastReason(app)];
    };
    expect(await reason('x')).toEqual([400, 'proof_malformed']);
    expect(await reason(await prover.proof('GET', TOKEN))).toEqual([400, 'proof_another_method']);
    expect(await reason(await prover.proof('POST', TOKEN, { claims: { iat: app.clock.now() - 301 } }))).toEqual([400, 'proof_expired']);
    expect(await reason(await prover.proof('POST', TOKEN, { header: { jwk: other.publicKey } }))).toEqual([400, 'proof_signature']);
    const good = await prover.proof('POST', TOKEN, { claims: { jti: 'one' } });
    const answer = await client.token(form, { dpop: good });
    expect(answer.status).toBe(200);
    const again = { grant_type: 'refresh_token', client_id: client.id, refresh_token: String(answer.body['refresh_token']) };
    expect([(await client.token(again, { dpop: good })).status, lastReason(app)]).toEqual([400, 'proof_replayed']);
    app.clock.pass(300);
    expect([(await client.token(again, { dpop: good })).status, lastReason(app)]).toEqual([400, 'proof_replayed']);
    app.clock.pass(1);
    expect([(await client.token(again, { dpop: good })).status, lastReason(app)]).toEqual([400, 'proof_expired']);
    expect((await client.token(again, { dpop: await prover.proof('POST', TOKEN, { claims: { jti: 'two' } }) })).status).toBe(200);
  });

  it('scopes single use of a proof to its key: another key may use the same id', async () => {
    const app = await makeApp('memory');
    for (let at = 0; at < 2; at++) {
      const prover = await makeProver(app.clock);
      const { client, code } = await app.toCode();
      const form = formOf({ client, code });
      expect((await client.token(form, { dpop: await prover.proof('POST', TOKEN, { claims: { jti: 'the-same' } }) })).status).toBe(200);
    }
  });

  it('accepts a nonce for 150 to 300 seconds, and no other nonce', async () => {
    const app = await makeApp('memory', { dpopNonces: true, secret: SECRET });
    app.clock.pass(150 - (app.clock.now() % 150)); // a nonce begins
    const prover = await makeProver(app.clock);
    const { client, code } = await app.toCode();
    const ask = async (nonce: unknown): Promise<JsonAnswer> =>
      client.token(formOf({ client, code }), { dpop: await prover.proof('POST', TOKEN, { claims: { nonce } }) });
    const nonce = (await ask(undefined)).headers.get('dpop-nonce') ?? '';
    expect(lastReason(app)).toBe('proof_nonce');
    for (const wrong of [undefined, '', 'x', 1, `${nonce}x`]) {
      const answer = await ask(wrong);
      expect([answer.status, answer.body['error'], answer.headers.get('dpop-nonce')]).toEqual([400, 'use_dpop_nonce', nonce]);
    }
    app.clock.pass(299);
    const other = await app.toCode();
    const late = async (): Promise<unknown> => {
      const dpop = await prover.proof('POST', TOKEN, { claims: { nonce } });
      return (await other.client.token(formOf(other), { dpop })).body['error'] ?? 'taken';
    };
    app.clock.pass(1);
    expect(await late()).toBe('use_dpop_nonce');
    app.clock.pass(-1);
    expect(await late()).toBe('taken');
  });

  it('counts a proof once if the write is retried, and answers 503 if the store fails', async () => {
    const { inner, clock } = await makeApp('memory');
    let [lost, isDown] = [0, false];
    const store: Store = {
      ...counting(inner, { reads: 0, writes: 0, removes: 0, lists: 0 }),
      write: async (key, value, when, options) => {
        if (isDown && key.startsWith('replay:')) throw new OAuthError('temporarily_unavailable', 'store_down');
        return key.startsWith('grant:') && when !== 'absent' && lost-- > 0 ? null : inner.write(key, value, when, options);
      },
    };
    const app = await appOn(store, clock);
    const prover = await makeProver(app.clock);
    const made = await app.toCode();
    lost = 2;
    const answer = await made.client.token(formOf(made), { dpop: await prover.proof('POST', TOKEN) });
    expect([answer.status, lost]).toEqual([200, -1]);
    const token = String(answer.body['access_token']);
    const call = async (): Promise<number> =>
      (await app.call(null, '/mcp', { authorization: `DPoP ${token}`, dpop: await prover.proof('POST', RESOURCE, { token }) })).status;
    isDown = true;
    expect(await call()).toBe(503);
    isDown = false;
    expect(await call()).toBe(200);
  });

  it('refuses to start with nonces and without a secret', async () => {
    await expect(makeApp('memory', { dpopNonces: true })).rejects.toThrow(/dpopNonces/);
  });
});
