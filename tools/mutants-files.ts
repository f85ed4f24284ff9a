/**
 * The files with security checks, most important first, and the tests that find mutants in them: first a file's own tests (same path) and
 * those of its folder if they are few, then journeys that run it.
 */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SERVER_TESTS } from './mutants-server-tests.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Journeys by subject: few, because they run again for each mutant that they cover. */
const JOURNEYS = {
  grants: ['refresh', 'requirements'],
  clients: ['client-documents', 'requirements'],
  proofs: ['dpop', 'proof-order'],
  people: ['account', 'consent', 'password', 'sign-ins', 'step-up', 'device'],
  sites: ['upstream', 'connect', 'vault'],
  calls: ['permissions', 'resources'],
  administration: ['admin'],
} as const;
type Area = keyof typeof JOURNEYS;

interface Part {
  readonly folder: string;
  readonly files: readonly string[];
  /** Folders of `test` that are run as a whole. */
  readonly tests: readonly string[];
  readonly journeys: readonly Area[];
}

const PARTS: readonly Part[] = [
  {
    folder: 'model',
    files: ['grant-transitions', 'grant', 'redirect', 'scope', 'access', 'pkce', 'resource', 'assertion', 'record', 'client-spec', 'dpop'],
    tests: ['model', 'grants'],
    journeys: ['grants'],
  },
  {
    folder: 'model',
    files: ['live-permissions', 'params', 'token', 'settings', 'account', 'key-set', 'user-state', 'context'],
    tests: ['model'],
    journeys: ['people', 'proofs'],
  },
  {
    folder: 'mcp',
    files: ['policy/gate', 'policy/read-messages', 'policy/policy', 'tool-context', 'errors'],
    tests: ['mcp', 'fuzz'],
    journeys: [],
  },
  {
    folder: 'mcp',
    files: ['sessions/sessions', 'sessions/session', 'sessions/bound-sessions', 'sessions/limits'],
    tests: ['mcp'],
    journeys: [],
  },
  {
    folder: 'guard',
    files: ['guard', 'refused', 'token-source', 'answers'],
    tests: ['guard', 'provider'],
    journeys: ['calls'],
  },
  {
    folder: 'core',
    files: ['verify', 'signatures', 'recheck', 'records/one-time', 'signing-keys', 'records/keyring'],
    tests: ['core'],
    journeys: ['proofs', 'calls'],
  },
  {
    folder: 'clients',
    files: ['private-key-jwt', 'confidential', 'caller'],
    tests: ['clients', 'endpoints'],
    journeys: ['clients'],
  },
  {
    folder: 'clients',
    files: ['metadata-document', 'metadata', 'find', 'client-policy'],
    tests: ['clients', 'endpoints'],
    journeys: ['clients'],
  },
  {
    folder: 'grants',
    files: ['authorization-code', 'refresh-token', 'token-exchange', 'jwt-bearer', 'device-code'],
    tests: ['grants', 'endpoints'],
    journeys: ['grants', 'proofs'],
  },
  {
    folder: 'grants',
    files: ['direct-grant', 'token-request', 'repeated-answer', 'on-tokens', 'former-grants'],
    tests: ['grants', 'endpoints'],
    journeys: ['grants', 'proofs'],
  },
  {
    folder: 'verifiers',
    files: ['jwt', 'proofs', 'introspection', 'api-keys', 'any-of', 'contract', 'discovery', 'page-ticket'],
    tests: ['verifiers'],
    journeys: [],
  },
  {
    folder: 'verifiers',
    files: ['vendors-by-resource', 'vendors-by-client', 'vendors-by-application', 'google', 'stytch', 'workos', 'memory'],
    tests: ['verifiers'],
    journeys: [],
  },
  {
    folder: 'endpoints',
    files: [
      'authorize/authorization-request',
      'authorize/authorize',
      'authorize/consent',
      'oauth/token',
      'authorize/upstream-sign-in',
      'sign-in/browser-context',
      'authorize/step',
    ],
    tests: ['endpoints'],
    journeys: ['people', 'sites'],
  },
  {
    folder: 'endpoints',
    files: [
      'oauth/introspect',
      'oauth/revoke',
      'oauth/register',
      'oauth/par',
      'authorize/device',
      'authorize/logo',
      'authorize/consent-page',
      'sign-in/sign-in',
    ],
    tests: ['endpoints'],
    journeys: ['people', 'clients'],
  },
  {
    folder: 'endpoints',
    files: [
      'account/account',
      'authorize/repeated-answer',
      'authorize/issue-code',
      'authorize/pending',
      'sign-in/session',
      'account/login',
      'account/linked-accounts',
      'account/access-keys',
    ],
    tests: ['endpoints'],
    journeys: ['people', 'sites'],
  },
  {
    folder: 'logins',
    files: ['password', 'password-change', 'password-sign-up', 'password-rules', 'email-code', 'totp'],
    tests: ['logins'],
    journeys: ['people'],
  },
  {
    folder: 'logins',
    files: ['passkey', 'passkey-verifier', 'passkey-section', 'own-login', 'upstream'],
    tests: ['logins'],
    journeys: ['people', 'sites'],
  },
  {
    folder: 'upstreams',
    files: ['oidc', 'code-flow', 'discovery', 'tokens', 'ask', 'contract', 'github', 'work-accounts', 'user-management'],
    tests: ['upstreams'],
    journeys: ['sites'],
  },
  {
    folder: 'core',
    files: [
      'users/passkeys',
      'former-store',
      'records/former',
      'users/accounts',
      'users/sign-out',
      'attempts',
      'records/devices',
      'users/identities',
      'users/links',
      'records/records',
      'records/client-quota',
      'users/sessions',
    ],
    tests: ['core', 'provider'],
    journeys: ['people', 'grants'],
  },
  {
    folder: 'core',
    files: [
      'users/totp',
      'records/sign-in-flow',
      'records/grants',
      'records/user-states',
      'vault/vault',
      'vault/vault-refresh',
      'access-keys',
      'records/grant-records',
      'records/client-places',
      'records/client-status',
      'users/security-mail',
    ],
    tests: ['core', 'provider'],
    journeys: ['people', 'sites'],
  },
  { folder: 'core', files: ['audit/entry', 'audit/append', 'audit/read'], tests: ['core'], journeys: ['administration'] },
  {
    folder: 'admin',
    files: ['act', 'run', 'cli', 'users', 'grants'],
    tests: ['admin'],
    journeys: ['administration'],
  },
  { folder: 'former', files: ['workers-oauth-kv', 'mcp-sdk', 'better-auth'], tests: ['former'], journeys: [] },
  { folder: 'cli', files: ['callback', 'reach', 'terminal', 'credentials', 'steps'], tests: ['cli'], journeys: [] },
];

/** Vendors, which are tested in one table. */
const VENDORS = ['vendors-by-resource', 'vendors-by-client', 'vendors-by-application', 'google', 'stytch', 'workos'];

/** Files that are also tested in the test of another file. */
const TESTED_WITH: { readonly [file: string]: string } = {
  ...SERVER_TESTS,
  ...Object.fromEntries(VENDORS.map((name) => [`src/verifiers/${name}.ts`, 'src/verifiers/vendors.ts'])),
  ...Object.fromEntries(['run', 'act', 'users'].map((name) => [`src/admin/${name}.ts`, 'src/journeys/admin.ts'])),
  'src/cli/steps.ts': 'src/cli/connect.ts',
  'src/clients/client-policy.ts': 'src/journeys/client-policy.ts',
  'src/clients/confidential.ts': 'src/clients/private-key-jwt.ts',
  'src/clients/find.ts': 'src/{clients/private-key-jwt,former/workers-oauth-kv,journeys/client-policy}.ts',
  'src/mcp/errors.ts': 'src/mcp/policy/gate.ts',
  'src/upstreams/user-management.ts': 'src/upstreams/providers.ts',
  'src/upstreams/work-accounts.ts': 'src/upstreams/providers.ts',
  'src/model/context.ts': 'src/guard/guard.ts',
  'src/model/access.ts': 'src/mcp/policy/policy.ts',
  'src/upstreams/contract.ts': 'src/upstreams/icons.ts',
  'src/upstreams/ask.ts': 'src/upstreams/{code-flow,harmless-sites}.ts',
  'src/upstreams/tokens.ts': 'src/upstreams/{answers,code-flow,harmless-answers,harmless-sites}.ts',
  'src/upstreams/code-flow.ts': 'src/upstreams/{flow-rules,harmless-answers,harmless-sites,oidc,github,providers,tokens,answers}.ts',
  'src/upstreams/oidc.ts': 'src/upstreams/{harmless-sites,providers,icons,tokens}.ts',
  'src/verifiers/introspection.ts': 'src/verifiers/jwt-reasons.ts',
};

/** The mutated files, most important first. */
export const MUTATED: readonly string[] = PARTS.flatMap(({ folder, files }) => files.map((name) => `src/${folder}/${name}.ts`));

/**
 * The tests for a file, as globs, in two parts: those that are nearest and quick, tried on all mutants; and all, tried on what survives.
 */
export function testsFor(file: string): { readonly near: readonly string[]; readonly all: readonly string[] } {
  const part = PARTS.find(({ folder, files }) => files.some((name) => file === `src/${folder}/${name}.ts`));
  if (!part) throw new TypeError(`${file} is not among the files of tools/mutants-files.ts.`);
  const own = [file, TESTED_WITH[file] ?? file]
    .map((path) => path.replace(/^src/, 'test').replace(/\.ts$/, '{,-*}.test.ts'))
    .filter((glob) => globSync(glob, { cwd: root }).length > 0);
  const folders = part.tests.map((folder) => `test/${folder}/**/*.test.ts`);
  const near = own.length > 0 ? [...new Set(own)] : folders;
  const journeys = part.journeys.flatMap((area) => JOURNEYS[area]).map((name) => `test/journeys/${name}.test.ts`);
  return { near, all: [...new Set([...near, ...folders, ...journeys])] };
}
