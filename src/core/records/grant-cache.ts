/**
 * Known grants: those that good tokens hang on, as they were read last, and the tokens that were good for them. A token that calls again
 * and again then costs one read, and neither parsing, nor a digest, nor a decryption. Nothing is decided here: every call asks the store,
 * which tells by the version whether the grant is still what it was (docs/decisions/0003). Whoever gets one changes nothing in it.
 */
import type { Access } from '../../model/access.ts';
import type { Grant, GrantAccess } from '../../model/grant.ts';
import type { Seconds } from '../../model/store.ts';
import { linksOf } from '../../model/token.ts';
import type { Versioned } from './record.ts';
import type { Records } from './records.ts';

/** Grants kept; the oldest give way. */
const MAX_GRANTS = 1000;
/** Refresh tokens in their grace beyond which a grant is not kept: it is large then, and about to change. */
const MAX_RETIRED = 4;
/** Characters of JSON beyond which a token's props are not kept, and so the token is not. */
const MAX_TOKEN_LENGTH = 4096;

/** A good token: the grant as it stood when it was found, its own entry there, and the JSON text of the props that it opened. */
export interface CachedGrant {
  readonly grant: Grant;
  readonly access: GrantAccess;
  readonly text: string;
}

/** A token that was shown before. */
export interface CachedToken extends CachedGrant {
  /** What it says, but for what handlers may change. */
  readonly said: Omit<Access, 'scope' | 'props' | 'cnf' | 'organization' | 'act'>;
  /** When the store was asked about it last. */
  readonly checkedAt: Seconds;
}

/** What is remembered between calls. */
export interface GrantCache {
  /** The grant as it stands in the store now: one read. The very object that it was before, if it has not changed. */
  find(id: string): Promise<Grant | null>;
  /** What a token was when it was shown last: good now only if its grant is still the very same, and time has not run out. */
  shown(token: string): CachedToken | undefined;
  /** Keeps a token for as long as its grant is known, and is what it was. */
  keepShown(token: string, shown: CachedToken): void;
  /** Whether nothing in this process has changed that grant, or one that it hangs on, since it was read. */
  stands(grant: Grant): boolean;
  /** To be told of every grant that this process writes: a read of it that is under way is not remembered. */
  changed(id: string): void;
}

/** A grant, and its tokens that were shown. */
interface Known {
  readonly held: Versioned<Grant>;
  readonly tokens: Set<string>;
}

/** An empty memory over records. */
export function makeGrantCache({ readGrant }: Pick<Records, 'readGrant'>): GrantCache {
  const known = new Map<string, Known>();
  const tokens = new Map<string, CachedToken>();
  /** The last read of each grant that is under way, unless this process has written that grant since. */
  const reading = new Map<string, object>();
  const forget = (id: string): void => {
    for (const token of known.get(id)?.tokens ?? []) tokens.delete(token);
    known.delete(id);
  };
  const keep = (id: string, held: Versioned<Grant>): void => {
    forget(id);
    if (held.value.retired.length > MAX_RETIRED) return;
    const [oldest] = known.size >= MAX_GRANTS ? known.keys() : [];
    if (oldest !== undefined) forget(oldest);
    known.set(id, { held, tokens: new Set() });
  };
  return {
    async find(id) {
      const before = known.get(id)?.held;
      const turn = {};
      if (reading.size >= MAX_GRANTS) reading.clear(); // reads that were cut off never end; one that is cleared is not remembered
      reading.set(id, turn);
      try {
        const held = await readGrant(id, before);
        if (held === null) forget(id);
        else if (held !== before && reading.get(id) === turn) keep(id, held);
        return held === null ? null : held.value;
      } finally {
        if (reading.get(id) === turn) reading.delete(id);
      }
    },
    shown: (token) => tokens.get(token),
    keepShown(token, shown) {
      const own = known.get(shown.grant.id);
      if (own?.held.value !== shown.grant || shown.text.length > MAX_TOKEN_LENGTH) return;
      own.tokens.add(token);
      tokens.set(token, shown);
    },
    stands: ({ id }) => linksOf(id).every((one) => known.has(one)),
    changed(id) {
      reading.delete(id);
      forget(id);
    },
  };
}
