/** The presets of `portcullis/workloads`: what they say, whom they let in, and what they refuse at start-up. */
import { describe, expect, it } from 'vitest';
import { aks, awsRole, eks, githubActions, gke, kubernetes } from '../../src/model/workload-issuers.ts';
import type { TrustedIssuer } from '../../src/model/assertion.ts';
import { issuersOf } from '../../src/provider/rare-grants.ts';
import { ISSUER, makeApp } from '../support/app.ts';
import { makeSigner } from '../support/signer.ts';
import { answerOf, lastReason } from '../support/verdicts.ts';

const JOB = { namespace: 'jobs', serviceAccount: 'importer', scope: ['read'] };
const EKS = 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF';
const AKS = 'https://westeurope.oic.prod-aks.azure.com/11111111-1111-1111-1111-111111111111/22222222-2222-2222-2222-222222222222/';
const AWS = 'https://0f3e1b6c.tokens.sts.global.api.aws';
const ROLE = 'arn:aws:iam::123456789012:role/service/importer';
const SUBJECT = 'system:serviceaccount:jobs:importer';

const PRESETS: readonly [name: string, preset: TrustedIssuer, jwksUri: string, claims: Record<string, string>, other: Record<string, string>][] = [
  ['githubActions', githubActions({ repository: 'acme/notes', environment: 'production', scope: ['read'] }), 'https://token.actions.githubusercontent.com/.well-known/jwks', { sub: 'repo:acme/notes:environment:production', repository: 'acme/notes', environment: 'production' }, { environment: 'staging' }],
  ['kubernetes', kubernetes({ issuer: 'https://oidc.cluster.example', ...JOB }), 'https://oidc.cluster.example/openid/v1/jwks', { sub: SUBJECT }, { sub: 'system:serviceaccount:default:importer' }],
  ['gke', gke({ project: 'acme', location: 'europe-west1', cluster: 'main', ...JOB }), 'https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/main/jwks', { sub: SUBJECT }, { sub: 'system:serviceaccount:jobs:other' }],
  ['eks', eks({ issuer: EKS, ...JOB }), `${EKS}/keys`, { sub: SUBJECT }, { sub: 'system:serviceaccount:jobs:other' }],
  ['aks', aks({ issuer: AKS, ...JOB }), `${AKS}openid/v1/jwks`, { sub: SUBJECT }, { sub: 'system:serviceaccount:jobs:other' }],
  ['awsRole', awsRole({ issuer: AWS, role: ROLE, scope: ['read'] }), `${AWS}/.well-known/jwks.json`, { sub: ROLE }, { sub: 'arn:aws:iam::123456789012:role/other' }],
]; // prettier-ignore

describe('portcullis/workloads', () => {
  it.each(PRESETS)('%s names the keys of the platform, and passes the checks at start-up', (_name, preset, jwksUri) => {
    expect([preset.jwksUri, preset.kind]).toEqual([jwksUri, 'workload']);
    expect(issuersOf([preset]).trustedIssuers).toEqual([preset]);
  });

  it.each(PRESETS)('%s accepts the named workload, and no other one of the platform', async (_name, preset, _uri, claims, other) => {
    const signer = await makeSigner('RS256', 'platform');
    const { jwksUri: _elsewhere, ...rest } = preset;
    const app = await makeApp('memory', { trustedIssuers: [{ ...rest, jwks: { keys: [signer.publicKey as never] } }] });
    const send = async (changes: Record<string, string>) => {
      const now = app.clock.now();
      const standard = { iss: preset.issuer, aud: ISSUER, iat: now, exp: now + 600, jti: crypto.randomUUID() };
      const assertion = await signer.sign({ ...standard, ...claims, ...changes }, { typ: 'JWT' });
      const fields = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
      return answerOf(
        await app.ask('POST', '/token', new URLSearchParams(fields), { 'content-type': 'application/x-www-form-urlencoded' }),
      );
    };
    expect(await send({})).toMatchObject({ status: 200, body: { scope: 'read' } });
    expect(await send(other)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(lastReason(app)).toBe('assertion_claim_differs');
  });

  it.each([
    [() => githubActions({ repository: 'acme', scope: [] }), 'githubActions: `repository` must be such as "owner/name"'],
    [() => githubActions({ repository: [], scope: [] }), 'githubActions: `repository` must be'],
    [() => githubActions({ repository: 'acme/notes', environment: '', scope: [] }), 'githubActions: `environment` must be'],
    [() => githubActions({ repository: 'acme/notes', branch: 'main', scope: [] } as never), '`branch` is not an option'],
    [() => kubernetes({ issuer: 'http://cluster.example', ...JOB }), 'kubernetes: `issuer` must be'],
    [() => kubernetes({ issuer: 'https://c.example', ...JOB, namespace: '' }), 'kubernetes: `namespace` must be'],
    [() => gke({ project: 'a/b', location: 'x', cluster: 'y', ...JOB }), 'gke: `project` must be'],
    [() => eks({ issuer: `${EKS}/`, ...JOB }), 'eks: `issuer` must be'],
    [() => aks({ issuer: AKS.slice(0, -1), ...JOB }), 'aks: `issuer` must be'],
    [() => aks({ issuer: 'https://evil.example/', ...JOB }), 'aks: `issuer` must be'],
    [() => awsRole({ issuer: AWS, role: 'importer', scope: [] }), 'awsRole: `role` must be'],
    [() => awsRole({ issuer: 'https://sts.amazonaws.com', role: ROLE, scope: [] }), 'awsRole: `issuer` must be'],
  ])('refuses what would mean another workload: %#', (make, message) => {
    expect(make).toThrow(message);
  });

  it.each([
    'https://oidc.eks.us-gov-west-1.amazonaws.com/id/0123456789ABCDEF',
    'https://oidc.eks.cn-north-1.amazonaws.com.cn/id/0123456789ABCDEF',
    'https://oidc.eks.eusc-de-east-1.amazonaws.eu/id/0123456789ABCDEF',
    'https://oidc-eks.us-west-2.api.aws/id/0123456789ABCDEF',
    'https://oidc-eks.cn-north-1.api.amazonwebservices.com.cn/id/0123456789ABCDEF',
    'https://oidc-eks.eusc-de-east-1.api.amazonwebservices.eu/id/0123456789ABCDEF',
  ])('eks takes the issuer of every partition, dual-stack ones, too: %s', (issuer) => {
    expect(eks({ issuer, ...JOB }).jwksUri).toBe(`${issuer}/keys`);
    const elsewhere = issuer.replace(/\.(aws|com|cn|eu)\//, '.$1.evil.example/');
    expect(() => eks({ issuer: elsewhere, ...JOB })).toThrow('eks: `issuer` must be');
  });

  it('takes several repositories, roles and service accounts', () => {
    expect(githubActions({ repository: ['acme/a', 'acme/b'], ref: 'refs/heads/main', scope: [] }).claims).toEqual({ repository: ['acme/a', 'acme/b'], ref: 'refs/heads/main' });
    expect(kubernetes({ issuer: 'https://c.example', jwksUri: 'https://keys.example/k', ...JOB, serviceAccount: ['a', 'b'] })).toMatchObject({ jwksUri: 'https://keys.example/k', claims: { sub: ['system:serviceaccount:jobs:a', 'system:serviceaccount:jobs:b'] } });
  }); // prettier-ignore
});
