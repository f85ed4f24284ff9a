/**
 * `portcullis/workloads`: platforms whose workloads may call without a person, as values for `trustedIssuers`. Each names the issuer, its keys,
 * and which of the platform's workloads are meant; a platform signs for all of its customers. No I/O here: `grants/jwt-bearer` checks the tokens.
 */
import { checkNames } from '../lib/check-options.ts';
import type { TrustedIssuer } from './assertion.ts';

/** One value, or any of several. */
type OneOrMore = string | readonly string[];

/** What every platform is given. */
interface Scoped {
  /** The most that its workloads can get; [] for none. */
  readonly scope: readonly string[];
}

/** A service account of a cluster. */
interface ServiceAccount extends Scoped {
  readonly namespace: string;
  readonly serviceAccount: OneOrMore;
}

/**
 * Workflows of GitHub Actions. Name an `environment` or a `ref`, too: otherwise every branch of the repository may call.
 *
 * @throws {TypeError} for a wrong option.
 * @example
 * const issuer = githubActions({ repository: 'acme/notes', environment: 'production', scope: ['deploy'] });
 */
export function githubActions(
  options: Scoped & { readonly repository: OneOrMore; readonly environment?: OneOrMore; readonly ref?: OneOrMore },
): TrustedIssuer {
  checkNames('githubActions', options, 'repository environment ref scope');
  const { repository, environment, ref, scope } = options;
  check('githubActions', 'repository', repository, /^[\w.-]+\/[\w.-]+$/, 'owner/name');
  const more = { ...(environment !== undefined && { environment }), ...(ref !== undefined && { ref }) };
  for (const [name, value] of Object.entries(more))
    check('githubActions', name, value, /^\S+$/, name === 'ref' ? 'refs/heads/main' : 'production');
  const issuer = 'https://token.actions.githubusercontent.com';
  return workload(issuer, `${issuer}/.well-known/jwks`, scope, { repository, ...more });
}

/**
 * Service accounts of a Kubernetes cluster, by projected tokens. GKE, EKS and AKS publish their keys elsewhere: see {@link gke}, {@link eks}, {@link aks}.
 *
 * @param options `jwksUri` is `<issuer>/openid/v1/jwks` unless given.
 * @throws {TypeError} for a wrong option.
 * @example
 * const issuer = kubernetes({ issuer: 'https://oidc.cluster.example', namespace: 'jobs', serviceAccount: 'importer', scope: ['read'] });
 */
export function kubernetes(options: ServiceAccount & { readonly issuer: string; readonly jwksUri?: string }): TrustedIssuer {
  checkNames('kubernetes', options, 'issuer jwksUri namespace serviceAccount scope');
  const { issuer, jwksUri = `${issuer.replace(/\/$/, '')}/openid/v1/jwks` } = options;
  check('kubernetes', 'issuer', issuer, HTTPS, 'https://oidc.cluster.example');
  return cluster('kubernetes', issuer, jwksUri, options);
}

/**
 * Service accounts of a cluster at Google Kubernetes Engine.
 *
 * @throws {TypeError} for a wrong option.
 * @example
 * const issuer = gke({ project: 'acme', location: 'europe-west1', cluster: 'main', namespace: 'jobs', serviceAccount: 'importer', scope: ['read'] });
 */
export function gke(
  options: ServiceAccount & { readonly project: string; readonly location: string; readonly cluster: string },
): TrustedIssuer {
  checkNames('gke', options, 'project location cluster namespace serviceAccount scope');
  for (const name of ['project', 'location', 'cluster'] as const) check('gke', name, options[name], NAME, name);
  const issuer = `https://container.googleapis.com/v1/projects/${options.project}/locations/${options.location}/clusters/${options.cluster}`;
  return cluster('gke', issuer, `${issuer}/jwks`, options);
}

/**
 * Service accounts of a cluster at Amazon EKS.
 *
 * @param options `issuer` as `aws eks describe-cluster --query cluster.identity.oidc.issuer` says.
 * @throws {TypeError} for a wrong option.
 * @example
 * const issuer = eks({ issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF', namespace: 'jobs', serviceAccount: 'importer', scope: ['read'] });
 */
export function eks(options: ServiceAccount & { readonly issuer: string }): TrustedIssuer {
  checkNames('eks', options, 'issuer namespace serviceAccount scope');
  const { issuer } = options;
  check(
    'eks',
    'issuer',
    issuer,
    // The second one is that of an IPv6 cluster.
    /^https:\/\/(oidc\.eks\.[\w-]+\.amazonaws\.(com(\.cn)?|eu)|oidc-eks\.[\w-]+\.api\.(aws|amazonwebservices\.(com\.cn|eu)))\/id\/\w+$/,
    'https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF',
  );
  return cluster('eks', issuer, `${issuer}/keys`, options);
}

/**
 * Service accounts of a cluster at Azure Kubernetes Service.
 *
 * @param options `issuer` as `az aks show --query oidcIssuerProfile.issuerUrl` says, with the slash at its end.
 * @throws {TypeError} for a wrong option.
 * @example
 * const issuer = aks({ issuer: 'https://westeurope.oic.prod-aks.azure.com/11111111-1111-1111-1111-111111111111/22222222-2222-2222-2222-222222222222/', namespace: 'jobs', serviceAccount: 'importer', scope: ['read'] });
 */
export function aks(options: ServiceAccount & { readonly issuer: string }): TrustedIssuer {
  checkNames('aks', options, 'issuer namespace serviceAccount scope');
  const { issuer } = options;
  check(
    'aks',
    'issuer',
    issuer,
    /^https:\/\/[\w.-]+\.azure\.(com|us|cn)\/[\w/-]+\/$/,
    'https://westeurope.oic.prod-aks.azure.com/<tenant>/<id>/',
  );
  return cluster('aks', issuer, `${issuer}openid/v1/jwks`, options);
}

/**
 * Roles of an AWS account, by tokens of `GetWebIdentityToken` (IAM outbound identity federation): Lambda, ECS, EC2 and everything else with a role.
 *
 * @param options `issuer` as `aws iam get-outbound-web-identity-federation-info` says; `role` is an ARN.
 * @throws {TypeError} for a wrong option.
 * @example
 * const issuer = awsRole({ issuer: 'https://0f3e1b6c.tokens.sts.global.api.aws', role: 'arn:aws:iam::123456789012:role/importer', scope: ['read'] });
 */
export function awsRole(options: Scoped & { readonly issuer: string; readonly role: OneOrMore }): TrustedIssuer {
  checkNames('awsRole', options, 'issuer role scope');
  const { issuer, role, scope } = options;
  check('awsRole', 'issuer', issuer, /^https:\/\/[\w-]+\.tokens\.sts\.[\w.-]+$/, 'https://0f3e1b6c.tokens.sts.global.api.aws');
  check('awsRole', 'role', role, /^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'arn:aws:iam::123456789012:role/importer');
  return workload(issuer, `${issuer}/.well-known/jwks.json`, scope, { sub: role });
}

const NAME = /^[\w.-]+$/;
const HTTPS = /^https:\/\/[\w.:/~-]+$/;

function cluster(owner: string, issuer: string, jwksUri: string, { namespace, serviceAccount, scope }: ServiceAccount): TrustedIssuer {
  check(owner, 'namespace', namespace, NAME, 'jobs');
  check(owner, 'serviceAccount', serviceAccount, NAME, 'importer');
  return workload(issuer, jwksUri, scope, { sub: [serviceAccount].flat().map((name) => `system:serviceaccount:${namespace}:${name}`) });
}

function workload(issuer: string, jwksUri: string, scope: readonly string[], claims: NonNullable<TrustedIssuer['claims']>): TrustedIssuer {
  return { issuer, kind: 'workload', jwksUri, scope, claims };
}

/** An empty or malformed value would let in other workloads than those that were meant, or none. */
function check(owner: string, option: string, value: unknown, form: RegExp, example: string): void {
  const values: readonly unknown[] = [value].flat();
  if (values.length === 0 || !values.every((one) => typeof one === 'string' && form.test(one)))
    throw new TypeError(
      `${owner}: \`${option}\` must be such as ${JSON.stringify(example)}, or a list of these; it is ${JSON.stringify(value)}.`,
    );
}
