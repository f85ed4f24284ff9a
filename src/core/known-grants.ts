/**
 * Known grants: those that good tokens hang on, as they were read last, and the tokens that were good for them. A token that calls again
 * and again then costs one read, and neither parsing, nor a digest, nor a decryption. Nothing is decided here: every call asks the store,
 * which tells by the version whether the grant is still what it was (docs/decisions/0009). Whoever gets one changes nothing in it.
 */
import type { Access } from '../model/access.ts';
import type { Grant, GrantAccess } from '../model/grant.ts';
import type { Held } from './held.ts';
import type { Records } from './records.ts';

/** Grants kept, and tokens; the oldest give way. */
const MOST = 1000;
/** Characters of JSON beyond which a token's props are not kept, and so the token is not. */
const LONGEST = 4096;

/** A good token: the grant as it stood when it was found, its own entry there, and the JSON text of the props that it opened. */
export interface Found {
  readonly grant: Grant;
  readonly access: GrantAccess;
  readonly text: string;
}

/** A token that was shown before. */
export interface Shown extends Found {
  /** What it says, but for what handlers may change. */
  readonly said: Omit<Access, 'scope' | 'props' | 'cnf' | 'organization' | 'act'>;
}

/** What is remembered between calls. */
export interface KnownGrants {
  /** The grant as it stands in the store now: one read. The very object that it was before, if it has not changed. */
  find(id: string): Promise<Grant | null>;
  /** What a token was when it was shown last: good now only if its grant is still the very same, and time has not run out. */
  shown(token: string): Shown | undefined;
  keepShown(token: string, shown: Shown): void;
  /** To be told of a token that is good no more. */
  forgetShown(token: string): void;
}

/** An empty memory over records. */
export function makeKnownGrants({ readGrant }: Pick<Records, 'readGrant'>): KnownGrants {
  const known = new Map<string, Held<Grant>>();
  const tokens = new Map<string, Shown>();
  return {
    async find(id) {
      const before = known.get(id);
      const held = await readGrant(id, before);
      if (held === null) known.delete(id);
      else if (held !== before) keep(known, id, held);
      return held === null ? null : held.value;
    },
    shown: (token) => tokens.get(token),
    keepShown(token, shown) {
      if (shown.text.length <= LONGEST) keep(tokens, token, shown);
    },
    forgetShown: (token) => void tokens.delete(token),
  };
}

function keep<V>(kept: Map<string, V>, name: string, value: V): void {
  if (kept.size >= MOST && !kept.has(name)) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
  kept.set(name, value);
}
