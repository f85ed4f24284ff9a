/** What this library does otherwise than 1.2.3, on purpose. Each has cases in `expected` that show both sides. */
export interface Difference {
  readonly what: string;
  readonly theirs: string;
  readonly ours: string;
  readonly reason: string;
}

export const differences: { readonly [id: string]: Difference } = {
  'unknown-option': {
    what: 'An option that does not exist, or a cookie prefix',
    theirs: 'unknown names are ignored; `cookiePrefix` must begin with `__Host-`',
    ours: '`TypeError` for unknown names; `cookiePrefix` is not used',
    reason: 'A limit with a misspelled name is no limit. Every cookie here has a `__Host-` name of its own',
  },
  'undefined-option': {
    what: '`accessTokenTTL: undefined`',
    theirs: '`TypeError`',
    ours: 'as if it were left out: one hour',
    reason: 'The default is short and safe',
  },
  'resource-query': {
    what: 'A resource identifier with a query',
    theirs: 'accepted',
    ours: '`TypeError` at the start',
    reason: 'An identifier should have no query (RFC 9728 §1.2): whether a token is for this resource would depend on how a client writes it',
  },
  'route-of-everything': {
    what: 'The URL of the origin as `apiRoute`',
    theirs: 'covers every path, also the pages that sign users in',
    ours: '`TypeError` at the start',
    reason: 'No one can sign in on such a server, and a route should name what it protects',
  },
  'other-hosts': {
    what: 'A route that is a URL, on another host of the same Worker',
    theirs: 'the other host is not protected: the default handler answers',
    ours: 'the path is protected on every host',
    reason: 'A second host name, such as one of `workers.dev`, must not lead around the check of tokens',
  },
  'more-endpoints': {
    what: 'Endpoints and metadata of further standards',
    theirs: '`/introspect`, `/par`, `/revoke` and `openid-configuration` belong to the application; revocation is at the token endpoint alone',
    ours: 'they are endpoints of the server, and listed in its metadata, with `private_key_jwt`, client credentials and DPoP. Revocation works at the token endpoint, too',
    reason: 'A client can keep its request out of the browser (RFC 9126), prove its key (RFC 9449, RFC 7523), and revoke at the endpoint that RFC 7009 describes',
  },
  'metadata-paths': {
    what: 'Protected resource metadata at another path than that of the resource',
    theirs: '404',
    ours: 'at the root the document of the only resource; elsewhere the application answers',
    reason: 'Clients of before RFC 9728 ask at the root. They compare `resource` with what they call, so nothing is given away',
  },
  'one-redirect-uri': {
    what: 'No `redirect_uri` from a client that registered one',
    theirs: 'refused',
    ours: 'the registered one',
    reason: 'RFC 6749 §3.1.2.3 allows it, and the only other place for the code is none',
  },
  'private-use-schemes': {
    what: 'Redirect URIs with a private-use scheme',
    theirs: 'refused without `allowPrivateUseRedirectUris`',
    ours: 'those of known clients, and reversed domain names (RFC 8252 §7.1), always; other schemes never',
    reason: 'The code is bound to a verifier that another app on the same device does not have (RFC 7636), and editors such as Cursor have no other address',
  },
  'error-redirect': {
    what: '`redirectTo`, `redirectUri`, `state` and `issuer` of an `AuthorizationError`, for a client that registered itself',
    theirs: 'always there: the page redirects to the client before the user has seen it',
    ours: 'only for clients that you created; for others the page shows the error',
    reason: 'Anyone can register a client with any address, so the server would be an open redirector (RFC 9700 §4.11.2)',
  },
  'strict-request': {
    what: 'Authorization requests with repeated parameters, a challenge that no SHA-256 has, scopes with forbidden characters, `request`, or an unsupported `response_mode`',
    theirs: 'accepted; of repeated parameters the first counts',
    ours: 'refused',
    reason: 'Two readers of one request must not see two requests (RFC 6749 §3.1), and what a client asks for must not be ignored silently',
  },
  'resource-spelling': {
    what: 'The resource with a slash at its end, or an empty `resource`',
    theirs: '`invalid_target`',
    ours: 'the same resource; an empty one counts as not sent (RFC 6749 §3.1)',
    reason: 'Users type either spelling of the URL. Every token still names the one resource, so nothing is widened',
  },
  'pkce-for-all': {
    what: 'A confidential client without PKCE',
    theirs: 'accepted',
    ours: '`invalid_request`',
    reason: 'A stolen code could be injected into another session of the client (OAuth 2.1 §7.5)',
  },
  'missing-verifier': {
    what: 'A code without its `code_verifier`',
    theirs: '`invalid_request`',
    ours: '`invalid_grant`',
    reason: 'RFC 7636 §4.6 names this code',
  },
  'error-class': {
    what: '`completeAuthorization` with a client or a redirect URI that does not fit',
    theirs: 'an `Error`',
    ours: 'an `AuthorizationError`, which is an `Error`',
    reason: 'Your page can tell a changed request from a failure',
  },
  'user-ids': {
    what: 'User ids with a colon',
    theirs: '`TypeError`',
    ours: 'accepted',
    reason: 'No token, code or key of a record contains the user id here, so it can be any text; there it can be read in every token',
  },
  'issuer-always': {
    what: '`completeAuthorization` with a request without `issuer`',
    theirs: 'a redirect without `iss`',
    ours: 'a redirect with `iss`',
    reason: 'It protects clients of several servers from mix-up (RFC 9207)',
  },
  'token-errors': {
    what: 'Errors of the token endpoint: no `grant_type`, client credentials of a public client, `Allow` of a 405',
    theirs: '`unsupported_grant_type`; `Allow: POST, OPTIONS`',
    ours: '`invalid_request` (RFC 6749 §5.2), `invalid_client`; `Allow: POST`',
    reason: 'The codes of the RFC. Client credentials are a grant of this server, for clients with a secret',
  },
  'code-twice': {
    what: 'A code that is redeemed twice',
    theirs: 'the grant ends, also for a client that only repeated its request',
    ours: 'refused; the grant ends when it comes back after the first seconds, as from a thief',
    reason: 'A client that sends a request again because the line broke is not signed out. The second request gets no tokens in either case',
  },
  'short-rest': {
    what: 'A refresh in the last minute of a grant',
    theirs: 'refused',
    ours: 'an access token for the rest of it',
    reason: 'The end of the grant is the same; KV, which cannot keep a record for less than a minute, is not used',
  },
  'previous-refresh-token': {
    what: 'The refresh token before the current one',
    theirs: 'works without end, and signs out whoever has the current one',
    ours: 'works for 120 seconds and gives the same successor; later it ends the grant',
    reason: 'Several processes of one client stay signed in, and a stolen token is noticed (RFC 9700 §4.14)',
  },
  'idle-from-start': {
    what: '`refreshTokenIdleTTL` beside `refreshTokenTTL`',
    theirs: 'counts from the first refresh on',
    ours: 'counts from the sign-in',
    reason: 'A grant that is never used ends as early as one that is no longer used',
  },
}; // prettier-ignore
