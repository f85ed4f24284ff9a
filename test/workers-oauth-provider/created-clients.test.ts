/** Clients that an application makes with `createClient`. */
import { CHALLENGE, VERIFIER } from '../../bench/servers/answers.ts';
import { describe, expect, it } from 'vitest';
import { type Adapted, makeAdapted } from '../support/adapted.ts';

const CALLBACK = 'https://app.example/cb';

async function tokensOf({ send, token }: Adapted, id: string): Promise<Record<string, string>> {
  const asked = { response_type: 'code', client_id: id, redirect_uri: CALLBACK, state: 's', scope: 'read', code_challenge: CHALLENGE, code_challenge_method: 'S256' };
  const away = await send(`/authorize?${new URLSearchParams(asked)}`);
  const code = new URL(away.headers.get('location') ?? '').searchParams.get('code') ?? '';
  return (await token({ grant_type: 'authorization_code', client_id: id, code, code_verifier: VERIFIER, redirect_uri: CALLBACK })).body;
} // prettier-ignore

describe('workers-oauth-provider: createClient', () => {
  it.each([
    ['is made for codes alone', { grantTypes: ['authorization_code'] }, {}],
    ['is changed to codes alone', {}, { grantTypes: ['authorization_code'] }],
  ])('gives refresh tokens to a client that %s, as there (W-05)', async (_what, made, changed) => {
    const adapted = makeAdapted();
    const spec = { redirectUris: [CALLBACK], tokenEndpointAuthMethod: 'none', ...made };
    const { clientId } = await adapted.oauth.createClient(spec);
    if (Object.keys(changed).length > 0) expect(await adapted.oauth.updateClient(clientId, changed)).toMatchObject({ clientId });
    const { refresh_token = '' } = await tokensOf(adapted, clientId);
    expect((await adapted.token({ grant_type: 'refresh_token', client_id: clientId, refresh_token })).status).toBe(200);
  });
});
