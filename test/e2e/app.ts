/** The server that the end-to-end suite drives: one source, on Node with SQLite and in workerd with Durable Objects. */
import { McpServer } from '@modelcontextprotocol/server';
import { adminApi, adminLanguages } from '../../src/admin/index.ts';
import { consoleMailer } from '../../src/logins/console-mailer.ts';
import { emailCode } from '../../src/logins/email-code.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { password } from '../../src/logins/password.ts';
import { totp } from '../../src/logins/totp.ts';
import { allLanguages } from '../../src/words/index.ts';
import { McpAgent } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { NewAccount } from '../../src/model/account.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';

export const ALICE = { username: 'alice', password: 'correct horse battery', name: 'Alice Example' } as const;

/** A user of the suite. */
export type Person = NewAccount & { readonly password: string; readonly email: string };

const person = (name: string): Person => ({
  username: name.toLowerCase(),
  password: `${name} has a horse battery`,
  name: `${name} Example`,
  email: `${name.toLowerCase()}@acme.example`,
  emailVerified: true,
  permissions: ['reader'],
});
export const BOB: Person = person('Bob');
export const CAROL: Person = person('Carol');
export const DORA: Person = person('Dora');

class E2eMcp extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'portcullis-e2e', version: '1.0.0' });

  init(): void {
    this.server.registerTool('whoami', { description: 'Who is signed in' }, () => ({
      content: [{ type: 'text', text: `Hello, ${this.props.claims.name}!` }],
    }));
  }
}

/** The same options for both runtimes. */
export const options: OAuthProviderOptions = {
  name: 'Acme Notes',
  apiRoute: '/mcp',
  apiHandler: E2eMcp.serve('/mcp'),
  clientRegistrationEndpoint: '/register',
  scopesSupported: { 'notes:read': 'Read your notes', 'notes:write': 'Change and delete your notes' },
  logins: [password({ accounts: () => [ALICE] })],
  pages: { languages: allLanguages },
};

/** The same with passkeys beside the password, and open sign-up. */
const passkeyOptions: OAuthProviderOptions = {
  ...options,
  logins: [password({ accounts: () => [ALICE] }), passkeys({ signUp: 'open', rpName: 'Acme Notes' })],
};

/** Accounts of every kind: sign-up by e-mail, a way to a new password, passkeys, codes. */
const accountsOptions: OAuthProviderOptions = {
  ...options,
  logins: [
    password({ signUp: 'open', sendEmail: consoleMailer() }),
    passkeys({ rpName: 'Acme Notes' }),
    emailCode({ sendEmail: consoleMailer() }),
  ],
  accessKeys: {},
};

/** Sign-ins of several pages: a code by e-mail, and then one of an authenticator app. */
const stepsOptions: OAuthProviderOptions = {
  ...options,
  logins: [emailCode({ sendEmail: consoleMailer(), signUp: 'open' })],
  secondFactor: totp(),
  secret: 'a secret of the end-to-end suite, 32 bytes long',
};

/** Administration, with apps that wait, keys, and second factors. */
const adminOptions: OAuthProviderOptions = {
  ...options,
  logins: [password({ accounts: () => [{ ...ALICE, permissions: ['admin'] }, BOB, CAROL, DORA] })],
  secondFactor: totp(),
  secret: 'a secret of the end-to-end suite, 32 bytes long',
  admin: adminApi({ permission: 'admin', languages: adminLanguages }),
  clientPolicy: { newClients: 'allow', verifiedHosts: ['app.example'], contact: 'Alice' },
  accessKeys: {},
};

/** What is served, by the name of the file in `test/worker/e2e`. */
export const served = {
  entry: options,
  passkey: passkeyOptions,
  accounts: accountsOptions,
  steps: stepsOptions,
  admin: adminOptions,
} as const;
