/** A real OpenID provider (`oidc-provider`) on loopback, with its own development pages to sign in on. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const CLIENT = { clientId: 'portcullis', clientSecret: 'a-secret-of-some-length-for-tests' } as const;

/** The provider, which is there at once and knows its client a little later. */
export interface RealIdp {
  readonly issuer: string;
  /** Registers us. Until then it answers nothing. */
  open(redirectUri: string): Promise<void>;
  close(): void;
}

type ProviderClass = new (issuer: string, configuration: object) => { callback(): (request: unknown, response: unknown) => void };

/** Starts one. */
export async function startRealIdp(): Promise<RealIdp> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const claims = (id: string) => ({ sub: id, name: `Name of ${id}`, email: `${id}@corp.example`, email_verified: true });
  return {
    issuer,
    async open(redirectUri) {
      const { default: OidcProvider } = (await import('oidc-provider' as string)) as { default: ProviderClass };
      const client = {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_post',
      };
      const provider = new OidcProvider(issuer, {
        clients: [client],
        claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
        findAccount: (_ctx: unknown, id: string) => ({ accountId: id, claims: () => claims(id) }),
        pkce: { required: () => true },
        ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
        cookies: { keys: ['a key for this test'] },
      });
      server.on('request', provider.callback());
    },
    close: () => void server.close(),
  };
}
