/** Vendors as `oidc-provider` can play them: their issuers, paths and claims, and the provider of ours that goes with each. */
import { auth0, keycloak, oidc, okta } from '../../src/upstreams/oidc.ts';
import type { ProviderOptions, Upstream } from '../../src/upstreams/contract.ts';
import { entra, google } from '../../src/upstreams/work-accounts.ts';
import type { Shape } from './real-idp.ts';

const TID = '11111111-2222-3333-4444-555555555555';
const MICROSOFT = 'https://login.microsoftonline.com';
const ENTRA = '/organizations/oauth2/v2.0';

/** A vendor's shape, and what comes of a sign-in there. */
export interface VendorShape extends Shape {
  readonly make: (options: ProviderOptions) => Upstream;
  readonly subject: string;
  readonly organization: string | undefined;
  /** Whether `iss` stands in the callback (RFC 9207). Microsoft's does not, and would say another than the ID token's. */
  readonly namesItself?: true;
  /** What is not let in: the same vendor's users elsewhere. */
  readonly elsewhere?: { readonly [name: string]: unknown };
}

/** By name. */
export const VENDORS: { readonly [name: string]: VendorShape } = {
  Google: {
    namesItself: true, issuer: 'https://accounts.google.com', claims: { hd: 'corp.example' }, rotates: false, revokes: true,
    make: (options) => google({ ...options, hd: 'corp.example' }), subject: 'erika', organization: 'corp.example', elsewhere: { hd: 'evil.example' },
  },
  Auth0: {
    namesItself: true, issuer: 'https://acme.eu.auth0.com/', claims: { org_id: 'org_1' }, rotates: true, revokes: true,
    make: (options) => auth0({ ...options, domain: 'acme.eu.auth0.com', organization: 'org_1' }), subject: 'erika', organization: 'org_1', elsewhere: { org_id: 'org_2' },
  },
  AuthKit: {
    namesItself: true, issuer: 'https://acme.authkit.app', claims: { org_id: 'org_1', role: 'admin', permissions: ['notes:delete'] }, rotates: true, revokes: false,
    make: (options) => oidc({ ...options, issuer: 'https://acme.authkit.app' }), subject: 'erika', organization: 'org_1',
  },
  Entra: {
    issuer: `${MICROSOFT}/${TID}/v2.0`, claims: { tid: TID, oid: 'object-1' }, rotates: true, revokes: false,
    routes: { authorization: `${ENTRA}/authorize`, token: `${ENTRA}/token`, jwks: '/organizations/discovery/v2.0/keys' },
    make: (options) => entra({ ...options, tenant: 'organizations', tenants: [TID] }), subject: `${TID}:object-1`, organization: TID,
    elsewhere: { tid: '99999999-2222-3333-4444-555555555555', oid: 'object-1' },
  },
  Keycloak: {
    namesItself: true, issuer: 'https://login.example/realms/corp', claims: { realm_access: { roles: ['editor'] } }, rotates: true, revokes: true,
    routes: { authorization: '/protocol/openid-connect/auth', token: '/protocol/openid-connect/token', jwks: '/protocol/openid-connect/certs' },
    make: (options) => keycloak({ ...options, url: 'https://login.example', realm: 'corp' }), subject: 'erika', organization: undefined,
  },
  Okta: {
    namesItself: true, issuer: 'https://acme.okta.com/oauth2/default', claims: { groups: ['Everyone'] }, rotates: true, revokes: true,
    make: (options) => okta({ ...options, domain: 'acme.okta.com', authorizationServer: 'default' }), subject: 'erika', organization: undefined,
  },
}; // prettier-ignore
