/** Any plain OAuth 2 provider with an endpoint that returns the user's profile. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, bodyOf, type ProviderOptions, textOf, type Upstream, UpstreamError, withBoolean } from './contract.ts';

/** Endpoints of the provider, and the mapping of its profile. */
export interface OAuth2Options extends ProviderOptions {
  /** Issuer of its users, such as its origin. Never change it: it is part of each user's identity. */
  readonly issuer: string;
  /** URL of the authorization endpoint (RFC 6749 §3.1). */
  readonly authorizationEndpoint: string;
  /** URL of the token endpoint (RFC 6749 §3.2). */
  readonly tokenEndpoint: string;
  /** Revocation endpoint (RFC 7009). */
  readonly revocationEndpoint?: string | undefined;
  /** Returns the user's profile as JSON. */
  readonly profileEndpoint: string;
  /** The member of the profile that identifies the user and never changes; `id` by default. Never an e-mail address. */
  readonly subject?: string | undefined;
  /** Maps the profile to OpenID Connect claims. By default unchanged. */
  readonly claims?: ((profile: { readonly [name: string]: unknown }) => { readonly [claim: string]: unknown }) | undefined;
  /** How the client authenticates (RFC 6749 §2.3.1). */
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post' | undefined;
  /** Further parameters of each authorization request. */
  readonly parameters?: { readonly [name: string]: string } | undefined;
}

/**
 * Sign-in with any OAuth 2 provider.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(
 *   oauth2({
 *     issuer: 'https://id.example',
 *     authorizationEndpoint: 'https://id.example/authorize',
 *     tokenEndpoint: 'https://id.example/token',
 *     profileEndpoint: 'https://id.example/me',
 *     clientId: 'abc',
 *     clientSecret: (env: Env) => env.ID_SECRET,
 *   }),
 * )
 */
export function oauth2(options: OAuth2Options): Upstream {
  checkProvider(
    'oauth2',
    options,
    'issuer:string! authorizationEndpoint:string! tokenEndpoint:string! revocationEndpoint:string profileEndpoint:string! subject:string claims:function clientAuth:string parameters:object',
  );
  const {
    issuer,
    authorizationEndpoint,
    tokenEndpoint,
    revocationEndpoint,
    profileEndpoint,
    subject = 'id',
    claims = (profile) => profile,
  } = options;
  const provider = {
    id: 'oauth2',
    label: new URL(issuer).host,
    server: {
      issuer,
      authorization_endpoint: authorizationEndpoint,
      token_endpoint: tokenEndpoint,
      ...(revocationEndpoint === undefined ? {} : { revocation_endpoint: revocationEndpoint }),
    },
    openid: false,
    scope: [],
    clientAuth: options.clientAuth ?? 'client_secret_post',
    parameters: options.parameters ?? {},
  } as const;
  return codeFlow(
    {
      ...provider,
      async identify({ get }) {
        const { status, body } = await get(profileEndpoint);
        if (status !== 200) throw new UpstreamError('broken', `profile_status_${status}`);
        const profile = bodyOf(body);
        return { issuer, subject: textOf(profile[subject], 'subject_missing'), claims: withBoolean(claims(profile)) };
      },
    },
    options,
  );
}
