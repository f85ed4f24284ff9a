/** Forms for people that come from another site, or do not say where from, change nothing: every page of the server, each login's own included. */
import { expect, it } from 'vitest';
import { emailCode } from '../../src/logins/email-code.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { password } from '../../src/logins/password.ts';
import { totp } from '../../src/logins/totp.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { github } from '../../src/upstreams/github.ts';
import { ALICE, ISSUER, makeApp } from '../support/app.ts';
import { makeMailbox } from '../support/mailbox.ts';

const { send, messages } = makeMailbox();
const OPTIONS = {
  logins: [
    password({ signUp: 'open', sendEmail: send }),
    passkeys({ signUp: 'open' }),
    emailCode({ sendEmail: send }),
    upstream(github({ clientId: 'a', clientSecret: 'b' })),
  ],
  secondFactor: totp(),
  secret: 'a-secret-of-the-server-with-more-than-32-characters',
  deviceAuthorizationEndpoint: '/device_authorization',
} as const;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const BODY = new URLSearchParams({ username: ALICE.username, password: ALICE.password, email: 'alice@example.com', part: 'x' }).toString();

const paths = [
  '/login', '/login/forgot', '/login/reset', '/login/sign-up', '/login/passkey', '/login/step', '/authorize/approve', '/device',
  '/account', '/account/password', '/account/passkeys', '/account/totp', '/account/sign-ins', '/account/connect',
]; // prettier-ignore

it.each(paths)('%s takes no form from another site (SEC-125)', async (path) => {
  const app = await makeApp('memory', OPTIONS);
  await app.provider.helpers(app.env).accounts.setEmail(app.aliceId, 'alice@example.com', { verified: true });
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), { ...ALICE });
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  for (const headers of [
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    { 'sec-fetch-site': 'same-site', origin: 'https://sub.mcp.example' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'none' },
  ]) {
    const { writes, removes } = app.counts;
    const answer = await app.ask('POST', path, BODY, { ...FORM, ...headers, cookie });
    expect([answer.status, answer.headers.getSetCookie(), app.counts.writes - writes, app.counts.removes - removes]).toEqual([
      403,
      [],
      0,
      0,
    ]);
    expect(app.events.at(-1)).toMatchObject({ kind: 'request.refused', reason: 'cross_site' });
  }
  await app.settled();
  expect(messages).toEqual([]);
});
