/**
 * Grant cache: the grants of valid tokens as last read, and those tokens. A repeated call then costs one read, without parsing, digest or
 * decryption. The cache decides nothing: each call asks the store, which tells by the version whether the grant changed
 * (docs/decisions/0003). Callers must not change a cached grant.
 */
import type { Access } from '../../model/access.ts';
import { countRetired, type Grant, type GrantAccess } from '../../model/grant.ts';
import type { Seconds } from '../../model/store.ts';
import { grantIdOf, withoutPlace } from '../../model/token.ts';
import type { GrantRecords, VersionedGrant } from './grant-records.ts';

/** Cached grants; the oldest is dropped. */
const MAX_GRANTS = 1000;
/** A grant with more retired refresh tokens than this is not cached: it is large and about to change. */
const MAX_RETIRED = 4;
/** Characters of JSON. A token with larger props is not cached. */
const MAX_TOKEN_LENGTH = 4096;

/** A valid token: its grant as read, its entry in that grant, and its decrypted props as JSON text. */
export interface CachedGrant {
  readonly grant: Grant;
  readonly access: GrantAccess;
  readonly text: string;
}

/** A token that was used before. */
export interface CachedToken extends CachedGrant {
  /** What the token stands for, without the members that handlers may change. */
  readonly claims: Omit<Access, 'scope' | 'props' | 'cnf' | 'organization' | 'act'>;
  /** When the store was last asked about it. */
  readonly checkedAt: Seconds;
}

/** What is remembered between calls. */
export interface GrantCache {
  /** The current grant, in one read. The same object as before if the grant is unchanged. */
  find(id: string): Promise<Grant | null>;
  /** The token as last used. It is valid only if its grant is still the same object and it has not expired. */
  findToken(token: string): CachedToken | undefined;
  /** Caches a token while its grant is cached and unchanged. */
  keepToken(token: string, shown: CachedToken): void;
  /** The grant as it was last read; null if it is not cached, or this process has changed it since. */
  peek(id: string): Grant | null;
  /** Call for every grant that this process writes, with what it wrote: a pending read of it is then not cached. */
  invalidate(id: string, written?: Grant): void;
  /** Whose grant an access token names, if this process has read or written it. The user of a grant never changes; the token may be forged. */
  userOf(token: string): string | undefined;
}

/** A grant and its cached tokens. */
interface CachedEntry {
  readonly record: VersionedGrant;
  readonly tokens: Set<string>;
}

/** Makes an empty cache. */
export function makeGrantCache({ readGrant }: Pick<GrantRecords, 'readGrant'>): GrantCache {
  const known = new Map<string, CachedEntry>();
  const tokens = new Map<string, CachedToken>();
  /** The last pending read of each grant that is not cached, unless this process has written that grant since. */
  const reading = new Map<string, object>();
  let users = new Map<string, string>();
  const note = (id: string, { userId }: Grant): void => {
    if (users.size >= MAX_GRANTS) users = new Map();
    users.set(id, userId);
  };
  const forget = (id: string): void => {
    for (const token of known.get(id)?.tokens ?? []) tokens.delete(token);
    known.delete(id);
  };
  const add = (id: string, record: VersionedGrant): void => {
    forget(id);
    note(id, record.value);
    if (countRetired(record.value) > MAX_RETIRED) return;
    const [oldest] = known.size >= MAX_GRANTS ? known.keys() : [];
    if (oldest !== undefined) forget(oldest);
    known.set(id, { record, tokens: new Set() });
  };
  const findFirst = async (id: string, shown: string): Promise<Grant | null> => {
    const read = {};
    if (reading.size >= MAX_GRANTS) reading.clear(); // interrupted reads never finish; a cleared read is not cached
    reading.set(id, read);
    try {
      const record = await readGrant(shown);
      if (record !== null && reading.get(id) === read) add(id, record);
      return record === null ? null : record.value;
    } finally {
      if (reading.get(id) === read) reading.delete(id);
    }
  };
  return {
    async find(shown) {
      const id = withoutPlace(shown); // a grant that has moved is the same one
      const before = known.get(id)?.record;
      if (before === undefined) return findFirst(id, shown);
      const record = await readGrant(before.at ?? shown, before);
      if (record === null) forget(id);
      else if (record !== before && known.get(id)?.record === before) add(id, record); // else this process has written it since
      return record === null ? null : record.value;
    },
    findToken: (token) => tokens.get(token),
    keepToken(token, shown) {
      const own = known.get(withoutPlace(shown.grant.id));
      if (own?.record.value !== shown.grant || shown.text.length > MAX_TOKEN_LENGTH) return;
      own.tokens.add(token);
      tokens.set(token, shown);
    },
    peek: (id) => known.get(withoutPlace(id))?.record.value ?? null,
    invalidate(changed, written) {
      const id = withoutPlace(changed);
      reading.delete(id);
      forget(id);
      if (written) note(id, written);
    },
    userOf: (token) => users.get(withoutPlace(grantIdOf('access', token) ?? '')),
  };
}
