/**
 * Passkeys in storage: one record each under the hash of its credential id, so that no id is ever taken twice (SEC-163),
 * and a list of them for each account. Every change names the owner, and changes nothing of anybody else's.
 */
import { OAuthError } from '../model/error.ts';
import { CHALLENGE_TTL, counterAllows, type Passkey, type Passkeys } from '../model/passkey.ts';
import type { Key, Seconds, Store } from '../model/store.ts';
import { has, type Held, MOST_TRIES, readHeld, versioned } from './held.ts';
import type { Keys } from './keys.ts';

type PasskeyRecord = Passkey & { readonly v: 1 };

/** Makes the verbs. */
export function makePasskeys({ store, keys, now }: { store: Store; keys: Keys; now: () => Seconds }): Passkeys {
  const keyOf = async (id: string): Promise<Key> => `passkey:${await keys.hash(`passkey\n${id}`)}`;
  const challengeKeyOf = async (challenge: string): Promise<Key> => `passkey-challenge:${await keys.hash(challenge)}`;
  const listOf = (userId: string): Key => `passkeys:${userId}`;
  const write = (key: Key, value: PasskeyRecord, when: 'absent' | number): Promise<number | null> =>
    store.write(key, value, when, { index: [listOf(value.userId)] });
  const change = async <T>(
    id: string,
    edit: (held: Held<PasskeyRecord>) => { next: PasskeyRecord } | { answer: T },
  ): Promise<T | 'done' | null> => {
    const key = await keyOf(id);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const held = await readHeld(store, key, isPasskey);
      if (!held) return null;
      const verdict = edit(held);
      if ('answer' in verdict) return verdict.answer;
      if ((await write(key, verdict.next, held.version)) !== null) return 'done';
    }
    throw new OAuthError('temporarily_unavailable', 'passkey_contended', { headers: { 'retry-after': '1' } });
  };
  const keysOf = async (userId: string): Promise<readonly Key[]> => {
    const found: Key[] = [];
    let after: string | undefined;
    do {
      const page = await store.list(listOf(userId), after);
      found.push(...page.keys);
      after = page.next;
    } while (after !== undefined);
    return found;
  };
  return {
    async openChallenge(userId) {
      const challenge = keys.secret();
      await store.write(await challengeKeyOf(challenge), { v: 1, userId }, 'absent', { until: now() + CHALLENGE_TTL });
      return challenge;
    },
    async takeChallenge(userId, challenge) {
      const key = await challengeKeyOf(challenge);
      const held = await readHeld(store, key, isChallenge);
      return held?.value.userId === userId && store.remove(key, held.version);
    },
    add: async (passkey) => (await write(await keyOf(passkey.id), { v: 1, ...passkey }, 'absent')) !== null,
    async find(id) {
      const held = await readHeld(store, await keyOf(id), isPasskey);
      return held && publicOf(held.value);
    },
    async of(userId) {
      const held = await Promise.all((await keysOf(userId)).map((key) => readHeld(store, key, isPasskey)));
      return held
        .flatMap((one) => (one && one.value.userId === userId ? [publicOf(one.value)] : []))
        .toSorted((a, b) => a.createdAt - b.createdAt);
    },
    async use(id, { counter, backedUp }) {
      const outcome = await change<'counter'>(id, ({ value }) =>
        counterAllows(value.counter, counter) ? { next: { ...value, counter, backedUp, usedAt: now() } } : { answer: 'counter' },
      );
      return outcome === null ? 'gone' : outcome === 'done' ? 'used' : outcome;
    },
    async rename(userId, id, name) {
      const outcome = await change(id, ({ value }) => (value.userId === userId ? { next: { ...value, name } } : { answer: null }));
      return outcome === 'done';
    },
    async remove(userId, id) {
      const key = await keyOf(id);
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const held = await readHeld(store, key, isPasskey);
        if (held?.value.userId !== userId) return false;
        if (await store.remove(key, held.version)) return true; // else a use of it came in between
      }
      throw new OAuthError('temporarily_unavailable', 'passkey_contended', { headers: { 'retry-after': '1' } });
    },
    async removeAll(userId) {
      for (const key of await keysOf(userId)) {
        const held = await readHeld(store, key, isPasskey);
        if (held?.value.userId === userId) await store.remove(key);
      }
    },
  };
}

function publicOf({ v: _v, ...passkey }: PasskeyRecord): Passkey {
  return passkey;
}

const isChallenge = (value: unknown): value is { userId: string } => versioned(value) && has(value, 'userId');
const isPasskey = (value: unknown): value is PasskeyRecord =>
  versioned(value) && has(value, 'id', 'userId', 'publicKey', 'counter', 'name', 'backedUp', 'createdAt');
