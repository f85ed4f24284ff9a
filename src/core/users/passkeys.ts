/**
 * Stored passkeys: one record each under the hash of its credential id, so that an id is never used twice (SEC-163), and a list for each
 * account. Every change names the owner. A removal that must leave one passkey is announced in one record of the account, so that two
 * concurrent removals do not take the last two.
 */
import { changeRecord, has, readRecord, type RecordAccess, versioned } from '../../model/record.ts';
import { CHALLENGE_TTL, counterAllows, type Passkey, type Passkeys } from '../../model/passkey.ts';
import type { NewEvent } from '../../model/event.ts';
import type { Key, Seconds, Store } from '../../model/store.ts';
import type { Secrets } from '../records/secrets.ts';
import { announceRemoval } from './identities.ts';

type PasskeyRecord = Passkey & { readonly v: 1 };

/** What the operations are made over. */
export interface PasskeyParts {
  readonly store: Store;
  readonly runtime?: RecordAccess['runtime'];
  readonly secrets: Secrets;
  readonly now: () => Seconds;
  readonly emit: (event: NewEvent) => void;
}

/** Makes the operations. */
export function makePasskeys({ store, runtime, secrets, now, emit }: PasskeyParts): Passkeys {
  const keyOf = async (id: string): Promise<Key> => `passkey:${await secrets.hash(`passkey\n${id}`)}`;
  const challengeKeyOf = async (challenge: string): Promise<Key> => `passkey-challenge:${await secrets.hash(challenge)}`;
  const listOf = (userId: string): Key => `passkeys:${userId}`;
  const tell = (userId: string, what: 'added' | 'removed' | 'renamed'): void =>
    emit({ kind: 'factor.changed', factor: 'passkey', userId, what });
  const write = (key: Key, value: PasskeyRecord, when: 'absent' | number): Promise<number | null> =>
    store.write(key, value, when, { index: [listOf(value.userId)] });
  const change = async <T>(
    id: string,
    edit: (passkey: PasskeyRecord) => { next: PasskeyRecord } | { answer: T },
  ): Promise<T | 'done' | null> => {
    const key = await keyOf(id);
    return changeRecord<PasskeyRecord, T | 'done' | null>({ store, runtime }, key, isPasskey, (passkey) => {
      if (!passkey) return { result: null };
      const verdict = edit(passkey);
      return 'answer' in verdict ? { result: verdict.answer } : { write: verdict.next, index: [listOf(passkey.userId)], result: 'done' };
    });
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
  const passkeysOf = async (userId: string): Promise<readonly Passkey[]> => {
    const stored = await Promise.all((await keysOf(userId)).map((key) => readRecord(store, key, isPasskey)));
    return stored
      .flatMap((one) => (one && one.value.userId === userId ? [publicOf(one.value)] : []))
      .toSorted((a, b) => a.createdAt - b.createdAt);
  };
  /** Whether another passkey remains after this one is removed, counting concurrent removals. */
  const mayRemove = (userId: string, id: string): Promise<boolean> => {
    const present = async (): Promise<readonly string[]> => (await passkeysOf(userId)).map((one) => one.id);
    return announceRemoval({ store, runtime }, `passkeys-leaving:${userId}`, { id, present, now: now() });
  };
  return {
    async openChallenge(userId) {
      const challenge = secrets.secret();
      await store.write(await challengeKeyOf(challenge), { v: 1, userId }, 'absent', { until: now() + CHALLENGE_TTL });
      return challenge;
    },
    async takeChallenge(userId, challenge) {
      const key = await challengeKeyOf(challenge);
      const stored = await readRecord(store, key, isChallenge);
      return stored?.value.userId === userId && store.remove(key, stored.version);
    },
    async add(passkey) {
      if ((await write(await keyOf(passkey.id), { v: 1, ...passkey }, 'absent')) === null) return false;
      tell(passkey.userId, 'added');
      return true;
    },
    async find(id) {
      const stored = await readRecord(store, await keyOf(id), isPasskey);
      return stored && publicOf(stored.value);
    },
    of: passkeysOf,
    async use(id, { counter, backedUp }) {
      const outcome = await change<'counter'>(id, (passkey) =>
        counterAllows(passkey.counter, counter) ? { next: { ...passkey, counter, backedUp, usedAt: now() } } : { answer: 'counter' },
      );
      return outcome === null ? 'gone' : outcome === 'done' ? 'used' : outcome;
    },
    async rename(userId, id, name) {
      const outcome = await change(id, (passkey) => (passkey.userId === userId ? { next: { ...passkey, name } } : { answer: null }));
      if (outcome === 'done') tell(userId, 'renamed');
      return outcome === 'done';
    },
    async remove(userId, id, { keepLast = false } = {}) {
      const key = await keyOf(id);
      if ((await readRecord(store, key, isPasskey))?.value.userId !== userId) return 'gone';
      if (keepLast && !(await mayRemove(userId, id))) return 'last';
      const isRemoved = await changeRecord({ store, runtime }, key, isPasskey, (passkey) =>
        passkey?.userId === userId ? { remove: true, result: true } : { result: false },
      );
      if (isRemoved) tell(userId, 'removed');
      return isRemoved ? 'removed' : 'gone';
    },
    async removeAll(userId) {
      for (const key of await keysOf(userId)) {
        const stored = await readRecord(store, key, isPasskey);
        if (stored?.value.userId === userId) await store.remove(key);
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
