/** Why a poll gets no tokens, by the reason that the operator sees. The whole way is in `journeys/device.test.ts`. */
import { describe, expect, it } from 'vitest';
import { ALICE, type App, ISSUER, makeApp } from '../support/app.ts';
import type { JsonAnswer } from '../../src/testing/oauth-client.ts';
import { answerOf, lastReason } from '../support/verdicts.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const SECRET = 'a-secret-of-enough-characters-to-pass';
const options = {
  deviceAuthorizationEndpoint: '/device_authorization',
  clients: [
    { id: 'tv', authMethod: 'none', grantTypes: [GRANT] },
    { id: 'other', authMethod: 'none', grantTypes: [GRANT] },
    { id: 'box', authMethod: 'client_secret_post', secret: SECRET, grantTypes: [GRANT] },
  ],
} as const;
const post = async (app: App, path: string, fields: Record<string, string>): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, new URLSearchParams({ client_id: 'tv', ...fields })));
const codesOf = async (app: App): Promise<readonly [device: string, user: string]> => {
  const { body } = await post(app, '/device_authorization', {});
  return [String(body['device_code']), String(body['user_code'])];
};
/** Status, error and reason of a poll. */
async function poll(app: App, code: string, fields: Record<string, string> = {}): Promise<unknown> {
  const { status, body } = await post(app, '/token', { grant_type: GRANT, device_code: code, ...fields });
  return status === 200 ? 'tokens' : [status, body['error'], lastReason(app)];
}

describe('grants/device-code', () => {
  it('says of each poll why it gets no tokens, and gives them to the client that asked (RFC 8628 §3.5)', async () => {
    const app = await makeApp('memory', options);
    expect(await poll(app, 'device_x')).toEqual([400, 'invalid_grant', 'device_code_malformed']);
    expect(await poll(app, `device_${'A'.repeat(43)}`)).toEqual([400, 'invalid_grant', 'device_code_unknown']);
    const [code, userCode] = await codesOf(app);
    expect(await poll(app, code, { client_id: 'other' })).toEqual([400, 'invalid_grant', 'device_code_of_another_client']);
    expect(await poll(app, code)).toEqual([400, 'authorization_pending', 'device_pending']);
    expect(await poll(app, code)).toEqual([400, 'slow_down', 'device_hasty']);
    const browser = app.browser();
    const page = await browser.submit(await browser.get(`${ISSUER}/device`), { user_code: userCode });
    await browser.submit(page, { decision: 'approve', ...ALICE });
    expect(await poll(app, code, { client_id: 'other' })).toEqual([400, 'invalid_grant', 'device_code_of_another_client']);
    expect(await poll(app, code)).toBe('tokens');
    expect(await poll(app, code)).toEqual([400, 'invalid_grant', 'device_code_unknown']);
  });

  it('says that the user refused, and that the code has expired', async () => {
    const app = await makeApp('memory', options);
    const [code, userCode] = await codesOf(app);
    const browser = app.browser();
    const page = await browser.submit(await browser.get(`${ISSUER}/device`), { user_code: userCode });
    await browser.submit(page, { decision: 'deny' });
    expect(await poll(app, code)).toEqual([400, 'access_denied', 'user_denied']);
    const [late] = await codesOf(app);
    app.clock.pass(600);
    expect(await poll(app, late)).toEqual([400, 'expired_token', 'device_expired']);
  });

  it('asks a client that has to authenticate to do so, by its registration of now', async () => {
    const app = await makeApp('memory', options);
    const { body } = await post(app, '/device_authorization', { client_id: 'box', client_secret: SECRET });
    const code = String(body['device_code']);
    expect(await poll(app, code, { client_id: 'box' })).toEqual([401, 'invalid_client', 'secret_missing']);
    const { body: registered } = await app.register({ redirect_uris: [], grant_types: [GRANT], response_types: [], token_endpoint_auth_method: 'client_secret_post' }); // prettier-ignore
    expect(await poll(app, code, { client_id: String(registered['client_id']) })).toEqual([401, 'invalid_client', 'secret_missing']);
    expect(await poll(app, code, { client_id: 'gone' })).toEqual([401, 'invalid_client', 'client_unknown']);
    expect(await poll(app, code, { client_id: 'box', client_secret: SECRET })).toEqual([400, 'authorization_pending', 'device_pending']);
  });
});
