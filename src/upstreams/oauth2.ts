/** Any provider of plain OAuth 2 that has an address at which it says whose access token it is. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, bodyOf, type ProviderOptions, textOf, type Upstream, UpstreamError } from './contract.ts';

/** Where the provider is, and what of its profile is what. */
export interface OAuth2Options extends ProviderOptions {
  /** Who vouches for its users; the origin of the provider. Never change it: users are known by it. */
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** Where tokens are given back (RFC 7009). */
  readonly revocationEndpoint?: string;
  /** Answers with the user's profile as JSON. */
  readonly profileEndpoint: string;
  /** The member of the profile that names the user and never changes; default `id`. Never an e-mail address. */
  readonly subject?: string;
  /** The profile in the words of OpenID Connect. Default: as it comes. */
  readonly claims?: (profile: { readonly [name: string]: unknown }) => { readonly [claim: string]: unknown };
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post';
  readonly parameters?: { readonly [name: string]: string };
}

/** A provider by its endpoints. */
export function oauth2(options: OAuth2Options): Upstream {
  checkProvider(
    'oauth2',
    options,
    'issuer authorizationEndpoint tokenEndpoint revocationEndpoint profileEndpoint subject claims clientAuth parameters',
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
        return { issuer, subject: textOf(profile[subject], 'subject_missing'), claims: claims(profile) };
      },
    },
    options,
  );
}
