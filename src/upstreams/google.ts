/** Google: OpenID Connect with discovery. The browser can change `hd` in the request, so it is checked at the callback. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, identityOf, type ProviderOptions, type Upstream, UpstreamError } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link google}. */
export interface GoogleOptions extends ProviderOptions {
  /** Only accounts of this Google Workspace domain may sign in; `*` for every Workspace domain. */
  readonly hd?: string | undefined;
  /** `offline` requests a refresh token, with Google's own consent page every time; implied if tokens are kept. */
  readonly access?: 'online' | 'offline' | undefined;
  /** The `prompt` parameter of each request, such as `select_account`. */
  readonly prompt?: string | undefined;
}

/**
 * Sign-in with Google.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(google({ clientId: 'abc.apps.googleusercontent.com', clientSecret: (env: Env) => env.GOOGLE_SECRET, hd: 'acme.example' }))
 */
export function google(options: GoogleOptions): Upstream {
  checkProvider('google', options, 'hd:string access:string prompt:string');
  const { access = 'online', prompt = access === 'offline' ? 'consent' : undefined } = options;
  const hd = options.hd?.toLowerCase(); // as in tokens
  const isDomain = (claim: unknown): claim is string => typeof claim === 'string' && claim !== '';
  const isAdmitted = (claim: unknown): boolean => hd === undefined || (hd === '*' ? isDomain(claim) : claim === hd);
  const parameters = { hd, prompt, access_type: access === 'offline' ? 'offline' : undefined };
  return codeFlow(
    openid('google', 'Google', 'https://accounts.google.com', {
      // Google wants its mark in these colours only.
      icon: {
        '#4285f4': 'M22.6 12.3c0-.8-.1-1.6-.2-2.3H12v4.3h5.9a5 5 0 0 1-2.2 3.3v2.7h3.6c2-1.9 3.3-4.7 3.3-8z',
        '#34a853': 'M12 23c3 0 5.5-1 7.3-2.7l-3.6-2.7a6.6 6.6 0 0 1-9.9-3.5H2.2v2.8A11 11 0 0 0 12 23z',
        '#fbbc05': 'M5.8 14.1a6.6 6.6 0 0 1 0-4.2V7.1H2.2a11 11 0 0 0 0 9.8z',
        '#ea4335': 'M12 5.4c1.6 0 3 .6 4.2 1.6l3.2-3.1A11 11 0 0 0 2.2 7.1l3.6 2.8A6.5 6.5 0 0 1 12 5.4z',
      },
      parameters,
      // Google refuses `login` and ignores `max_age`. The claim is present if the project has "session age claims" turned on.
      again: { prompt: 'select_account', claims: '{"id_token":{"auth_time":{"essential":true}}}' },
      offline: { parameters: { access_type: 'offline', prompt: prompt ?? 'consent' } }, // without `consent` the refresh token is issued only once
      admits: ({ claims }) => isAdmitted(claims['hd']),
      identify(arrival) {
        if (!isAdmitted(arrival.claims['hd']))
          throw new UpstreamError('refused', 'domain_not_allowed', {
            text: (words) => words.site.onlyAccountsOf(hd === '*' ? 'Google Workspace' : (hd ?? '')),
          });
        const identity = identityOf(arrival);
        const { hd: domain, email } = arrival.claims;
        const isWorkspace = isDomain(domain);
        // Anyone can have a consumer account with an address elsewhere, and keep it when the address is reassigned:
        // Google vouches only for its own addresses and for those of Workspace domains.
        const isTheirs = isWorkspace || (typeof email === 'string' && /@(gmail|googlemail)\.com$/i.test(email));
        const claims = { ...identity.claims, email_verified: identity.claims['email_verified'] === true && isTheirs };
        return { ...identity, claims, ...(isWorkspace ? { organization: domain } : {}) };
      },
    }),
    options,
  );
}
