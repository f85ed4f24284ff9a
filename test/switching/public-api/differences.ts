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
  'endpoint-hosts': {
    what: 'A registration endpoint on another host than the token endpoint',
    theirs: 'answered there',
    ours: '`TypeError` at the start; an authorize endpoint may be elsewhere',
    reason: 'An issuer is one origin: what another host answers is not covered by its metadata (RFC 8414 §3.3)',
  },
  'other-hosts': {
    what: 'A route that is a URL, on another host of the same Worker',
    theirs: 'the other host is not protected: the default handler answers',
    ours: 'the path is protected on every host',
    reason: 'A second host name, such as one of `workers.dev`, must not bypass the check of tokens',
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
    reason: 'Clients from before RFC 9728 ask at the root. They compare `resource` with what they call, so nothing is given away',
  },
  'one-redirect-uri': {
    what: 'No `redirect_uri` from a client that registered one',
    theirs: 'refused',
    ours: 'the registered one',
    reason: 'RFC 6749 §3.1.2.3 allows it, and the code can go to no other place',
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
    ours: 'refused; the grant ends if the code comes again after the first seconds, as from a thief',
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
    theirs: 'works indefinitely, and signs out the client that has the current one',
    ours: 'works for 120 seconds and gives the same successor; later it ends the grant',
    reason: 'Several processes of one client stay signed in, and a stolen token is noticed (RFC 9700 §4.14)',
  },
  'registration-errors': {
    what: 'Errors of a registration',
    theirs: '`invalid_client_metadata` for redirect URIs, `invalid_request` for a body that is no JSON object',
    ours: '`invalid_redirect_uri`, `invalid_client_metadata`',
    reason: 'The codes of RFC 7591 §3.2.2, by which a client knows what to change',
  },
  'registration-leftovers': {
    what: 'Members of a registration that cannot be used: a logo at `javascript:`, an unknown grant, keys of a public client, links in other languages',
    theirs: 'refused, or kept without use',
    ours: 'left out, and the response says what was kept (RFC 7591 §3.2.1)',
    reason: 'Nothing unusable is stored or shown. A client with one odd member can still register',
  },
  'registration-lifetime': {
    what: 'How long a registration lasts',
    theirs: '`clientRegistrationTTL`, also without any use; the end is in `client_secret_expires_at`; `grant_types` lacks `refresh_token`, which works',
    ours: 'a day until its first sign-in, then `clientRegistrationTTL` from its last use on, so the secret has no end; `grant_types` says `refresh_token`',
    reason: 'Anyone can register, so what is never used must not fill the store. What is in use stays',
  },
  'malformed-bearer': {
    what: 'An `Authorization` header without exactly one token after `Bearer`',
    theirs: 'as if there were none',
    ours: '401 with `invalid_token`',
    reason: 'The client sent something and learns that it is wrong. Neither is let in',
  },
  'required-scopes': {
    what: '`requiredScopes`',
    theirs: 'advertised; a token without them is accepted',
    ours: 'advertised, added to each request, so that your page shows them, and enforced: 403 with the challenge',
    reason: 'A scope that nothing checks protects nothing',
  },
  'browser-origins': {
    what: 'Calls of the API from pages of another site',
    theirs: 'every origin is reflected',
    ours: '403, unless `allowedOrigins` names it; a page of the same origin may call, and metadata and the token endpoint are open to all',
    reason: 'A page that a person opens must not reach a server on their computer or network (DNS rebinding); MCP requires the check',
  },
  failures: {
    what: 'A callback that fails: `resolveExternalToken`, `tokenExchangeCallback`, a validator, the API',
    theirs: 'the exception leaves `fetch`; an `OAuthError` of `tokenExchangeCallback` is sent with any code and status',
    ours: '503 with `Retry-After`, yours if you give one; 429 stays; the event says why. `invalid_grant` ends the grant, with the text of the RFC',
    reason: 'A failure of the server is no reason for a client to throw its tokens away, and no text of an exception gets out',
  },
  'callback-lifetime': {
    what: 'A lifetime of `tokenExchangeCallback` that is too short or no number',
    theirs: '`invalid_request`, as if the client had made the mistake',
    ours: '503, which keeps the grant; an `accessTokenTTL` may be any whole number of seconds from 1 on',
    reason: 'The client can do nothing about it',
  },
  'error-text': {
    what: '`authorizationErrorRedirect` with characters that a description must not have, or with a redirect URI such as `javascript:`',
    theirs: 'sent as they are',
    ours: 'characters are removed (RFC 6749 §4.1.2.1); `AuthorizationError` for the redirect URI',
    reason: 'A redirect to `javascript:` runs script on your page',
  },
  'secret-hash': {
    what: '`clientSecret` of `lookupClient` and `listClients`',
    theirs: 'the hash of the secret',
    ours: 'absent',
    reason: 'What an application does not get, it cannot log or show. `createClient` tells the secret, once',
  },
  'created-clients': {
    what: '`createClient` with contacts, or without redirect URIs',
    theirs: 'contacts are kept; redirect URIs are required',
    ours: 'contacts are not kept; a client without redirect URIs only acts for itself (client credentials)',
    reason: 'Such a client takes part in no sign-in, so a redirect URI would only be one more place for a code',
  },
  'secret-changes': {
    what: '`updateClient` with a secret or another method of authentication',
    theirs: 'a secret of your choice, any method',
    ours: '`TypeError`: secrets are made here and told once',
    reason: 'A secret that a person chose can be guessed from its hash',
  },
  'pages-of-lists': {
    what: '`limit` of lists, and the cursor of `purgeExpiredData`',
    theirs: 'used',
    ours: 'pages have a size of their own; a purge needs no cursor',
    reason: 'A page is one read of the store, whatever the caller asks for. What a purge removes has expired',
  },
  'exchange-parameters': {
    what: 'Token exchange with `audience` or `expires_in`',
    theirs: '`audience` is ignored; `expires_in` shortens the token',
    ours: 'another `audience` is `invalid_target`; `expires_in` is ignored, as the RFC has no such parameter. `tokenExchangeCallback` and `exchangeToken({ expiresIn })` shorten',
    reason: 'A client must not get a token for another audience than it asked for (RFC 8693 §2.1)',
  },
  'exchange-strangers': {
    what: 'Token exchange by a client that registered itself',
    theirs: 'allowed',
    ours: 'refused; `createClient` makes clients that may',
    reason: 'A client that registered itself is a stranger',
  },
  'approve-more': {
    what: 'Scopes of `approveConsent` that were not asked for',
    theirs: 'approved, if they are in `scopesSupported`; else `invalid_scope`',
    ours: 'left out. `completeAuthorization({ scope })` grants them',
    reason: 'What a form sends must not widen a request by itself',
  },
  'other-browser': {
    what: 'A consent or a return from another site in another browser, or by a form on another site',
    theirs: '`invalid_request`; a form on another site that has the handle is accepted',
    ours: '`access_denied`, in both cases',
    reason: 'Only the browser that was shown the page can approve (RFC 9700 §4.7)',
  },
  'remembered-consent': {
    what: 'Remembered consents',
    theirs: 'in a signed cookie, for everyone who uses the browser, unless there is a `subject`',
    ours: 'in the store, for a `subject`, with no secret; and only for clients that you created, or if no other site began the request',
    reason: 'A consent belongs to a user, who can take it back; a site of a stranger must not get a code without a page (RFC 9700 §4.16)',
  },
  'upstream-approval': {
    what: '`beginUpstream` without an approval',
    theirs: 'begins',
    ours: '`TypeError`',
    reason: 'Anyone can register a client, so a person has to agree before the other site signs them in silently',
  },
  'document-urls': {
    what: 'URLs of metadata documents without a path, or with a fragment, a user or dot segments',
    theirs: 'the first is fetched; the others are a `CimdFetchError`',
    ours: 'no client: null',
    reason: 'The specification wants a path and forbids the rest, so there is nothing to fetch',
  },
  'document-errors': {
    what: '`parseAuthRequest` when a metadata document cannot be used',
    theirs: '`CimdFetchError`',
    ours: '`AuthorizationError`, without `redirectTo`; `lookupClient` throws `CimdFetchError`',
    reason: 'A page that handles one class never sends the browser to a client that it does not know',
  },
  'document-kept': {
    what: 'A metadata document that is down when a code or refresh token is used',
    theirs: '`invalid_client`',
    ours: 'the document as it was read last, for a limited time',
    reason: 'An outage of the client\'s site signs no one out',
  },
}; // prettier-ignore
