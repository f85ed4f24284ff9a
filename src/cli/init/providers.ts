/** The sites that `init` can let users sign in at: one for each provider of `portcullis/upstreams` that needs no endpoints of your own. */

/** What of a site stands in the project beside its client id and secret: the address of your account there. */
export interface Place {
  /** What it is, as asked and as said in `app.ts`. */
  readonly what: string;
  readonly example: string;
  readonly pattern: RegExp;
  /** The options of the provider. */
  options(place: string): Readonly<Record<string, string>>;
}

/** The name of a site on the command line. */
export type SiteName =
  'github' | 'google' | 'entra' | 'auth0' | 'workos' | 'stytch' | 'okta' | 'keycloak' | 'gitlab' | 'slack' | 'discord' | 'cloudflare-access' | 'oidc'; // prettier-ignore

/** A site. */
export interface Site {
  readonly title: string;
  /** The function of `portcullis/upstreams`. */
  readonly factory: string;
  /** What the names of its variables begin with. */
  readonly prefix: string;
  /** The id of its login, which stands in the callback. */
  readonly id: string;
  /** Who is an administrator: source text over `subject` and `claims`, and what it is. */
  readonly who: string;
  readonly people: string;
  readonly place?: Place;
}

const BY_ADDRESS = { who: "claims['email_verified'] === true && claims['email']", people: 'Verified e-mail addresses' };
const BY_ID = { who: 'subject', people: 'User ids' };
const ISSUER = { example: 'https://id.example.com', pattern: /^(?:https:\/\/|http:\/\/localhost\b)[\w.:/~-]+$/ };
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

function site(title: string, factory: string, more: Partial<Site> = {}): Site {
  const id = factory.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { title, factory, id, prefix: id.toUpperCase().replace('-', '_'), ...BY_ADDRESS, ...more };
}

/** Every site by its name on the command line. */
export const SITES: Readonly<Record<SiteName, Site>> = {
  github: site('GitHub', 'github', { ...BY_ID, people: 'User ids (`id` at https://api.github.com/users/NAME)' }), // a name can become another user's
  google: site('Google', 'google'),
  entra: site('Microsoft', 'entra', {
    ...BY_ID,
    people: 'User ids (TENANT_ID:OBJECT_ID)',
    place: {
      what: 'id of your tenant',
      example: '00000000-0000-0000-0000-000000000000',
      pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
      options: (tenant) => ({ tenant }),
    },
  }),
  auth0: site('Auth0', 'auth0', {
    place: { what: 'domain of your tenant', example: 'acme.eu.auth0.com', pattern: DOMAIN, options: (domain) => ({ domain }) },
  }),
  workos: site('WorkOS', 'workos'),
  stytch: site('Stytch', 'stytch', {
    ...BY_ID,
    place: {
      ...ISSUER,
      what: 'domain of your project',
      example: 'https://acme.customers.stytch.com',
      options: (projectDomain) => ({ projectDomain }),
    },
  }),
  okta: site('Okta', 'okta', {
    place: { what: 'domain of your organization', example: 'acme.okta.com', pattern: DOMAIN, options: (domain) => ({ domain }) },
  }),
  keycloak: site('Keycloak', 'keycloak', {
    place: {
      what: 'URL of your realm',
      example: 'https://login.example.com/realms/acme',
      pattern: /^(?:https:\/\/|http:\/\/localhost\b)[\w.:/~-]+\/realms\/[\w.~-]+$/,
      options: (place) => ({ url: place.replace(/\/realms\/.*$/, ''), realm: place.replace(/^.*\/realms\//, '') }),
    },
  }),
  gitlab: site('GitLab', 'gitlab'),
  slack: site('Slack', 'slack'),
  discord: site('Discord', 'discord'),
  'cloudflare-access': site('Cloudflare Access', 'cloudflareAccess', {
    ...BY_ID,
    place: {
      ...ISSUER,
      what: 'issuer of your application',
      example: 'https://acme.cloudflareaccess.com/cdn-cgi/access/sso/oidc/abc123',
      options: (issuer) => ({ issuer }),
    },
  }),
  oidc: site('single sign-on', 'oidc', { place: { ...ISSUER, what: 'issuer of your OpenID provider', options: (issuer) => ({ issuer }) } }),
};

/** The site with a name. */
export function siteOf(name: SiteName): Site {
  return SITES[name];
}
