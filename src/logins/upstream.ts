/**
 * Sign-in at another site: a provider of `portcullis/upstreams` authenticates the user, and our server issues its own tokens.
 * The provider's tokens are used for the identity and dropped, unless `keepTokens` says that tools need them.
 * Order: proof → organization → address → `mapIdentity` → claims.
 */
import { domainOf, foldAddress } from '../model/email.ts';
import type { HtmlValue } from '../lib/html.ts';
import { checkTypes } from '../lib/check-options.ts';
import type { Identity, Organization } from '../model/identity.ts';
import type { Authenticated, ConnectionLogin, RedirectLogin, ReturnResult } from '../model/login.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Json } from '../model/store.ts';
import type { LinkedAccount, TokenOperations } from '../model/upstream.ts';
import { type CallbackResult, type Upstream, UpstreamError } from '../upstreams/contract.ts';
import { sayOr, type Text, type Words } from '../words/words.ts';

/** What `mapIdentity` returns for an identity. */
export interface Mapped {
  /** Replaces the usual profile claims. `sub` and `idp` are always ours. */
  readonly claims?: { readonly [claim: string]: Json };
  /** The user's permissions; they go into `props.permissions` and stay there as long as the grant lives. */
  readonly permissions?: readonly string[];
  /** Organizations that the user may act for. If there are several, the user chooses one for each app. */
  readonly organizations?: readonly Organization[];
  /** Refuses the user, who is shown this message: a text, or a function that picks one by `words.lang`. */
  readonly deny?: Text;
}

/** Options of {@link upstream}. */
export interface UpstreamOptions {
  /** Only users with a verified e-mail address of exactly these domains may sign in. */
  readonly emailDomains?: readonly string[] | undefined;
  /** Only these verified e-mail addresses may sign in, besides those of `emailDomains`. */
  readonly emails?: readonly string[] | undefined;
  /**
   * Only members of these organizations may sign in, by the id that the site uses for them: Entra's tenant, Google's `hd`,
   * Slack's workspace, `org_id` elsewhere. GitHub has its own options for it.
   */
  readonly organizations?: readonly string[] | undefined;
  /** Decides which users may sign in, and what tools know of them. Gets every claim of the provider. */
  mapIdentity?(identity: Identity, env: unknown): Awaitable<Mapped>; // a method, so that a function may declare the type of its environment
  /**
   * Whether a user who signs in for the first time gets the account that has verified the same e-mail address. Only for
   * providers that verify addresses, and never reassign one to another user. Default: no; users link their accounts themselves.
   */
  readonly joinByEmail?: boolean | undefined;
  /** Keeps the provider's tokens, sealed, for tools: `auth.upstream('github').token()`. Requests a refresh token if supported. Default: no. */
  readonly keepTokens?: boolean | undefined;
}

/** The claims that tools get without a mapping. */
const PROFILE =
  'name given_name family_name nickname preferred_username picture profile email email_verified locale zoneinfo hd org_id'.split(' ');
const MAX_LENGTH = 1024;
/** Entra ID names up to 200 groups, in 40 characters each. */
const MAX_STANDING_LENGTH = 32_768;

/**
 * Signs users in at an upstream provider. The provider authenticates the user; tokens for your API come from this server.
 *
 * @param provider of `portcullis/upstreams`.
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(google({ clientId: 'abc', clientSecret: (env: Env) => env['GOOGLE_SECRET'] }), {
 *   emailDomains: ['acme.example'],
 *   mapIdentity: ({ claims }) => ({ permissions: claims['email'] === 'ada@acme.example' ? ['admin'] : [] }),
 * })
 */
export function upstream(provider: Upstream, options: UpstreamOptions = {}): RedirectLogin {
  if (typeof provider?.startSignIn !== 'function')
    throw new TypeError('upstream: the first argument must be a site of portcullis/upstreams, such as github({ clientId, clientSecret }).');
  checkTypes(
    'upstream',
    options,
    'emailDomains:string[] emails:string[] organizations:string[] mapIdentity:function joinByEmail:boolean keepTokens:boolean',
  );
  const { emailDomains, emails, organizations: belonging, joinByEmail = false, keepTokens = false } = options;
  const domains = emailDomains?.map((domain) => domainOf(`x@${domain}`) ?? badDomain(domain));
  const addresses = emails?.map((email) => foldAddress(email) ?? badEmail(email));
  if (belonging?.includes('')) throw new TypeError('upstream: `organizations` holds an empty id. Write the ids as the site has them.');
  const isListed = (identity: Identity): boolean =>
    domains?.includes(verifiedDomain(identity) ?? '') === true ||
    addresses?.includes(foldAddress(verifiedAddress(identity) ?? '') ?? '') === true;
  const outside = (identity: Identity): 'organization_not_allowed' | 'email_not_allowed' | 'email_domain_not_allowed' | null => {
    if (belonging && !belonging.includes(identity.organization ?? '')) return 'organization_not_allowed';
    if (isListed(identity) || (!addresses && !domains)) return null;
    return addresses ? 'email_not_allowed' : 'email_domain_not_allowed'; // the message does not name the list
  };
  const judge = async ({ identity, tokens, authenticatedAt, notTold }: CallbackResult, env: unknown): Promise<ReturnResult> => {
    const reason = outside(identity);
    const decisive = reason === 'organization_not_allowed' ? identity.organization : identity.claims['email_verified'];
    if (reason !== null && notTold && decisive === undefined) return resultOf(notTold); // not a no
    if (reason !== null && reason !== 'email_domain_not_allowed') return { kind: 'refused', reason };
    if (reason !== null) {
      const text = (words: Words): HtmlValue => words.site.onlyDomains(sayOr(emailDomains ?? [], words));
      return { kind: 'refused', reason, text };
    }
    const mapped = await mappedBy(options, identity, env);
    if (mapped.deny !== undefined) return { kind: 'refused', reason: 'denied_by_mapping', text: mapped.deny };
    const claims = { ...(mapped.claims ?? profileOf(identity)), idp: identity.issuer };
    const { permissions = identity.permissions, organizations } = mapped;
    const address = joinByEmail ? verifiedAddress(identity) : null;
    return {
      kind: 'proven',
      identity: { ...identity, claims },
      ...(address === null ? {} : { joinByEmail: address }),
      ...(joinByEmail && address === null && notTold ? { ifNew: resultOf(notTold) } : {}), // a second account would stay
      ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
      ...(permissions ? { permissions } : {}),
      ...(organizations ? { organizations } : {}),
      ...(keepTokens ? { upstream: { account: accountOf(provider.id, identity), tokens } } : {}),
      standing: standingOf(identity),
    };
  };
  return {
    kind: 'redirect',
    id: provider.id,
    label: provider.label,
    icon: provider.icon,
    site: provider.site,
    scopes: provider.scope,
    ...(keepTokens ? { tokens: keeperOf(provider) } : {}),
    checkIssuer(ours, all = [ours]) {
      if (all.some((own) => sameIssuer(own, provider.issuer)))
        throw new TypeError(
          `upstream: the issuer of ${JSON.stringify(provider.id)} is this server itself (${provider.issuer}); name the site that vouches for its users.`,
        );
    },
    async recheck(standing, { env, token }) {
      const { isPartial, ...identity } = standing as unknown as Standing;
      if (outside(identity) !== null) return 'no';
      const isIn = provider.admits?.(identity) !== false && (await mappedBy(options, identity, env)).deny === undefined;
      if (!isIn) return isPartial ? 'unknown' : 'no'; // who lacks a claim that was not stored is not known to have lost it
      return token === null || !provider.recheck ? 'yes' : provider.recheck(token, identity);
    },
    begin: (redirect, { env, network }) =>
      provider.startSignIn({ ...redirect, env, visitor: network, offline: keepTokens }).catch(resultOf),
    finish: async (came, { env, now, network }) => {
      const arrived = await provider.finishSignIn({ ...came, now: now(), env, visitor: network }).catch(resultOf);
      return 'kind' in arrived ? arrived : judge(arrived, env);
    },
  };
}

/** What `mapIdentity` says. @throws {TypeError} for `false`, null, and a misspelt `deny`, which would let the user in. */
async function mappedBy(options: UpstreamOptions, identity: Identity, env: unknown): Promise<Mapped> {
  const mapped = await options.mapIdentity?.(identity, env);
  checkTypes('upstream: the result of `mapIdentity`', mapped, 'deny:string|function|object claims permissions organizations');
  return mapped ?? {};
}

/** The part of an identity that is stored for later checks. */
type Standing = Identity & {
  /** Whether claims are left out, since they were too large. */
  readonly isPartial?: true;
};

/** All claims of the site; those of the profile, if they are too large. */
function standingOf({ issuer, subject, claims, organization }: Identity): Json {
  const text = JSON.stringify(claims);
  const isPartial = text.length > MAX_STANDING_LENGTH;
  const kept = isPartial ? profileOf({ issuer, subject, claims }) : (JSON.parse(text) as { readonly [claim: string]: Json });
  return {
    issuer,
    subject,
    claims: kept,
    ...(organization === undefined ? {} : { organization }),
    ...(isPartial ? { isPartial } : {}),
  };
}

/** Whether two issuers look the same to a person: a trailing slash or upper case makes no difference. */
function sameIssuer(own: string, other: string | undefined): boolean {
  const folded = (text: string): string => (URL.canParse(text) ? new URL(text).href : text).replace(/\/+$/, '');
  return other !== undefined && folded(own) === folded(other);
}

/** Token operations of a provider. Only its answer that the refresh token is invalid is final: all other errors may be temporary. */
function keeperOf(provider: Upstream): TokenOperations {
  return {
    patience: provider.timeout,
    async refresh(tokens, { now, env }) {
      try {
        return { kind: 'refreshed', tokens: await provider.refresh({ tokens, now, env }) };
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        const { failure, reason, retryAfter } = error;
        if (failure === 'refused') return { kind: 'refused', reason };
        return { kind: 'unavailable', reason, ...(retryAfter === undefined ? {} : { retryAfter }) };
      }
    },
    revoke: (tokens, { env }) => provider.revoke({ tokens, env }),
  };
}

function accountOf(provider: string, { subject: id, claims: { name, email } }: Identity): LinkedAccount {
  return { provider, id, ...(typeof name === 'string' ? { name } : {}), ...(typeof email === 'string' ? { email } : {}) };
}

/** What the client is told of the site's error. If the site says that our request is wrong, that is a server error to the client. */
function resultOf(error: unknown): Exclude<ReturnResult, Authenticated> {
  if (!(error instanceof UpstreamError)) throw error;
  const { failure, reason, retryAfter, text, hint } = error;
  switch (failure) {
    case 'refused':
      return { kind: 'refused', reason, ...(text === undefined ? {} : { text }) };
    case 'declined':
      return {
        kind: 'declined',
        reason,
        error: reason === 'access_denied' || reason === 'temporarily_unavailable' ? reason : 'server_error',
      };
    case 'unavailable':
    case 'broken':
      return {
        kind: failure,
        reason: hint === undefined ? reason : `${reason}: ${hint}`,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      };
  }
}

function verifiedAddress({ claims }: Identity): string | null {
  return claims['email_verified'] === true && typeof claims['email'] === 'string' ? claims['email'] : null;
}

function verifiedDomain(identity: Identity): string | null {
  return domainOf(verifiedAddress(identity) ?? '');
}

function profileOf({ claims }: Identity): { [claim: string]: Json } {
  const kept = PROFILE.map((name) => [name, claims[name]] as const).filter(
    (entry): entry is [string, string | boolean] =>
      typeof entry[1] === 'boolean' || (typeof entry[1] === 'string' && entry[1].length <= MAX_LENGTH),
  );
  return Object.fromEntries(kept);
}

function badEmail(email: string): never {
  throw new TypeError(`upstream: \`emails\` holds ${JSON.stringify(email)}, which is not an address such as "ada@acme.example".`);
}

function badDomain(domain: string): never {
  throw new TypeError(`upstream: \`emailDomains\` holds ${JSON.stringify(domain)}, which is not a domain such as "acme.example".`);
}

/** Restricts the accounts that may be connected. Default: all. */
export type ConnectionOptions = Pick<UpstreamOptions, 'emailDomains' | 'emails' | 'organizations'>;

/**
 * Lets tools ask for the user's account at a provider while they run (`auth.connect`), without a login for it on the sign-in page. Needs the
 * option `secret`, which encrypts the provider's tokens.
 *
 * @param provider of `portcullis/upstreams`.
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * connection(google({ clientId: 'abc', clientSecret: (env: Env) => env['GOOGLE_SECRET'] }), { emailDomains: ['acme.example'] })
 */
export function connection(provider: Upstream, options: ConnectionOptions = {}): ConnectionLogin {
  const { present: _, ...login } = upstream(provider, { ...options, keepTokens: true });
  return { ...login, kind: 'connection' };
}
