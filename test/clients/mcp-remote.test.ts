/** mcp-remote: a bridge for programs that speak over standard input only. */
import { it } from 'vitest';
import { connects, expectRefreshed, play, type Profile, PUBLIC_CLIENT } from '../support/play-client.ts';

const profile: Profile = {
  name: 'mcp-remote',
  known: {
    by: 'registration',
    metadata: {
      client_name: 'MCP CLI Proxy',
      client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
      redirect_uris: ['http://localhost:14823/oauth/callback'],
      ...PUBLIC_CLIENT,
      software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
      software_version: '0.15.1',
      scope: 'openid email profile',
    },
  },
  redirectUri: 'http://localhost:14823/oauth/callback',
  scope: 'metadata',
  resource: { authorize: 1, token: false },
  scopeAtRefresh: true,
};

connects(profile);

it('mcp-remote that asks for less than the server requires gets what is required (R-04)', async () => {
  const played = await play({ ...profile, scope: { text: 'write' } });
  await expectRefreshed(played);
});
