/** A sign-up with a passkey while the store fails: never an account that no one can sign in to, whose user name is taken. */
import { describe, expect, it } from 'vitest';
import { passkeys } from '../../src/logins/passkey.ts';
import { password } from '../../src/logins/password.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { faultyStore, type StoreFault } from '../../src/testing/faulty-store.ts';
import { codeOf } from '../../src/testing/oauth-client.ts';
import { appOn, ISSUER } from '../support/app.ts';
import { makeAuthenticator } from '../support/authenticator.ts';
import { toNewPasskey, toPasskey, touch } from '../support/passkey-person.ts';

/** Signs up while one operation of the store fails. @returns whether that one was reached, and how the user comes in afterwards. */
async function signUpWhile(fault: StoreFault, at: number): Promise<readonly [isReached: boolean, how: string]> {
  const clock = makeClock();
  const { store, plan, heal } = faultyStore(memoryStore(clock));
  const app = await appOn(store, clock, { logins: [password(), passkeys({ signUp: 'open' })] });
  const [client, browser, device] = [await app.client(), app.browser(), makeAuthenticator(ISSUER)];
  const page = await toNewPasskey(client, browser, 'ada');
  plan(fault, at);
  await touch(browser, page, device);
  const isReached = heal() >= at;
  const account = await app.provider.helpers(app.env).accounts.findByUsername('ada');
  if (account === null) {
    const again = await toNewPasskey(client, app.browser(), 'ada');
    return [isReached, again.status === 200 ? 'the name is free' : `no account, and ${again.status}`];
  }
  const other = app.browser();
  const consent = await touch(other, await toPasskey(client, other), device);
  const isIn = consent.location !== null && codeOf(consent) !== '';
  return [isReached, isIn ? 'signs in' : 'has the name, and cannot sign in'];
}

describe('logins/passkey, sign-up on a store that fails', () => {
  it.each(['refuse', 'lose'] as const)('leaves an account with its passkey or a free name, whatever operation does %s', async (fault) => {
    const ends = new Map<string, number[]>();
    for (let at = 1, isReached = true; isReached && at < 100; at++) {
      const [reached, how] = await signUpWhile(fault, at);
      isReached = reached;
      if (reached) ends.set(how, [...(ends.get(how) ?? []), at]);
    }
    expect([...ends.keys()].toSorted(), JSON.stringify([...ends])).toEqual(['signs in', 'the name is free']);
  });
});
