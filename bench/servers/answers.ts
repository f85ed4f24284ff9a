/** What the protected handlers of all servers here answer, and what the client of all of them is called. */

/** Body of a guarded answer. */
export const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"Hello, Alice!"}]}}';

/** Its headers. */
export const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' } as const;

/** The one client: public, PKCE, with refresh tokens. */
export const CLIENT_ID = 'benchclient';
export const REDIRECT_URI = 'http://localhost:3334/callback';

/** The same as an option of our server. */
export const BENCH_CLIENT = { id: CLIENT_ID, authMethod: 'none', redirectUris: [REDIRECT_URI] } as const;

/** The same as a record. */
export const KEPT_CLIENT = {
  id: CLIENT_ID,
  redirectUris: [REDIRECT_URI],
  applicationType: 'native',
  grantTypes: ['authorization_code', 'refresh_token'],
  authMethod: 'none',
  createdAt: 0,
} as const;

/** PKCE: `base64url(sha256(VERIFIER)) === CHALLENGE`. */
export const VERIFIER = 'dBjftJeZ4CVP-mBr92K0uhbUqQ9Xh4v0tN2fWQ1pZ3s';
export const CHALLENGE = '9aqtcdbnBZLhf2-d_NlBPbqe0kmzXLw11waimkV0kCc';

/** What a handler is told of the user. */
export const PROPS = { claims: { sub: 'user-1', name: 'Alice', email: 'alice@example.com' }, permissions: ['read', 'write'] } as const;

/** The name that all servers believe to have. */
export const ISSUER = 'http://localhost:8787';

/** The same as it stands in requests, whatever port they listen on. */
export const HOST = 'localhost:8787';

/** The consent that ours and the incumbent's servers complete, which take the same words for it. */
export const CONSENT = {
  request: {
    responseType: 'code',
    clientId: CLIENT_ID,
    redirectUri: REDIRECT_URI,
    scope: ['read', 'write'] as string[],
    state: 'x',
    codeChallenge: CHALLENGE,
    codeChallengeMethod: 'S256',
    resource: `${ISSUER}/mcp`,
    issuer: ISSUER,
  },
  userId: 'user-1',
  scope: ['read', 'write'] as string[],
  props: PROPS,
} as const;

/** The client that asks what tokens are worth. */
export const RESOURCE_SERVER = { id: 'notes', secret: 'a-secret-of-enough-characters-to-pass' } as const;
