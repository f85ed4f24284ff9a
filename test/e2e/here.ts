/** A server of ours in this process, for journeys in which someone else's site stands beside it. */
import { OAuthProvider } from '../../src/node/main.ts';
import { type ProviderServer, serve } from '../../src/node/serve.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { registerClient, type TestClient } from '../../src/testing/oauth-client.ts';
import { freePort } from '../support/port.ts';
import { options } from './app.ts';
import { freshFolder } from './processes.ts';

/** Starts one. @param make gets the address that it will have, for sites that want to know it. */
export async function startHere(
  name: string,
  make: (url: string) => Partial<OAuthProviderOptions> | Promise<Partial<OAuthProviderOptions>>,
): Promise<ProviderServer> {
  const port = await freePort();
  const more = await make(`http://localhost:${port}`);
  return serve(new OAuthProvider({ ...options, ...more } as OAuthProviderOptions), {
    port,
    data: freshFolder(name),
    env: { PORTCULLIS_LIMITS: 'off' },
  });
}

/** A client that no one has seen before. */
export function freshClient(url: string, name = 'Claude Desktop', redirectUri = 'https://app.example/callback'): Promise<TestClient> {
  return registerClient({ send: (request) => fetch(request), issuer: url, redirectUri, metadata: { client_name: name } });
}
