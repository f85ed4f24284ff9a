/** The parts of an authorization request: its scope, and what the client is told of an error. */
import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import { adviceFor, errorAnswer, isTrusted, scopeOfRequest } from '../../../src/endpoints/authorize/authorization-request.ts';
import type { Client } from '../../../src/model/client.ts';
import { OAuthError } from '../../../src/model/error.ts';
import type { ValidRedirect } from '../../../src/model/redirect.ts';
import type { Resource } from '../../../src/model/resource.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { ISSUER, makeApp } from '../../support/app.ts';
import { lastReason } from '../../support/verdicts.ts';

const settings = (unknownScopes: 'ignore' | 'refuse'): Settings =>
  ({ scopesSupported: [{ name: 'read' }, { name: 'write' }], defaultScope: ['read'], unknownScopes }) as unknown as Settings;
const resource = (...requiredScopes: string[]): Resource => ({ requiredScopes }) as unknown as Resource;

describe('endpoints/authorize/authorization-request: parts', () => {
  it.each<[string | undefined, object]>([
    [undefined, { scope: ['read'] }],
    ['write', { scope: ['write'] }],
    ['write read', { scope: ['write', 'read'] }],
    ['offline_access', { scope: ['read'], offline: true }],
    ['write offline_access', { scope: ['write'], offline: true }],
    ['other', { scope: ['read'], defaulted: true }],
    ['other write', { scope: ['write'] }],
    ['other offline_access', { scope: ['read'], offline: true, defaulted: true }],
  ])('takes from the scope %j what it means here', (text, meant) => {
    expect(scopeOfRequest(settings('ignore'), resource(), text)).toStrictEqual(meant);
  });

  it('adds what every call of a resource needs, once, and refuses unknown scopes where the operator wants that', () => {
    expect(scopeOfRequest(settings('ignore'), resource('list', 'read'), 'read write')).toStrictEqual({ scope: ['list', 'read', 'write'] });
    expect(scopeOfRequest(settings('refuse'), resource(), 'write')).toStrictEqual({ scope: ['write'] });
    expect(() => scopeOfRequest(settings('refuse'), resource(), 'write other')).toThrow(expect.objectContaining({ code: 'invalid_scope' }));
  });

  it('reads scopes that a client joined, and leaves whole one that is known by a name with a comma', () => {
    expect(scopeOfRequest(settings('refuse'), resource(), 'read,write')).toStrictEqual({ scope: ['read', 'write'] });
    const scopesSupported = [{ name: 'a,b' }, { name: 'a' }];
    expect(scopeOfRequest({ ...settings('refuse'), scopesSupported }, resource(), 'a,b')).toStrictEqual({ scope: ['a,b'] });
  });

  it('tells an error with its text, and advice on loopback alone', async () => {
    const error = new OAuthError('invalid_request', 'state_too_long');
    const as = { settings: { issuer: ISSUER }, isLoopback: true } as unknown as AuthServer;
    const advice = await adviceFor(as, error);
    expect([advice?.startsWith('[state_too_long'), await adviceFor({ ...as, isLoopback: false } as AuthServer, error)]).toEqual([
      true,
      undefined,
    ]);
    const told = (text?: string): unknown =>
      Object.fromEntries(new URL(errorAnswer(as, 'https://app.example/cb' as ValidRedirect, 's', error, text)).searchParams);
    const plain = { error: 'invalid_request', error_description: error.message, state: 's', iss: ISSUER };
    expect([told(), told('Do this.')]).toEqual([plain, { ...plain, error_description: `${error.message} Do this.` }]);
  });

  it('trusts the redirect of a client that the operator entered, and one to this computer', () => {
    const trusted = (entered: boolean | undefined, redirect: string): boolean =>
      isTrusted({ entered } as Client, redirect as ValidRedirect);
    expect([trusted(true, 'https://app.example/cb'), trusted(undefined, 'http://localhost:1/cb')]).toEqual([true, true]);
    expect([trusted(undefined, 'https://app.example/cb'), trusted(false, 'https://app.example/cb')]).toEqual([false, false]);
  });

  it('takes one prompt or several, with spaces around them, and none alone', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const ask = async (prompt: string): Promise<unknown> => {
      const page = await app.browser().get(await client.authorizeUrl({ prompt }));
      return page.location === null ? page.status : new URL(page.location).searchParams.get('error');
    };
    expect([await ask('login'), await ask('login consent'), await ask(' login ')]).toEqual([200, 200, 200]);
    expect([await ask('none'), await ask(' none '), await ask('none none')]).toEqual([
      'login_required',
      'login_required',
      'invalid_request',
    ]);
    expect(lastReason(app)).toBe('prompt_contradicts');
  });

  it('keeps the key and the hint that a request names', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const pending = async (changes: Record<string, string>): Promise<string> => {
      const writes: string[] = [];
      const { write } = app.inner;
      app.inner.write = async (key, value, ...more) => (
        writes.push(`${key} ${JSON.stringify(value)}`),
        write.call(app.inner, key, value, ...more)
      );
      await app.browser().get(await client.authorizeUrl(changes));
      app.inner.write = write;
      return writes.join();
    };
    const jkt = 'A'.repeat(43);
    expect(await pending({ dpop_jkt: jkt, login_hint: 'ada@example.com' })).toMatch(
      new RegExp(`(?=.*"jkt":"${jkt}")(?=.*"hint":"ada@example.com")`),
    );
    expect(await pending({})).not.toMatch(/"jkt"|"hint"/);
    expect(await pending({ login_hint: 'a'.repeat(256) })).toContain('"hint"');
    expect(await pending({ login_hint: 'a'.repeat(257) })).not.toContain('"hint"');
  });
});
