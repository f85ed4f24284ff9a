/** Revocation (RFC 7009) at the token endpoint. */
import type { Case } from './case.ts';
import { basic, refusal } from './server.ts';
import type { World } from './world.ts';

/** Revokes one of two tokens, and looks at what is left. */
const revokes = (what: string, name: 'access_token' | 'refresh_token', more: Record<string, string> = {}): Case => ({
  what: `revoked: ${what}`,
  run: async (world) => {
    const server = world.serve();
    const client = await server.client();
    const tokens = await server.signIn(client);
    const { status, body } = await server.token({ client_id: client.id, token: String(tokens[name]), ...more });
    return { status, body, call: (await server.call(tokens)).status, refresh: (await server.refresh(client, tokens)).status };
  },
});

export const revoke: readonly Case[] = [
  {
    what: 'a request with a grant type revokes nothing',
    run: async (world) => {
      const server = world.serve();
      const client = await server.client();
      const tokens = await server.signIn(client);
      const { status } = await server.refresh(client, tokens, { token: String(tokens['access_token']) });
      return [status, (await server.call(tokens)).status];
    },
  },
  revokes('an access token', 'access_token'),
  revokes('an access token, with its hint', 'access_token', { token_type_hint: 'access_token' }),
  revokes('an access token, with the wrong hint', 'access_token', { token_type_hint: 'refresh_token' }),
  revokes('a refresh token', 'refresh_token'),
  revokes('a refresh token, with its hint', 'refresh_token', { token_type_hint: 'refresh_token' }),
  revokes('a refresh token, with an unknown hint', 'refresh_token', { token_type_hint: 'own' }),
  revokes('a token that does not exist', 'access_token', { token: 'nonsense' }),
  {
    what: 'the refresh token before the current one ends the grant',
    run: async (world) => {
      const server = world.serve();
      const client = await server.client();
      const first = await server.signIn(client);
      const second = (await server.refresh(client, first)).body;
      const { status } = await server.token({ client_id: client.id, token: String(first['refresh_token']) });
      return [status, (await server.call(second)).status, (await server.refresh(client, second)).status];
    },
  },
  {
    what: 'a token of another client stays',
    run: async (world) => {
      const server = world.serve();
      const [owner, other] = [await server.client(), await server.client()];
      const tokens = await server.signIn(owner);
      const { status } = await server.token({ client_id: other.id, token: String(tokens['refresh_token']) });
      return [status, (await server.call(tokens)).status, (await server.refresh(owner, tokens)).status];
    },
  },
  {
    what: 'a confidential client has to authenticate itself',
    run: async (world) => {
      const server = world.serve();
      const client = await server.client({ token_endpoint_auth_method: 'client_secret_basic' });
      const tokens = await server.signIn(client);
      const fields = { client_id: client.id, token: String(tokens['refresh_token']) };
      const without = await server.token(fields);
      const stays = (await server.call(tokens)).status;
      const { status } = await server.token({ token: fields.token }, basic(client));
      return [refusal(without), stays, status, (await server.call(tokens)).status];
    },
  },
  {
    what: 'no client',
    run: async (world: World) => refusal(await world.serve().token({ token: 'x' })),
  },
]; // prettier-ignore
